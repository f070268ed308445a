"""The exploration as one HTML page, and the explanations of its numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping

from digitry import __version__
from digitry.exploration.duplicates import MOST_CANDIDATES, NEAR_SIMILARITY
from digitry.exploration.facts import Facts, SplitFacts
from digitry.exploration.illustrations import MOST_CLASSES
from digitry.exploration.typical import RULE
from digitry.pages.html import Details, Page, PagePicture, PageTable, Section, Tile


def build_explore_page(facts: Facts, pictures: Mapping[str, PagePicture]) -> Page:
    """Build the page; `pictures` holds the drawings by name, `duplicates` only if there are any."""
    note = f"Single examples are shown for the first {MOST_CLASSES} classes."
    few = [note] if len(facts.class_names) > MOST_CLASSES else []
    many = len(facts.class_names) > 2 * MOST_CLASSES
    numbers = [Details("All classes in numbers", [class_table(facts)])] if many else [class_table(facts)]
    return Page(
        title=f"What is in {facts.name}",
        lead=dataset_lead(facts),
        tiles=[Tile(*row) for row in key_figures(facts)],
        sections=[
            Section("Samples", [pictures["samples"]]),
            Section("Classes", [pictures["classes"], pictures["ink"], *numbers]),
            Section("Pixels", [pictures["intensities"], pixel_table(facts)]),
            Section(
                "What a class looks like",
                [
                    pictures["mean-images"],
                    pictures["sd-images"],
                    *few,
                    pictures["most-typical"],
                    pictures["least-typical"],
                ],
            ),
            Section(
                "Duplicates",
                [
                    duplicates_text(facts),
                    *([pictures["duplicates"]] if "duplicates" in pictures else []),
                    duplicates_table(facts),
                ],
            ),
            Section(
                "How it was counted",
                [
                    Details("Definitions", DEFINITIONS),
                    Details(
                        "Where the data comes from",
                        [f"Source: {facts.source}", f"SHA-256 of the images and labels: {facts.sha256}"],
                    ),
                ],
            ),
        ],
        footer=f"Made by digitry {__version__}. Everything is in this file; nothing is loaded from elsewhere.",
    )


DEFINITIONS = [
    "Features: the numbers one sample consists of, height × width. Classes: the different labels.",
    "Imbalance: the largest class divided by the smallest. Constant pixels: those with the same value in every "
    "image, which carry no information.",
    "Ink: the mean pixel value of an image divided by 255.",
    f"Exact duplicates agree in every pixel. Near duplicates are different images whose cosine similarity is at least "
    f"{NEAR_SIMILARITY}. The search misses none, unless it had to be cut short after {MOST_CANDIDATES:,} candidates; "
    "shifted, turned and blank images are not searched for.",
    f"Typical: {RULE}.",
    "Density: Gaussian kernels on all pixels of the split, bandwidth by Silverman's rule but at least 2, reflected at "
    "0 and 255.",
]


def dataset_lead(facts: Facts) -> str:
    """Describe the dataset in one sentence."""
    words = {"train": "training"}
    parts = " and ".join(f"{split.samples:,} {words.get(name, name)}" for name, split in facts.splits.items())
    height, width = facts.image_shape
    noun = "images" if list(facts.splits.values())[-1].samples != 1 else "image"
    return f"{parts} {noun} of {height}×{width} pixels in {len(facts.class_names)} classes."


def key_figures(facts: Facts) -> list[tuple[str, str, str]]:
    """Return the label, value and note of each key figure."""
    train = facts.splits["train"]
    height, width = facts.image_shape
    rows = [("Training images", f"{train.samples:,}", "")]
    if "test" in facts.splits:
        rows.append(("Test images", f"{facts.splits['test'].samples:,}", ""))
    rows += [
        ("Features per sample", f"{facts.features}", f"{height}×{width} pixels"),
        ("Classes", f"{len(facts.class_names)}", ""),
        ("Values", f"{train.minimum} to {train.maximum}", facts.dtype),
        ("Imbalance", *imbalance(train)),
        ("Constant pixels", f"{train.constant_pixels}", f"of {facts.features}, in train"),
    ]
    doubles = facts.duplicates
    exact = doubles.exact_train + doubles.exact_test + doubles.exact_across
    near = doubles.near_train + doubles.near_test + doubles.near_across
    rows.append(("Exact duplicates", f"{exact:,}", f"{doubles.exact_across:,} across train and test"))
    least = "" if doubles.near_complete else "at least "
    rows.append(("Near duplicates", f"{least}{near:,}", f"pairs, similarity ≥ {NEAR_SIMILARITY}"))
    return rows


def imbalance(split: SplitFacts) -> tuple[str, str]:
    """Return the ratio of the largest to the smallest class, infinite if one is empty, and its explanation."""
    empty = split.class_counts.count(0)
    if empty:
        return "∞", f"{empty} of {len(split.class_counts)} classes empty"
    return f"{split.imbalance:.2f}", "largest ÷ smallest class"


def class_table(facts: Facts) -> PageTable:
    """Return counts and ink, one row per class."""
    train = facts.splits["train"]
    rows: list[list[str | int | float]] = []
    for k, name in enumerate(facts.class_names):
        counts = [split.class_counts[k] for split in facts.splits.values()]
        mean, sd = train.ink_mean[k], train.ink_sd[k]
        rows.append([name, *counts, "–" if math.isnan(mean) else f"{mean:.1%} ± {sd:.1%}"])
    return PageTable(
        ["Class", *map(str.capitalize, facts.splits), "Ink"],
        rows,
        "Images per class and split; ink of the training images, mean ± standard deviation.",
    )


def pixel_table(facts: Facts) -> PageTable:
    """Return the range, mean and standard deviation of the pixels, one column per split."""
    splits = facts.splits.values()
    rows: list[list[str | int | float]] = [
        ["smallest value", *(s.minimum for s in splits)],
        ["largest value", *(s.maximum for s in splits)],
        ["mean", *(f"{s.mean:.2f}" for s in splits)],
        ["standard deviation", *(f"{s.sd:.2f}" for s in splits)],
        ["mean, scaled to 0–1", *(f"{s.mean / 255:.4f}" for s in splits)],
        ["standard deviation, scaled to 0–1", *(f"{s.sd / 255:.4f}" for s in splits)],
        ["pixels that are 0", *(f"{s.histogram[0] / s.histogram.sum():.1%}" for s in splits)],
        ["constant pixels", *(s.constant_pixels for s in splits)],
    ]
    return PageTable(
        ["Pixels", *map(str.capitalize, facts.splits)], rows, f"Over all pixels of the split, {facts.dtype}."
    )


def duplicates_text(facts: Facts) -> str:
    """Explain the duplicates in a few sentences."""
    found = facts.duplicates
    repeated = found.exact_train + found.exact_test + found.exact_across
    near = found.near_train + found.near_test + found.near_across
    if not repeated and not near:
        return "No image occurs twice, exactly or nearly."
    least = "" if found.near_complete else "at least "
    text = [f"Images that exactly repeat another: {repeated:,}. Pairs that nearly do: {least}{near:,}."]
    if found.exact_across:
        text.append(f"Test images that are also in train: {found.exact_across:,}; a network may know them by heart.")
    if near:
        text.append(
            "A near pair may be a copy, or two simple shapes written by two people: look at the picture to tell."
        )
    if found.exact_conflicts:
        text.append("Equal images with different labels: at least one of the labels is wrong.")
    return " ".join(text)


def duplicates_table(facts: Facts) -> PageTable:
    """Return the counts of exact and near duplicates within and across the splits."""
    found = facts.duplicates
    least = "" if found.near_complete else ", at least"
    rows: list[list[str | int | float]] = [["within train", found.exact_train, found.near_train]]
    if "test" in facts.splits:
        rows.append(["within test", found.exact_test, found.near_test])
        rows.append(["test also in train", found.exact_across, found.near_across])
    rows.append(["with different labels", found.exact_conflicts, found.near_conflicts])
    return PageTable(["Where", "Repeated images", f"Near pairs{least}, similarity ≥ {NEAR_SIMILARITY}"], rows)
