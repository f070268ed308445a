"""Write the headline figures to docs/evidence.md and the README's two tables, from the committed results.

python bench/evidence_page.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aims import aims, missed
from causes import causes
from digitry import recipes
from documents import fill, put_between
from real_pictures import SETS, share

ROOT = Path(__file__).parent.parent
READING = "<!-- reading: written by bench/evidence_page.py -->", "<!-- end of reading -->"
TRAININGS = "<!-- trainings: written by bench/evidence_page.py -->", "<!-- end of trainings -->"
RESULTS = (
    "real_pictures",
    "made_pages",
    "cold_start",
    "reading",
    "readers",
    "truth",
    "race",
    "read_speed",
    "serve",
    "page",
    "page_visits",
    "chips",
    "frames",
)


def main(root: Path = ROOT) -> None:
    """Write the page and the tables below `root`."""
    shown = {name: json.loads((ROOT / "results" / f"{name}.json").read_bytes()) for name in RESULTS}
    measured = json.loads((root / "src" / "digitry" / "recipes" / "measured.json").read_bytes())
    shown |= {"measured": measured, "recipes": recipes.RECIPES, "share": share, "rows": rows(shown)}
    told = aims(shown)
    shown |= {"aims": told, "missed": missed(told), "causes": causes(shown)}
    (root / "docs" / "evidence.md").write_text(fill("evidence", **shown), encoding="utf-8")
    put_between(root / "README.md", *READING, fill("readme_reading", **shown).strip())
    put_between(root / "README.md", *TRAININGS, fill("readme_trainings", **shown).strip())


def rows(results: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the shipped reader's results on real pictures and on MNIST's test digits: right, sure, right when sure."""
    real, parts = results["real_pictures"], results["reading"]["parts"]
    digits, photographs = parts["mnist"]["pictures"], parts["photographs"]
    return {
        "real": [
            {
                "what": f"{one['pictures']} {SETS[name][1].split(':')[0].split(',')[0]}",
                "right": share(one["right"], one["pictures"]),
                "sure": share(one["by_default"]["sure"], one["pictures"]),
                "right_when_sure": share(one["by_default"]["right_when_sure"], one["by_default"]["sure"]),
            }
            for name, one in real["sets"].items()
        ],
        "synthetic": [
            {
                "what": what,
                "right": f"{one['accuracy']:.{places}%}",
                "sure": f"{one['sure']:.1%}",
                "right_when_sure": f"{one['right_when_sure']:.{places}%}",
            }
            for what, one, places in (
                (f"{digits['pictures']:,} MNIST test digits as PNG files", digits, 2),
                (f"{photographs['pictures']:,} of them as synthetic photographs", photographs, 1),
            )
        ],
    }


if __name__ == "__main__":
    main()
