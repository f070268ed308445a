"""An untrusted network file from elsewhere → one self-contained ONNX graph.

The result has passed the checks for our own files: standard operators, no code, no other files, at most 64 MiB.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from digitry.errors import ModelError
from digitry.files import cannot_read
from digitry.networks.made_elsewhere import made_elsewhere
from digitry.networks.onnx_bytes import MAX_MODEL_BYTES, check_model_bytes


def in_one_piece(file: Path | bytes) -> Any:
    """Return an ONNX ModelProto without metadata from a file, including weights in files beside it, or from bytes.

    Raises ModelError if it is not an ONNX model, needs more than standard ONNX, or is too large.
    """
    import onnx

    name, folder = (None, None) if isinstance(file, bytes) else (str(file), file.parent)
    data = file if isinstance(file, bytes) else _read(file)
    if advice := made_elsewhere(data, name or ""):
        raise ModelError(f"not an ONNX model but {advice}")
    try:
        proto = onnx.load_model_from_string(data)
        _take_in_weights(proto, folder)
        if proto.functions:
            proto = onnx.inliner.inline_local_functions(proto)
        del proto.metadata_props[:]
        check_model_bytes(proto.SerializeToString())
    except ModelError:
        raise
    except Exception as error:  # protobuf's errors have no other common base
        raise ModelError("not an ONNX model, or a truncated one; take another copy") from error
    return proto


def _take_in_weights(proto: Any, folder: Path | None) -> None:
    """Load weights stored in files beside the model into the graph. Raises ModelError for a path that leads elsewhere,
    or a range outside such a file.
    """
    from onnx import TensorProto

    files: dict[str, bytes] = {}
    for tensor in proto.graph.initializer:
        if tensor.data_location != TensorProto.EXTERNAL:
            continue
        about = {entry.key: entry.value for entry in tensor.external_data}
        name = about.get("location", "")
        if folder is None or not name or Path(name).name != name or name in (".", ".."):
            raise ModelError(f"its weights are kept at {name!r}; only files in the same folder are opened")
        if name not in files:
            files[name] = _read(folder / name)
        start, length = int(about.get("offset", 0)), int(about.get("length", len(files[name])))
        if start < 0 or length < 0 or start + length > len(files[name]):
            raise ModelError(f"its weights in {name} are cut short; take another copy")
        tensor.raw_data = files[name][start : start + length]
        del tensor.external_data[:]
        tensor.data_location = TensorProto.DEFAULT


def _read(path: Path) -> bytes:
    """Read a file, up to the largest size of a model."""
    try:
        if not path.is_file():
            raise ModelError(f"{path} is not a file; give an ONNX file, or a Keras file with --trust-this-file")
        with path.open("rb") as file:
            # Python allocates the requested size, however small the file.
            data = file.read(min(path.stat().st_size, MAX_MODEL_BYTES) + 1)
    except OSError as error:
        raise ModelError(cannot_read(f"the model {path}", error)) from error
    if len(data) > MAX_MODEL_BYTES:
        raise ModelError(f"{path} has more than {MAX_MODEL_BYTES} bytes, the most that are loaded")
    return data
