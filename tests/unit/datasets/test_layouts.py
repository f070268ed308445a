"""Every layout that docs/data.md lists is made here, and read: its table has these lines and no others."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import digitry
from digitry.datasets.idx import to_idx
from digitry.types import Dataset
from tests.unit.written_numbers import printed_split

DOCS = Path(__file__).parents[3] / "docs" / "data.md"

SPLIT = printed_split(20)
X, Y = SPLIT.images, SPLIT.labels
FLAT = X.reshape(len(X), -1)
HALF = len(X) // 2

Make = Callable[[Path], Any]
"""Write a layout into an empty folder, and return what is given to `load_dataset`, or `Several` of such."""


class Several(list[Any]):
    """What is told together in one line of the table."""


LAYOUTS: dict[str, Make] = {}
"""What people have, in the words of docs/data.md → how it is made. All hold the same digits."""


def layout(words: str) -> Callable[[Make], Make]:
    def add(make: Make) -> Make:
        LAYOUTS[words] = make
        return make

    return add


def picture(path: Path, place: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(255 - X[place]).save(path)


def class_folders(root: Path, places: Iterable[int]) -> None:
    for place in places:
        picture(root / str(Y[place]) / f"{place}.png", place)


def table(path: Path, head: list[Any] | None, rows: Iterable[Iterable[Any]], separator: str = ",") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file, delimiter=separator)
        writer.writerows([*([head] if head else []), *rows])
    return path


def pictures_and(folder: Path, head: list[str] | None, separator: str = ",", prefix: str = "pics/") -> Path:
    for place in range(len(X)):
        picture(folder / "pics" / f"{place}.png", place)
    rows = ([f"{prefix}{place}.png", Y[place]] for place in range(len(X)))
    return table(folder / "labels.csv", head, rows, separator)


def idx(folder: Path, images: str, labels: str, *, packed: bool = False, part: slice = slice(None)) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in ((images, X[part]), (labels, Y[part])):
        data = to_idx(array)
        (folder / name).write_bytes(gzip.compress(data, 1) if packed else data)


def npz(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "own.npz", **arrays)
    return folder / "own.npz"


@layout("a folder a class: `digits/7/a.png`")
def _(folder: Path) -> Any:
    class_folders(folder, range(len(X)))
    return folder


@layout("folders of splits with a folder a class, in any spelling: `Train/ valid/ TEST/`, Roboflow's folders too")
def _(folder: Path) -> Any:
    for name, places in (("Train", range(4)), ("valid", range(4, HALF)), ("TEST", range(HALF, len(X)))):
        class_folders(folder / name, places)
    class_folders(folder / "Train", range(HALF))
    return folder


@layout("a folder too many: `trainingSet/trainingSet/7/a.png`")
def _(folder: Path) -> Any:
    class_folders(folder / "trainingSet" / "trainingSet", range(len(X)))
    return folder


@layout("a table of files and labels: `filename,label`")
def _(folder: Path) -> Any:
    return pictures_and(folder, ["filename", "label"])


@layout("the same in other words, with semicolons or tabs: `image;digit`")
def _(folder: Path) -> Any:
    heads = ((["image", "digit"], ";"), (["File", "Label"], "\t"), (["id", "Class"], "|"))
    return Several(pictures_and(folder / str(place), *one) for place, one in enumerate(heads))


@layout("the same without names, or with files found below the table by their names alone")
def _(folder: Path) -> Any:
    return Several([pictures_and(folder / "a", None, "\t"), pictures_and(folder / "b", None, prefix="")])


@layout("Label Studio's CSV: `image,choice`, with its own names of files")
def _(folder: Path) -> Any:
    return pictures_and(folder, ["image", "choice"], prefix="/data/upload/1/0123abcd-")


def tasks(short: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for place in range(len(X)):
        image = f"/data/upload/1/0123abcd-{place}.png"
        result = {"value": {"choices": [str(Y[place])]}, "from_name": "digit", "type": "choices"}
        whole = {"id": place, "data": {"image": image}, "annotations": [{"result": [result], "was_cancelled": False}]}
        found.append({"id": place, "image": image, "digit": str(Y[place]), "annotator": 1} if short else whole)
    return found


@layout("Label Studio's JSON")
def _(folder: Path) -> Any:
    pictures_and(folder, None).unlink()
    (folder / "export.json").write_text(json.dumps(tasks(short=False)))
    return folder / "export.json"


@layout("Label Studio's JSON-MIN, or a folder with it")
def _(folder: Path) -> Any:
    pictures_and(folder, None).unlink()
    (folder / "export.json").write_text(json.dumps(tasks(short=True)))
    return Several([folder, folder / "export.json"])


@layout("Roboflow's `_classes.csv`, a column a class, in each split's folder")
def _(folder: Path) -> Any:
    for name, places in (("train", range(HALF)), ("test", range(HALF, len(X)))):
        for place in places:
            picture(folder / name / f"{place}.png", place)
        marks = np.eye(10, dtype=int)[Y]
        rows = ([f"{place}.png", *(f" {mark}" for mark in marks[place])] for place in places)
        table(folder / name / "_classes.csv", ["filename", *(f" {digit}" for digit in range(10))], rows)
    return folder


PIXELS = [f"pixel{place}" for place in range(784)]


@layout("a table of pixels, label first: Kaggle's `label,pixel0,…`, `label,1x1,…`")
def _(folder: Path) -> Any:
    return table(folder / "train.csv", ["label", *PIXELS], np.column_stack([Y, FLAT]).tolist())


@layout("the same with the label last, gzipped")
def _(folder: Path) -> Any:
    path = table(folder / "own.csv", [*PIXELS, "class"], np.column_stack([FLAT, Y]).tolist())
    (folder / "own.csv.gz").write_bytes(gzip.compress(path.read_bytes(), 1))
    return folder / "own.csv.gz"


@layout("the same without names, with blanks or semicolons between, as shares of 1")
def _(folder: Path) -> Any:
    rows = [[label, *(f"{value:.4f}" for value in row)] for label, row in zip(Y, FLAT / 255, strict=True)]
    return Several(table(folder / f"{ord(one)}.csv", None, rows, one) for one in " ;")


@layout("the same with labels in words, and a column that counts the rows")
def _(folder: Path) -> Any:
    rows = ([place, *FLAT[place], f"class {Y[place]}"] for place in range(len(X)))
    return table(folder / "own.csv", ["id", *PIXELS, "label"], rows)


@layout("`train.csv` and `test.csv` of pixels in a folder")
def _(folder: Path) -> Any:
    for name, part in (("train.csv", slice(HALF)), ("test.csv", slice(HALF, None))):
        table(folder / name, ["label", *PIXELS], np.column_stack([Y[part], FLAT[part]]).tolist())
    return folder


@layout("an `.npz`: `x_train`, `y_train`, `x_test`, `y_test`, as Keras' `mnist.npz`")
def _(folder: Path) -> Any:
    return npz(folder, x_train=X[:HALF], y_train=Y[:HALF], x_test=X[HALF:], y_test=Y[HALF:])


@layout("an `.npz` in other words: `images` and `labels`, `X` and `y`, `train_images`, …")
def _(folder: Path) -> Any:
    names = (
        ("images", "labels"),
        ("X", "y"),
        ("train_images", "train_labels"),
        ("data", "target"),
        ("xTrain", "yTrain"),
    )
    for images, labels in names:
        np.savez(folder / f"{images}.npz", **{images: X, labels: Y})
    return Several(folder / f"{images}.npz" for images, _ in names)


@layout("an `.npz` without names: `arr_0`, `arr_1`, told by their shapes")
def _(folder: Path) -> Any:
    np.savez(folder / "own.npz", X, Y)
    return folder / "own.npz"


@layout(
    "`.npy` or `.npz` files beside each other: `x_train.npy`, Kuzushiji's `…-train-imgs.npz` and `…-train-labels.npz`"
)
def _(folder: Path) -> Any:
    np.savez(folder / "kmnist-train-imgs.npz", X)
    np.savez(folder / "kmnist-train-labels.npz", Y)
    return folder / "kmnist-train-imgs.npz"


@layout("IDX files as MNIST, EMNIST and KMNIST name them, raw or `.gz`")
def _(folder: Path) -> Any:
    name = "emnist-digits-{}-{}-ubyte.gz"
    for split, part in (("train", slice(HALF)), ("test", slice(HALF, None))):
        idx(folder, name.format(split, "images-idx3"), name.format(split, "labels-idx1"), packed=True, part=part)
    return folder


@layout("torchvision's `data/MNIST/raw`, where a file and its `.gz` are one")
def _(folder: Path) -> Any:
    for packed in (False, True):
        names = [f"train-{kind}-ubyte{'.gz' if packed else ''}" for kind in ("images-idx3", "labels-idx1")]
        idx(folder / "MNIST" / "raw", names[0], names[1], packed=packed)
    return folder


@layout("QMNIST's labels of eight columns, `…labels-idx2-int`")
def _(folder: Path) -> Any:
    (folder / "qmnist-train-images-idx3-ubyte").write_bytes(to_idx(X))
    columns = np.zeros((len(Y), 8), ">i4")
    columns[:, 0] = Y
    head = struct.pack(">BBBBII", 0, 0, 0x0C, 2, *columns.shape)
    (folder / "qmnist-train-labels-idx2-int.gz").write_bytes(gzip.compress(head + columns.tobytes(), 1))
    return folder


@layout("a MATLAB file (version 5 to 7): SVHN's `X` (h, w, 3, n) and `y`")
def _(folder: Path) -> Any:
    coloured = np.repeat(X.transpose(1, 2, 0)[:, :, None], 3, axis=2)
    pytest.importorskip("scipy.io").savemat(folder / "own.mat", {"X": coloured, "y": Y[:, None]})
    return folder / "own.mat"


def parquet(path: Path, kind: str, part: slice = slice(None)) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    if kind == "pictures":
        cells = []
        for image in X[part]:
            buffer = io.BytesIO()
            Image.fromarray(255 - image).save(buffer, "PNG")
            cells.append({"bytes": buffer.getvalue(), "path": None})
        columns = {"image": cells, "label": Y[part]}
    elif kind == "lists":
        columns = {"image": X[part].tolist(), "label": Y[part]}
    else:
        columns = {"label": Y[part]} | {name: FLAT[part, place] for place, name in enumerate(PIXELS)}
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(pa.table(columns), path)
        return
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, pa.table(columns).schema) as writer:
        writer.write_table(pa.table(columns))


@layout("a Hugging Face folder: `data/train-00000-of-00001.parquet` with pictures, or `save_to_disk`'s `.arrow` files")
def _(folder: Path) -> Any:
    for split, part in (("train", slice(HALF)), ("test", slice(HALF, None))):
        parquet(folder / "hub" / "data" / f"{split}-00000-of-00001.parquet", "pictures", part)
        parquet(folder / "disk" / split / "data-00000-of-00001.arrow", "pictures", part)
    return Several([folder / "hub", folder / "disk"])


@layout("a parquet file with one column a pixel, or with lists of pixels")
def _(folder: Path) -> Any:
    for kind in ("pixels", "lists"):
        parquet(folder / f"{kind}.parquet", kind)
    return Several(folder / f"{kind}.parquet" for kind in ("pixels", "lists"))


class Tensor:
    """As torch's, TensorFlow's, JAX' and pandas' are: NumPy can read it."""

    def __init__(self, array: np.ndarray[Any, Any]) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray[Any, Any]:
        return self.array


@layout("arrays in Python: `(x, y)`")
def _(folder: Path) -> Any:
    return X, Y


@layout("arrays in Python: `((x_train, y_train), (x_test, y_test))`")
def _(folder: Path) -> Any:
    return (X[:HALF], Y[:HALF]), (X[HALF:], Y[HALF:])


@layout("arrays in Python: a mapping, or the four arrays of scikit-learn's `train_test_split`")
def _(folder: Path) -> Any:
    by_name = {"x_train": X[:HALF], "y_train": Y[:HALF], "x_test": X[HALF:], "y_test": Y[HALF:]}
    return Several([by_name, (X[:HALF], X[HALF:], Y[:HALF], Y[HALF:])])


@layout("tensors of torch, TensorFlow and JAX, tables of pandas: anything with `__array__`, and nested lists")
def _(folder: Path) -> Any:
    return Several([(Tensor(X), Tensor(Y)), (X.tolist(), Y.tolist())])


PADDED, SMALL = np.pad(X, ((0, 0), (2, 2), (2, 2))), X[:, 4:24, 4:24]

IN_ALL_ARRAYS: dict[str, Callable[[], list[Any]]] = {
    "images (n, 784)": lambda: [FLAT],
    "images (n, 28, 28, 1) or (n, 1, 28, 28)": lambda: [X[..., None], X[:, None]],
    "images (n, 28, 28, 3) or (n, 3, 28, 28)": lambda: [np.repeat(X[..., None], 3, -1), np.repeat(X[:, None], 3, 1)],
    "images of other sizes, 4×4 to 256×256, fitted": lambda: [
        PADDED,
        SMALL,
        np.kron(X, np.ones((2, 2))),
    ],
    "truth values": lambda: [X > 127],
    "0 to 1": lambda: [X / 255, (X / 255).astype(np.float16)],
    "0 to 255 in any type": lambda: [X, X.astype(np.int64), X.astype(np.float32)],
    "-1 to 1": lambda: [X / 127.5 - 1],
    "standardised as a whole": lambda: [((X / 255 - 0.1307) / 0.3081).astype(np.float32), (X - X.mean()) / X.std()],
    "dark ink on light": lambda: [255 - X, 1 - X / 255],
}
"""Images of any array, whatever brings it."""

for _words, _images in IN_ALL_ARRAYS.items():
    LAYOUTS[f"in all arrays: {_words}"] = lambda folder, images=_images: Several((one, Y) for one in images())


@layout("in all arrays: labels one-hot, or in words")
def _(folder: Path) -> Any:
    return Several([(X, np.eye(10)[Y]), (X, np.array([f"class {label}" for label in Y]))])


def digits_of(dataset: Dataset) -> list[int]:
    """Which digit each image is, in the order of the images."""
    parts = [dataset.train] + ([dataset.test] if dataset.test else [])
    return [int(dataset.class_names[label].removeprefix("class ")) for part in parts for label in part.labels]


@pytest.mark.parametrize("words", LAYOUTS, ids=[f"{number}" for number in range(1, len(LAYOUTS) + 1)])
def test_layout(words: str, tmp_path: Path) -> None:
    given = LAYOUTS[words](tmp_path)
    for one in given if isinstance(given, Several) else [given]:
        dataset = digitry.load_dataset(one)
        parts = [dataset.train] + ([dataset.test] if dataset.test else [])
        images = np.concatenate([part.images for part in parts]).astype(int)
        assert len(images) >= len(X)
        for image, digit in zip(images, digits_of(dataset), strict=True):
            # What went through the door for pictures, or was fitted, is nearly the same; its label belongs to it.
            nearest = min(range(len(X)), key=lambda place: int(np.abs(image - X[place]).sum()))
            assert digit == Y[nearest]
        assert dataset.class_names in (tuple("0123456789"), tuple(f"class {digit}" for digit in range(10)))


def test_the_table_in_the_docs_lists_these_layouts_and_their_tests() -> None:
    section = DOCS.read_text(encoding="utf-8").partition("### Every layout")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `test_layout\[(\d+)\]` \| (.+?) \|$", section, re.MULTILINE)
    assert rows == [(f"{number}", words) for number, words in enumerate(LAYOUTS, 1)]
