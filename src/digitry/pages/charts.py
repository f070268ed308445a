"""General charts: grids of pictures, bars, lines and heat maps, each a plain matplotlib Figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitry.pages.style import (
    BLUE,
    COLOURS,
    FAINT,
    MUTED,
    PALE,
    STRONG,
    WIDTH_INCHES,
    new_figure,
    safe_label,
    save_figure,
    styled,
    to_png_bytes,
    to_svg,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "bars",
    "heatmap",
    "image_grid",
    "lines",
    "new_figure",
    "safe_label",
    "save_figure",
    "styled",
    "to_png_bytes",
    "to_svg",
]

_GAP = 4
_TITLE_POINTS = 8.0


def image_grid(
    images: NDArray[Any],
    titles: Sequence[str] | None = None,
    columns: int = 10,
    colours: Sequence[str | None] | None = None,
    *,
    title: str = "",
    colour_map: str = "gray",
    value_range: tuple[float, float] = (0, 255),
    row_names: Sequence[str] | None = None,
    width_inches: float = WIDTH_INCHES,
) -> Figure:
    """Draw pictures (n, height, width) in rows of `columns`, each below its title, which may have several lines.

    `colours` are those of the pictures' titles and frames, None for plain ones. `row_names` are written left of the
    rows. An image of NaN leaves its place empty. The grid is one small raster image, so that the SVG stays compact and
    every pixel sharp. Raises ValueError if a count does not match.
    """
    count = len(images)
    if count == 0 or columns < 1:
        raise ValueError(f"a grid needs at least one image and one column, not {count} and {columns}")
    if titles is not None and len(titles) != count:
        raise ValueError(f"expected one title per image, not {len(titles)} for {count}")
    if colours is not None and len(colours) != count:
        raise ValueError(f"expected one colour per image, not {len(colours)} for {count}")
    rows = -(-count // columns)
    height, width = images.shape[1:3]
    margin_inches, row_name_inches = 0.08, 0.0
    if row_names is not None:
        row_name_inches = 0.12 + 0.1 * max(len(name) for name in row_names)
    pixel = (width_inches - 2 * margin_inches - row_name_inches) / (columns * (width + _GAP) - _GAP)
    title_lines = max((text.count("\n") + 1 for text in titles or [] if text), default=0)
    head = int(np.ceil(title_lines * _TITLE_POINTS * 1.3 / 72 / pixel)) + (2 if title_lines else 0)
    step_y, step_x = head + height + _GAP, width + _GAP
    total_y, total_x = rows * step_y - _GAP, columns * step_x - _GAP
    top_inches = 0.36 if title else margin_inches
    size = (width_inches, total_y * pixel + top_inches + margin_inches)

    with styled():
        import matplotlib
        from matplotlib.figure import Figure
        from matplotlib.patches import Rectangle

        low, high = value_range
        paint = matplotlib.colormaps[colour_map]
        missing = np.isnan(images).all(axis=(1, 2))
        shades = np.clip((np.nan_to_num(images.astype(np.float64)) - low) / (high - low), 0, 1)
        tiles = np.rint(255 * paint(shades)).astype(np.uint8)
        paper = (255, 255, 255, 0)  # transparent, because the page may be dark
        tiles[missing] = paper
        mosaic = np.full((total_y, total_x, 4), paper, np.uint8)
        figure = Figure(figsize=size)
        left = margin_inches + row_name_inches
        axes = figure.add_axes(
            (left / size[0], margin_inches / size[1], total_x * pixel / size[0], total_y * pixel / size[1])
        )
        for index in range(count):
            y, x = (index // columns) * step_y + head, (index % columns) * step_x
            mosaic[y : y + height, x : x + width] = tiles[index]
            colour = colours[index] if colours is not None else None
            if titles is not None and titles[index]:
                axes.text(
                    x + width / 2 - 0.5,
                    y - 2.5,
                    titles[index],
                    ha="center",
                    va="bottom",
                    fontsize=_TITLE_POINTS,
                    linespacing=1.15,
                    color=colour or STRONG,
                )
            if colour is not None:
                axes.add_patch(
                    Rectangle((x - 1, y - 1), width + 1, height + 1, fill=False, ec=colour, lw=1.6, clip_on=False)
                )
        for row, name in enumerate(row_names or []):
            y = row * step_y + head + height / 2
            axes.text(-_GAP, y, name, ha="right", va="center", fontsize=9, weight="bold")
        axes.imshow(mosaic, interpolation="none", aspect="auto")
        axes.set_axis_off()
        if title:
            figure.text(margin_inches / size[0], 1 - 0.1 / size[1], title, va="top", size=11, weight="bold")
    return figure


def bars(
    names: Sequence[str],
    series: Mapping[str, ArrayLike],
    *,
    title: str = "",
    x_label: str = "",
    y_label: str = "",
    y_range: tuple[float, float] | None = None,
) -> Figure:
    """Draw a group of bars per name, with a bar per series: `bars(["0", "1"], {"train": [5, 6], "test": [1, 2]})`.

    Of more than 30 names, only some are written. A value that is NaN is drawn as a dash instead of a bar.
    """
    with styled():
        figure, (axes,) = new_figure()
        places = np.arange(len(names))
        width = 0.8 / max(len(series), 1)
        for index, (series_name, values) in enumerate(series.items()):
            left = places - 0.4 + width * (index + 0.5)
            heights = np.asarray(values, dtype=np.float64)
            axes.bar(
                left,
                heights,
                width * 0.94,
                label=series_name,
                color=COLOURS[index % len(COLOURS)],
            )
            for place in left[np.isnan(heights)].tolist():
                axes.text(place, 0, "–", ha="center", va="bottom", color=COLOURS[index % len(COLOURS)])
        _name_ticks(axes, names)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.6g}")
        if y_range is not None:
            axes.set_ylim(*y_range)
        _finish(axes, title, x_label, y_label)
        if len(series) > 1:
            _legend_above(axes, len(series))
    return figure


def lines(
    series: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    x_label: str = "",
    y_label: str = "",
    dashed: Sequence[str] = (),
    log_y: bool = False,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
) -> Figure:
    """Draw one line per series, name → (x, y); those in `dashed`, references say, as thin dashes."""
    with styled():
        figure, (axes,) = new_figure()
        draw_lines(axes, series, dashed=dashed)
        if log_y:
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter(lambda value, _: plain_number(value))
        if x_range is not None:
            axes.set_xlim(*x_range)
        if y_range is not None:
            axes.set_ylim(*y_range)
        _finish(axes, "", x_label, y_label)
        if len(series) > 1:
            _legend_above(axes, len(series))
    return figure


def draw_lines(
    axes: Axes,
    series: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    dashed: Sequence[str] = (),
    markers: bool = False,
) -> None:
    """Draw lines as in `lines` into existing axes. Call inside `styled()`."""
    colours = iter(COLOURS * (1 + len(series) // len(COLOURS)))
    drawn: list[set[Any]] = []
    """The segments of each curve."""
    for name, (x, y) in series.items():
        if name in dashed:
            axes.plot(np.asarray(x), np.asarray(y), "--", label=name, color=MUTED, linewidth=1.1)
        else:
            pieces = set(pairwise(zip(np.asarray(x).tolist(), np.asarray(y).tolist(), strict=True)))
            below = sum(not pieces.isdisjoint(others) for others in drawn)
            drawn.append(pieces)
            style = ("-", (0, (2, 2)), ":")[min(below, 2)]  # the curve below shows through the gaps
            marker = "o" if markers else ""
            look: dict[str, Any] = {"linestyle": style, "marker": marker, "markersize": 4, "color": next(colours)}
            axes.plot(np.asarray(x), np.asarray(y), label=name, **look)


def heatmap(
    values: ArrayLike,
    row_names: Sequence[str],
    column_names: Sequence[str],
    *,
    title: str = "",
    x_label: str = "",
    y_label: str = "",
    colour_values: ArrayLike | None = None,
) -> Figure:
    """Draw a matrix (rows, columns) as coloured cells with their numbers; zeros stay empty.

    `colour_values` is the matrix of colours if it differs from the written one (the row shares of a confusion matrix,
    say). With more than 15 columns the numbers are left out, as they would be illegible.
    """
    cells = np.asarray(values)
    shades = np.asarray(cells if colour_values is None else colour_values, dtype=np.float64)
    rows, columns = cells.shape
    with styled():
        from matplotlib.colors import LinearSegmentedColormap

        figure, (axes,) = new_figure(WIDTH_INCHES * 0.92 * max(0.35, min(rows / columns, 1.6)) + 0.5)
        paint = LinearSegmentedColormap.from_list("digitry", [f"{BLUE}00", f"{BLUE}FF"])  # on dark pages too
        top = float(shades.max()) or 1.0
        axes.imshow(shades, cmap=paint, vmin=0, vmax=top, interpolation="none", aspect="auto")
        if columns <= 15:
            for (row, column), value in np.ndenumerate(cells):
                if value:
                    dark = shades[row, column] > 0.75 * top
                    axes.text(
                        column,
                        row,
                        f"{value.item():d}",
                        ha="center",
                        va="center",
                        fontsize=8,
                        color=PALE if dark else STRONG,
                    )
        axes.grid(visible=False)
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.tick_params(length=0)
        _name_ticks(axes, column_names)
        shown = _shown(rows)
        axes.set_yticks(shown, [safe_label(row_names[i]) for i in shown])
        axes.set_xlim(-0.5, columns - 0.5)
        if columns <= 15:
            axes.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
            axes.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
            axes.grid(which="minor", axis="both", color=FAINT, linewidth=0.6)
            axes.tick_params(which="minor", length=0)
        _finish(axes, title, x_label, y_label)
    return figure


def plain_number(value: float) -> str:
    """Format a number as a short axis label: 0.01, 1, 250, 5k, 2.5M."""
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:g}{suffix}"
    return f"{value:g}"


def _name_ticks(axes: Axes, names: Sequence[str]) -> None:
    shown = _shown(len(names))
    texts = [safe_label(names[i]) for i in shown]
    crowded = sum(len(text) + 1 for text in texts) > 50
    axes.set_xticks(shown, texts, rotation=90 if crowded else 0)
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.tick_params(axis="x", length=0)


def _shown(count: int) -> list[int]:
    """Return the indices of the names that get a label: all up to 30, else every 2nd, 5th, 10th, …"""
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100) if count <= 30 * step)
    return list(range(0, count, step))


def _legend_above(axes: Axes, entries: int) -> None:
    columns = min(entries, 3)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=columns, borderaxespad=0.2, handlelength=1.4)


def _finish(axes: Axes, title: str, x_label: str, y_label: str) -> None:
    axes.set_title(title)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
