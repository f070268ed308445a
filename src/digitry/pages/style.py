"""The style of all charts: colours, sizes, fonts, and how figures become bytes and files."""

from __future__ import annotations

import io
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitry.errors import StorageError
from digitry.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = "#0072B2", "#D55E00", "#009E73", "#B5609A", "#C98A00", "#3C9AD0"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY)
"""Series colours, in order: Okabe and Ito's, with the pale ones darkened; distinguishable for the colour-blind."""
GOOD, BAD = BLUE, VERMILION
"""Right and wrong: blue and vermilion, because one man in twelve cannot tell red from green."""
STRONG, MUTED, FAINT = "#1F2933", "#5B6770", "#E3E7EA"
"""Text, secondary text, grid lines."""
PAPER, WASH, PALE = "#FFFFFF", "#CFE3F1", "#F7FAFC"
"""The background of charts, pale areas, and text on dark areas."""

PAGE_COLOURS = {
    PAPER: "card",
    STRONG: "ink",
    MUTED: "muted",
    FAINT: "line",
    WASH: "wash",
    BLUE: "blue",
    VERMILION: "vermilion",
    GREEN: "green",
    PURPLE: "purple",
    ORANGE: "orange",
    SKY: "sky",
}
"""Chart colour → its name in style.css, which has a light and a dark version; `PALE` is the same in both."""

WIDTH_INCHES = 5.2
"""At this width a chart fills a phone with legible text; a desktop page shows two side by side."""

_STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.facecolor": PAPER,
    "axes.edgecolor": MUTED,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": STRONG,
    "axes.labelsize": 9.5,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": STRONG,
    "axes.titlelocation": "left",
    "axes.titlepad": 8.0,
    "axes.titlesize": 11.0,
    "axes.titleweight": "bold",
    "figure.facecolor": PAPER,
    "font.family": ["DejaVu Sans"],
    "font.size": 9.5,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "legend.fontsize": 9.0,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "savefig.facecolor": PAPER,
    "svg.fonttype": "path",
    "svg.hashsalt": "digitry",
    "text.color": STRONG,
    "text.parse_math": False,
    "xtick.color": MUTED,
    "xtick.labelcolor": STRONG,
    "xtick.labelsize": 9.0,
    "ytick.color": MUTED,
    "ytick.labelcolor": STRONG,
    "ytick.labelsize": 9.0,
}


def load_matplotlib() -> None:
    """Import what charts need, so that the first one is not delayed."""
    import matplotlib.backends.backend_agg
    import matplotlib.backends.backend_svg
    import matplotlib.figure  # noqa: F401


@contextmanager
def styled() -> Iterator[None]:
    """Use the project's style regardless of the user's matplotlib settings, which are restored afterwards."""
    import matplotlib

    with warnings.catch_warnings():
        # A class name in a script that the font lacks is drawn as boxes; the page also has it as text.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            settings: Any = matplotlib.rcParams
            settings.update(_STYLE)
            yield


def new_figure(
    height_inches: float = 3.1, *, width_inches: float = WIDTH_INCHES, rows: int = 1, columns: int = 1
) -> tuple[Figure, list[Axes]]:
    """Return an empty figure with rows × columns axes, listed row by row. Call inside `styled()`."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_inches, height_inches), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    return figure, list(panels.flat)


def to_svg(figure: Figure) -> str:
    """Return the figure as SVG text, deterministically: no date, no random ids."""
    return _render(figure, "svg", metadata={"Date": None, "Creator": None}).decode()


def to_png_bytes(figure: Figure, dpi: int = 200) -> bytes:
    """Return the figure as PNG; at 200 dpi the normal width is 1,040 pixels."""
    # A fifth larger than at the default level, in half the time.
    return _render(figure, "png", dpi=dpi, metadata={"Software": None}, pil_kwargs={"compress_level": 3})


def make_folder(folder: Path) -> None:
    """Create `folder` and its parents if they are missing. Raises StorageError if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"cannot make the folder {folder}: {error.strerror or error}; choose another folder"
        ) from error


def save_figure(figure: Figure, path_without_suffix: str | Path) -> tuple[Path, Path]:
    """Write `<path>.png` and `<path>.svg`, each atomically, and return both paths.

    A missing folder is created. Raises StorageError if a file cannot be written.
    """
    path = Path(path_without_suffix)
    make_folder(path.parent)
    png, svg = path.with_name(f"{path.name}.png"), path.with_name(f"{path.name}.svg")
    write_atomically(svg, to_svg(figure).encode())
    figure.set_layout_engine(None)  # the layout is done; repeating it would cost another drawing
    write_atomically(png, to_png_bytes(figure))
    return png, svg


def safe_label(text: str, limit: int = 14) -> str:
    """Make any text safe for a chart: one line, no control characters, at most `limit` characters."""
    clean = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    clean = " ".join(clean.split())
    return clean if len(clean) <= limit else f"{clean[: limit - 1]}…"


def _render(figure: Figure, file_format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    with styled():
        figure.savefig(buffer, format=file_format, **options)
    return buffer.getvalue()
