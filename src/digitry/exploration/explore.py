"""Look at a dataset before training on it: facts, pictures and one page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitry.datasets import Progress
    from digitry.exploration.facts import Facts
    from digitry.types import Dataset


_PARTS = 1000
"""Total number of progress steps."""


@dataclass(frozen=True, eq=False)
class Exploration:
    """The facts about a dataset, and the files written."""

    facts: Facts
    page: Path | None = None
    """The HTML page, if a folder was given."""
    pictures: tuple[Path, ...] = ()
    """PNG and SVG files, if a folder was given."""

    def to_json(self) -> dict[str, Any]:
        """Return the facts and the paths of the files as plain JSON values."""
        return self.facts.to_json() | {
            "page": None if self.page is None else str(self.page),
            "pictures": [str(path) for path in self.pictures],
        }


def explore(
    dataset: Dataset | str | Path = "mnist", *, out: str | Path | None = None, progress: Progress | None = None
) -> Exploration:
    """Count, compare and draw the images of a dataset, given as a name, a path or a loaded one.

    With `out`, that folder gets `explore.html` and every picture as PNG and SVG. `progress` is called with the current
    step, the work done and the total. Warns if a user's own digits seem to be turned or mirrored, or 10 to stand for 0;
    other oddities are among the facts. Raises DataError for a dataset that cannot be read, StorageError for a folder
    that cannot be written.
    """
    from digitry.exploration.facts import gather_facts
    from digitry.files import check_place
    from digitry.networks.odd_data import warn_of_view
    from digitry.packages import need
    from digitry.types import Dataset

    if out is not None:
        need("matplotlib", by="a page with pictures")
        check_place(Path(out))
    if not isinstance(dataset, Dataset):
        from digitry.datasets.load import load_dataset

        dataset = load_dataset(dataset, progress=progress)
    warn_of_view(dataset)

    def tell(step: str, share: float) -> None:
        if progress is not None:
            progress(step, round(_PARTS * share), _PARTS)

    if out is None:
        facts = gather_facts(dataset, tell)
        tell("exploring", 1.0)
        return Exploration(facts)

    from digitry.exploration.explore_page import build_explore_page
    from digitry.exploration.illustrations import drawings
    from digitry.pages.charts import save_figure
    from digitry.pages.html import PagePicture, write_page
    from digitry.pages.style import make_folder

    folder = Path(out)
    make_folder(folder)
    facts = gather_facts(dataset, lambda step, share: tell(step, 0.4 * share))
    shown: dict[str, PagePicture] = {}
    files: list[Path] = []
    planned = drawings(dataset, facts)
    for number, drawing in enumerate(planned):
        tell(f"drawing {drawing.name}", 0.4 + 0.6 * number / len(planned))
        png, svg = save_figure(drawing.draw(), folder / drawing.name)
        shown[drawing.name] = PagePicture(svg.read_bytes(), "image/svg+xml", drawing.alt, drawing.caption)
        files += [png, svg]
    page = write_page(build_explore_page(facts, shown), folder / "explore.html")
    tell("exploring", 1.0)
    return Exploration(facts, page, tuple(files))
