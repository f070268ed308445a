"""File types that are not read, and the code that converts them."""

from __future__ import annotations

from pathlib import Path

from digitry.errors import DataError

_SAVE = "numpy.savez('plain.npz', x_train={x}, y_train={y})"

_HDF5 = (
    "HDF5 is not opened, because its readers have run code from untrusted files (SECURITY.md); if you trust the file: "
    "f = h5py.File({file!r}); " + _SAVE.format(x="f['x'][:]", y="f['y'][:]")
)
_PICKLE = "a pickle can run any code when it is opened, so it is not opened; if you trust the file: "
_PYTHON = _PICKLE + "d = pickle.load(open({file!r}, 'rb')); " + _SAVE.format(x="d[0]", y="d[1]")
_TORCH = _PICKLE + "x, y = torch.load({file!r}); " + _SAVE.format(x="x.numpy()", y="y.numpy()")
_ARCHIVE = "archives are not unpacked; unpack it, and name the folder"

_WORDS = {
    **dict.fromkeys([".h5", ".hdf5", ".hdf"], _HDF5),
    **dict.fromkeys([".pkl", ".pickle", ".p", ".joblib"], _PYTHON),
    **dict.fromkeys([".pt", ".pth"], _TORCH),
    **dict.fromkeys([".zip", ".tar", ".tgz", ".7z", ".rar"], _ARCHIVE),
}


def refuse_with_conversion(path: Path) -> None:
    """Raise DataError for a file type that is not read, with the reason and the code that converts it."""
    name = path.name.lower()
    suffix = ".tar" if name.endswith((".tar.gz", ".tar.xz", ".tar.bz2")) else Path(name.removesuffix(".gz")).suffix
    if suffix in _WORDS:
        raise DataError(_WORDS[suffix].format(file=path.name))
