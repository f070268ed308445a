"""Parquet or Arrow tables, one or the shards of a folder → pictures or arrays with labels → a Dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitry.console import warn_caller
from digitry.datasets import Progress
from digitry.datasets.arrays import RawSplit, dataset_of_splits
from digitry.datasets.arrow_files import ArrowTable, is_arrow
from digitry.datasets.class_names import checked_name
from digitry.datasets.labelled_pictures import LabelledPicture, visible
from digitry.datasets.pixel_rows import smallest
from digitry.datasets.pixel_table import LABEL_NAMES, LEAST_COLUMNS, Gathered, find_columns
from digitry.datasets.raw import RawArray, check_pixels, raw_array
from digitry.datasets.roles import Split as SplitName
from digitry.datasets.roles import role_of, split_of
from digitry.errors import DataError
from digitry.types import Dataset

_MAX_PICTURE_BYTES = 1 << 26
_MOST_FOLDERS = 32

Shards = dict[SplitName, list[Path]]


class ArrowLayout(NamedTuple):
    """The roles of a table's columns."""

    label: str | None
    pictures: str | None = None
    """Holds picture files, as bytes or as {bytes, path}."""
    lists: str | None = None
    """Holds an image's pixels as nested lists."""
    pixels: list[str] | None = None
    """One column per pixel, and any other columns."""


def shards_among(path: Path) -> Shards:
    """Return the parquet or Arrow files in and below a folder, by split; none if there are none.

    A file's name gives its split, or else its folder's does. Raises DataError when they are in two folders that are not
    splits, such as two configurations of one dataset.
    """
    places = [path]
    for _ in range(2):
        places += [below for place in places for below in visible(place)[: _MOST_FOLDERS * 64] if below.is_dir()]
        places = list(dict.fromkeys(places))[:_MOST_FOLDERS]
    files = [file for place in places for file in visible(place) if is_arrow(file) and file.is_file()]
    homes = {file.parent if split_of(file.parent.name) is None else file.parent.parent for file in files}
    if len(homes) > 1:
        names = " and ".join(sorted(home.name for home in homes)[:2])
        raise DataError(f"there are tables in {names}, which may be two datasets; name one of the folders")
    shards: Shards = {}
    for file in sorted(files):
        split = role_of(file.stem).split or split_of(file.parent.name) or "train"
        shards.setdefault(split, []).append(file)
    return shards


def arrow_layout(table: ArrowTable) -> ArrowLayout:
    """Return the roles of a table's columns. Raises DataError when none hold images."""
    import pyarrow.types as kinds

    schema = table.schema
    plain = {name: "".join(c for c in name.lower() if c.isalnum()) for name in schema.names}
    labels = [name for name in schema.names if plain[name] in LABEL_NAMES]
    label = labels[0] if labels else None
    for name in schema.names:
        kind = schema.field(name).type
        is_file = kinds.is_struct(kind) and kind.get_field_index("bytes") >= 0
        if is_file or ((kinds.is_binary(kind) or kinds.is_large_binary(kind)) and name != label):
            return ArrowLayout(label, pictures=name)
    for name in schema.names:
        if _is_list(schema.field(name).type) and name != label:
            return ArrowLayout(label, lists=name)
    numbers = [name for name in schema.names if _is_number(schema.field(name).type) or name == label]
    if len(numbers) >= LEAST_COLUMNS:
        return ArrowLayout(label, pixels=numbers)
    raise DataError(
        f"{table.path.name} has the columns {', '.join(schema.names[:8])}; expected pictures (bytes), lists of pixels, "
        "or one column a pixel, and a label"
    )


def arrow_pictures(
    shards: Shards, layouts: Sequence[tuple[ArrowTable, ArrowLayout]]
) -> Callable[[], Iterable[LabelledPicture]]:
    """Return the pictures of tables, in order. Validation pictures are training pictures."""
    splits = {path: "test" if split == "test" else "train" for split, paths in shards.items() for path in paths}

    def pictures() -> Iterator[LabelledPicture]:
        for table, layout in layouts:
            if layout.label is None:
                raise DataError(f"{table.path.name} has pictures and no labels; call their column label")
            assert layout.pictures is not None
            names = table.class_names(layout.label)
            row = 0
            for piece in table.pieces([layout.pictures, layout.label]):
                for picture, label in zip(piece.column(0), piece.column(1), strict=True):
                    row += 1
                    where = Path(f"{table.path.name}: row {row}")
                    yield LabelledPicture(where, _class_name(label.as_py(), names), splits[table.path], _bytes(picture))

    return pictures


def arrow_arrays(
    path: Path,
    shards: Shards,
    layouts: Sequence[tuple[ArrowTable, ArrowLayout]],
    invert: bool | None = None,
    progress: Progress | None = None,
) -> Dataset:
    """Read tables whose images are lists, or one column per pixel. A test table without labels is skipped with a
    warning.

    Raises DataError for tables without labels to learn from, or whose rows are not images of one size.
    """
    by_path = {table.path: (table, layout) for table, layout in layouts}
    splits: dict[SplitName, RawSplit] = {}
    class_names = None
    for split, paths in shards.items():
        images, labels = _joined([_arrays(*by_path[one]) for one in paths])
        if labels is not None:
            splits[split] = RawSplit(images, labels)
        elif split == "train":
            raise DataError("it has images and no labels, so there is nothing to learn from; call the column label")
        else:
            warn_caller(f"{path}: the {split} split has no labels, so there is none")
        table, layout = by_path[paths[0]]
        class_names = class_names or (table.class_names(layout.label) if layout.label else None)
    return dataset_of_splits(path.stem, str(path), splits, class_names, invert, progress)


def _arrays(table: ArrowTable, layout: ArrowLayout) -> tuple[RawArray, RawArray | None]:
    if layout.pixels is not None:
        return _pixel_columns(table, layout.pixels)
    assert layout.lists is not None
    columns = [layout.lists] + ([layout.label] if layout.label else [])
    blocks, labels, shape = [], [], None
    rows = 0
    for piece in table.pieces(columns):
        values = _nested(piece.column(0), layout.lists)
        if shape is not None and values.shape[1:] != shape:
            raise DataError(
                f"{layout.lists} holds images of {shape} and of {values.shape[1:]} pixels, expected one size"
            )
        shape, rows = values.shape[1:], rows + len(values)
        check_pixels(table.path.name, (rows, *shape))
        blocks.append(smallest(values))
        if layout.label is not None:
            labels.append(_numbers_or_texts(piece.column(1)))
    if not blocks:
        raise DataError(f"{table.path.name} has no rows")
    found = raw_array("labels", np.concatenate(labels)) if labels else None
    return raw_array(layout.lists, np.concatenate(blocks)), found


def _pixel_columns(table: ArrowTable, names: list[str]) -> tuple[RawArray, RawArray | None]:
    columns = find_columns(names, len(names))
    gathered = Gathered(columns)
    rows = 0
    for piece in table.pieces(names):
        values = [_numbers_or_texts(piece.column(place)) for place in range(len(names))]
        text = next((place for place, one in enumerate(values) if one.dtype.kind == "U"), None)
        texts = [] if text is None else values[text].tolist()
        if text is not None:
            values[text] = np.zeros(len(piece))
        gathered.add(np.column_stack(values), texts, text)
        rows += len(piece)
        check_pixels(table.path.name, (rows, len(columns.pixels)))
    if not rows:
        raise DataError(f"{table.path.name} has no rows")
    found = gathered.to_table(table.path)
    return found.images, found.labels


def _joined(parts: Sequence[tuple[RawArray, RawArray | None]]) -> tuple[RawArray, RawArray | None]:
    """Return the shards of a split as one."""
    if len(parts) == 1:
        return parts[0]
    images = np.concatenate([part.whole() for part, _ in parts])
    labels = [part.whole() for _, part in parts if part is not None]
    return raw_array("images", images), raw_array("labels", np.concatenate(labels)) if labels else None


def _nested(column: Any, name: str) -> NDArray[Any]:
    """Return a column of lists, perhaps nested, as one array. Raises DataError when their lengths differ."""
    import pyarrow.compute as compute

    shape = [len(column)]
    while _is_list(column.type):
        lengths = compute.unique(compute.list_value_length(column)).to_pylist()
        if column.null_count or len(lengths) != 1 or not lengths[0]:
            raise DataError(f"{name} holds lists of different lengths, or none; expected images of one size")
        shape.append(lengths[0])
        column = column.flatten()
    if column.null_count or not _is_number(column.type):
        raise DataError(f"{name} holds something other than numbers")
    return np.asarray(column.to_numpy(zero_copy_only=False)).reshape(shape)


def _numbers_or_texts(column: Any) -> NDArray[Any]:
    if column.null_count:
        raise DataError("there are rows with an empty cell; fill them, or leave these rows out")
    if _is_number(column.type):
        return np.asarray(column.to_numpy(zero_copy_only=False))
    return np.array([str(value) for value in column.to_pylist()])


def _bytes(value: Any) -> bytes:
    found = value.as_py()
    data = found.get("bytes") if isinstance(found, dict) else found
    return data if isinstance(data, bytes) and len(data) <= _MAX_PICTURE_BYTES else b""


def _class_name(label: Any, names: tuple[str, ...] | None) -> str:
    if names is not None and isinstance(label, int) and 0 <= label < len(names):
        return checked_name(names[label])
    if label is None:
        raise DataError("a row has no label")
    return checked_name(str(label))


def _is_list(kind: Any) -> bool:
    import pyarrow.types as kinds

    return bool(kinds.is_list(kind) or kinds.is_large_list(kind) or kinds.is_fixed_size_list(kind))


def _is_number(kind: Any) -> bool:
    import pyarrow.types as kinds

    return bool(kinds.is_integer(kind) or kinds.is_floating(kind) or kinds.is_boolean(kind))
