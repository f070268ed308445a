"""results/reading.json → docs/robustness.md. Generated, never typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from digitry.evaluation.hard_pictures import corruptions, no_digits

Figures = dict[str, Any]

SURE_TARGET = 0.99
"""Groups of photographs whose sure readings are right less often are named among the weak spots."""


def write_page(figures: Figures, path: Path) -> None:
    """Write the page; parts that were not measured are left out."""
    parts = figures["parts"]
    sections = [_head(figures)]
    for name, section in (
        ("mnist", _mnist),
        ("corruptions", _corruptions),
        ("photographs", _photographs),
        ("numbers", _numbers),
        ("open_set", _open_set),
    ):
        if name in parts:
            sections.append(section(parts))
    sections += [_weak_spots(parts), _how(figures)]
    path.write_text("\n\n".join("\n".join(lines) for lines in sections) + "\n", encoding="utf-8")


def _head(figures: Figures) -> list[str]:
    hardware, versions = figures["hardware"], figures["versions"]
    networks = ", ".join(f"`{name}` (SHA-256 {sha[:12]}…)" for name, sha in figures["model"]["sha256"].items())
    return [
        "# How robust is the reader?",
        "",
        "Written by `python -m bench reading` from `results/reading.json`; do not edit.",
        "",
        "99% on a test set says little about a photograph of one's own writing. Here the reader is shown MNIST's test "
        "digits in ways they were not made, and things that are no digit at all. It trained on MNIST's training "
        "digits alone, and the code that draws these pictures shares nothing with the code that draws its training "
        "pictures.",
        "",
        f"Measured {figures['created'][:10]} on {hardware['processor']}, {hardware['cores']} cores, "
        f"{hardware['system']}; Python {versions['python']}, ONNX Runtime {versions['onnxruntime']}, digitry "
        f"{versions['digitry']}; networks {networks}. Beside it stands the recipe `cnn`, the tutorial network, trained "
        f"by `{figures['baseline']['command']}`.",
        "",
        "Three words return on this page. A reading is **sure** when the reader says so by itself. **Right when sure** "
        "is the share of those that are right: what a person may rely on. **Refused** means that the reader gives no "
        "number, or one of so low a confidence that it is not taken.",
    ]


def _mnist(parts: Figures) -> list[str]:
    arrays, pictures = parts["mnist"]["arrays"], parts["mnist"]["pictures"]
    columns = [("arrays", arrays), ("PNG files", pictures)]
    if "photographs" in parts:
        columns.append(("photographs", parts["photographs"]))
    rows: list[tuple[str, Callable[[Figures], str]]] = [
        ("digits", lambda one: f"{one.get('images', one.get('pictures')):,}"),
        ("right", lambda one: f"{_percent(one['accuracy'], 2)}"),
        ("95% interval", lambda one: " – ".join(_percent(end, 2) for end in one["accuracy_interval_95"])),
        ("errors", lambda one: f"{one['error_count']:,}"),
        ("calibration error (ECE, 15 bins)", lambda one: _plain(one["confidence_ece"])),
        ("Brier score of the confidence", lambda one: _plain(one["confidence_brier"])),
        ("sure", lambda one: _percent(one.get("sure"), 1)),
        ("right when sure", lambda one: _percent(one.get("right_when_sure"), 2)),
        *(
            (f"kept, so that {float(risk):.1%} of those are wrong", _kept_at(risk))
            for risk in arrays["coverage_at_risk"]
        ),
        ("mean risk over all coverages (AURC)", lambda one: f"{one['area_under_risk']:.5f}"),
    ]
    return [
        "## MNIST test, and what the confidence is worth",
        "",
        "The same test digits, once as 28×28 arrays straight into the network, once written as PNG files and read as "
        "any picture is: decoded, ink found, cut out, fitted, centred. What the second costs beside the first is the "
        "price of the picture door.",
        "",
        "| | " + " | ".join(name for name, _ in columns) + " |",
        "|---|" + "---:|" * len(columns),
        *("| " + " | ".join([label, *(cell(one) for _, one in columns)]) + " |" for label, cell in rows),
        "",
        f"Over all ten classes the Brier score of the arrays is {_plain(arrays['brier'])}.",
        "",
        "Sort all readings by their confidence, keep only the best so many percent, and count the wrong ones among "
        "them: that is the curve below. It begins at the first mistake; a confidence that knows what it does not know "
        "begins late.",
        "",
        "![Wrong readings among those kept, over how many are kept](robustness/risk-coverage.svg)",
    ]


def _corruptions(parts: Figures) -> list[str]:
    part = parts["corruptions"]
    images, mean = part["images"], part["mean_error"]
    lines = [
        "## Fifteen corruptions",
        "",
        "After MNIST-C (Mu and Gilmer, 2019): ways to spoil a digit that leave it a digit to a person. Ours are "
        "written anew at the published strengths (`src/digitry/evaluation/hard_pictures/corruptions.py`), so single "
        "pictures differ from the published set and its figures compare only roughly.",
        "",
        "![Four test digits after each of the fifteen corruptions](robustness/corruptions.png)",
        "",
        f"Wrong readings, of {images['arrays']:,} digits as arrays and of {images['pictures']:,} through the picture "
        "door. Through the door, no reading counts as a wrong one.",
        "",
        "| corruption | what it does | reader, arrays | `cnn`, arrays | reader, pictures | `cnn`, pictures | reader "
        "sure | right when sure |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, one in part["corruptions"].items():
        reader, cnn = one["reader"], one["cnn"]
        lines.append(
            f"| {name} | {corruptions.CORRUPTIONS[name][1]} | {_percent(reader['arrays'], 1)} | "
            f"{_percent(cnn['arrays'], 1)} | {_percent(reader['pictures'], 1)} | {_percent(cnn['pictures'], 1)} | "
            f"{_percent(reader['sure'], 1)} | {_percent(reader['right_when_sure'], 1)} |"
        )
    ratios = part["mean_corruption_error"]
    lines += [
        f"| **mean** | | **{_percent(mean['reader']['arrays'], 1)}** | {_percent(mean['cnn']['arrays'], 1)} | "
        f"**{_percent(mean['reader']['pictures'], 1)}** | {_percent(mean['cnn']['pictures'], 1)} | | |",
        "",
        f"**Mean corruption error: {_percent(ratios['arrays'], 1)} on arrays, {_percent(ratios['pictures'], 1)} "
        "through the picture door.** That is the reader's error divided by `cnn`'s, averaged over the fifteen: 100% is "
        "as fragile as the tutorial network, less is better. Through the door both networks share one way of finding "
        "ink, so the second figure compares the networks behind it.",
    ]
    return lines


def _photographs(parts: Figures) -> list[str]:
    part = parts["photographs"]
    return [
        "## As photographs",
        "",
        "Each digit is written anew at any size from 18 pixels up, with ink, ballpoint, pencil or chalk, turned by up "
        "to 20°, anywhere on white, tinted, ruled or squared paper or on a board; lit from one side, some under a "
        "shadow; blurred, grainy, and saved as JPEG. Pictures are 40 to 1,600 pixels long.",
        "",
        "![Forty photographs](robustness/photographs.jpg)",
        "",
        f"Of {part['pictures']:,}: **{_percent(part['accuracy'], 1)} right**, {_percent(part['no_digit'], 1)} without "
        f"a number; **{_percent(part['sure'], 1)} sure, of those {_percent(part['right_when_sure'], 2)} right** "
        f"({part['wrong_when_sure']:,} wrong).",
        "",
        *_group_table(part["groups"]),
        *_mistakes(part, "photograph-mistakes.jpg", "The first of the wrong readings"),
    ]


def _numbers(parts: Figures) -> list[str]:
    single, lists = parts["numbers"]["numbers"], parts["numbers"]["lists"]
    return [
        "## Numbers and lists",
        "",
        "Numbers of two to ten digits, photographed the same way; in a quarter of them neighbours may touch or "
        "overlap. Right means the whole number.",
        "",
        "![Twelve photographed numbers](robustness/numbers.jpg)",
        "",
        f"Of {single['pictures']:,}: **{_percent(single['accuracy'], 1)} right**; {_percent(single['sure'], 1)} sure, "
        f"of those {_percent(single['right_when_sure'], 1)} right ({single['wrong_when_sure']:,} wrong).",
        "",
        *_group_table(single["groups"]),
        *_mistakes(single, "number-mistakes.jpg", "The first of the wrong ones"),
        "",
        "Ten such numbers, one below the other, photographed at a slight angle, half of them with the table around "
        "the sheet:",
        "",
        "![Four photographed lists](robustness/lists.jpg)",
        "",
        f"Of {lists['lists']:,} lists, {_percent(lists['ten_numbers_found'], 1)} give ten numbers and "
        f"**{_percent(lists['all_right'], 1)} are wholly right, in order**. Of their {lists['numbers']:,} numbers "
        f"**{_percent(lists['accuracy'], 1)}** are right and in their place, with {lists['extra']:,} numbers too many "
        f"in all; {_percent(lists['sure'], 1)} are sure, of those {_percent(lists['right_when_sure'], 1)} right.",
    ]


def _open_set(parts: Figures) -> list[str]:
    digit, page = parts["open_set"]["digit"], parts["open_set"]["page"]
    lines = [
        "## What is no digit",
        "",
        "![Eight pictures of each set](robustness/no-digits.jpg)",
        "",
        f"The threshold on the confidence is set so that 99% of MNIST test digits, read as PNG files, are accepted "
        f"({digit['threshold']:.3f}, which accepts {_percent(digit['digits_accepted'], 2)} of "
        f"{digit['digits']:,}). *Refused* is the share of each set below it: 100% minus the false positives at 99% "
        "true positives. *Not sure* is what a person gets without setting anything: no number, or one that is marked "
        f"as not sure ({_percent(1 - digit['digits_sure'], 1)} of the digits are so too). AUROC is the chance that a "
        "digit has the higher confidence.",
        "",
        "| set | what it is | pictures | refused | not sure | AUROC | refused as a page | not sure as a page |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, one in digit["sets"].items():
        other = page["sets"][name]
        what = (
            no_digits.SETS[name][1]
            if name in no_digits.SETS
            else "without those that look like one: "
            + (
                "B, D, G, I, O, Q, S, Z, b, g, i, j, l, o, q, s, y, z"
                if name.startswith("letters")
                else "strokes and dots"
            )
        )
        lines.append(
            f"| {name} | {what} | {one['pictures']:,} | **{_percent(one['refused_at_99'], 1)}** | "
            f"{_percent(one['not_sure'], 1)} | {one['auroc']:.4f} | {_percent(other['refused_at_99'], 1)} | "
            f"{_percent(other['not_sure'], 1)} |"
        )
    lines += [
        "",
        "The first figures are with `--expect digit`; the last two columns with `--expect page`, as the command reads "
        f"by itself, at its own threshold of {page['threshold']:.3f}: there the most confident number of a picture "
        "counts.",
    ]
    return lines


def _group_table(groups: Figures) -> list[str]:
    lines = ["| | | pictures | right | sure | right when sure |", "|---|---|---:|---:|---:|---:|"]
    for name, parts in groups.items():
        for index, (group, one) in enumerate(parts.items()):
            lines.append(
                f"| {name if index == 0 else ''} | {group} | {one['pictures']:,} | {_percent(one['accuracy'], 1)} | "
                f"{_percent(one['sure'], 1)} | {_percent(one['right_when_sure'], 1)} |"
            )
    return lines


def _mistakes(part: Figures, picture: str, caption: str) -> list[str]:
    if not part["mistakes"]:
        return []
    return [
        "",
        f"{caption}, what is written and what was read; the sure ones are orange:",
        "",
        f"![Mistakes](robustness/{picture})",
    ]


def _weak_spots(parts: Figures) -> list[str]:
    lines = ["## Where it fails", ""]
    if "corruptions" in parts:
        by_name = parts["corruptions"]["corruptions"]
        for way, words in (("arrays", "As arrays"), ("pictures", "Through the picture door")):
            worst = sorted(by_name, key=lambda name: -by_name[name]["reader"][way])[:3]
            shown = ", ".join(f"{name} ({_percent(by_name[name]['reader'][way], 1)} wrong)" for name in worst)
            behind = [name for name in by_name if by_name[name]["reader"][way] > by_name[name]["cnn"][way]]
            also = f"; more often wrong than `cnn` under {', '.join(behind)}" if behind else ""
            lines.append(f"- {words}, the worst corruptions are {shown}{also}.")
    for name, words in (("photographs", "Photographs of digits"), ("numbers", "Photographs of numbers")):
        if name in parts:
            part = parts[name] if name == "photographs" else parts[name]["numbers"]
            groups = [
                (one["accuracy"], f"{fact}: {group}")
                for fact, by_group in part["groups"].items()
                for group, one in by_group.items()
                if one["pictures"] >= 20
            ]
            worst_groups = ", ".join(f"{group} ({_percent(share, 1)} right)" for share, group in sorted(groups)[:3])
            if worst_groups:
                lines.append(f"- {words} suffer most from: {worst_groups}.")
    if "open_set" in parts:
        sets = parts["open_set"]["digit"]["sets"]
        worst_sets = sorted(sets, key=lambda name: sets[name]["refused_at_99"])[:3]
        shown = ", ".join(
            f"{name} ({_percent(1 - sets[name]['refused_at_99'], 1)}"
            + (f", most often as {sets[name]['read_as'][0][0]})" if sets[name]["read_as"] else ")")
            for name in worst_sets
        )
        lines.append(f"- What is no digit gets through most among {shown}.")
    return lines


def _how(figures: Figures) -> list[str]:
    parts = figures["parts"]
    dates = {part["created"][:10] for part in parts.values()}
    measured = "" if len(dates) == 1 else " Parts were measured on " + ", ".join(sorted(dates)) + "."
    return [
        "## Again",
        "",
        "```",
        "python -m bench reading                                         everything",
        "python -m bench reading --only photographs                      one part, the others as they stand",
        "python -m bench reading --model runs/reader-1 --out elsewhere   another network, to another folder",
        "digitry robustness runs/reader-1                                the figures of any model, in the terminal",
        "```",
        "",
        f"Every picture is a function of the seed {figures['seed']}, its set and its number. The parts took "
        + ", ".join(f"{part['seconds']} s ({name.replace('_', ' ')})" for name, part in parts.items())
        + f".{measured}",
    ]


def _kept_at(risk: str) -> Callable[[Figures], str]:
    return lambda one: _percent(one["coverage_at_risk"][risk], 1)


def _percent(share: float | None, places: int) -> str:
    return "–" if share is None else f"{100 * share:.{places}f}%"


def _plain(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
