"""results/cluster.json → the cost of a cluster, in docs/cluster.md, with a curve.

python bench/cluster_page.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from documents import fill, put_between

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "results" / "cluster.json"
START, END = "<!-- cost: written by bench/cluster_page.py -->", "<!-- end of cost -->"


def main(root: Path = ROOT) -> None:
    found = json.loads(RESULT.read_text(encoding="utf-8"))
    put_between(root / "docs" / "cluster.md", START, END, text_of(found))
    draw(found["figures"], root / "docs" / "cluster.svg")


def text_of(found: dict[str, Any]) -> str:
    """Return the figures as text and a table."""
    figures, parts = found["figures"], found["parts"]
    here, *there = figures["same"]
    return fill(
        "cluster",
        parts=parts,
        processors=unique(one["hardware"]["processor"] for one in parts.values()),
        days=unique(one["created"][:10] for one in parts.values()),
        nodes=[one["nodes"] for one in there if one["same"]],
        rows=here["rows"],
        kills=figures["kills"],
        training=figures.get("training"),
        tune=figures.get("tune"),
        growth=figures["growth"],
        over=figures["overhead"],
    ).strip()


def unique(words: Any) -> list[str]:
    return sorted(set(words))


def draw(figures: dict[str, Any], path: Path) -> None:
    """Plot seconds on the cluster against local ones: measured on the same cores, and extrapolated to twice as many."""
    from digitry.pages import charts
    from digitry.pages.style import BLUE, MUTED, to_svg

    growth = figures["growth"]
    sizes = [one["pictures"] for one in growth]
    often = [round(sizes[0] * (sizes[-1] / sizes[0]) ** (step / 60)) for step in range(61)]
    with charts.styled():
        figure, (axes,) = charts.new_figure(2.9)
        axes.plot(sizes, [one["cluster"] / one["here"] for one in growth], "-o", color=BLUE, label="the same cores")
        axes.plot(
            often,
            [with_twice_the_cores(size, figures["overhead"]) for size in often],
            "--",
            color=BLUE,
            label="twice the cores, by arithmetic",
        )
        axes.axhline(1, color=MUTED, linewidth=1)
        axes.set_xscale("log")
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.set_title("Seconds on the cluster ÷ seconds here")
        axes.set_xlabel("pictures")
        axes.legend(loc="upper right")
    path.write_text(to_svg(figure), encoding="utf-8")


def with_twice_the_cores(pictures: int, over: dict[str, Any]) -> float:
    there = over["cluster_start_up_seconds"] + pictures / (2 * over["cluster_pictures_a_second"])
    return float(there / (over["here_start_up_seconds"] + pictures / over["here_pictures_a_second"]))


if __name__ == "__main__":
    main()
