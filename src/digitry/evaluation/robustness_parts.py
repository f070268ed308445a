"""The parts of `robustness`: each makes its pictures, has them read, and returns figures as plain JSON values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import reduce
from operator import add

import numpy as np
from numpy.typing import NDArray

from digitry.datasets import Progress
from digitry.evaluation import metrics, selective
from digitry.evaluation.hard_pictures import corruptions, drawn_pages, no_digits, photographs, signed_numbers
from digitry.evaluation.hard_pictures.look import Lookers, LookJob, Seen
from digitry.evaluation.hard_pictures.specimen import (
    Specimen,
    as_it_is,
    cut_digit,
    png_of_digit,
    stretched_digit,
    test_digits,
    test_split,
)
from digitry.evaluation.robustness_figures import (
    Figures,
    accuracy_figures,
    confidences,
    group_figures,
    list_figures,
    listed_mistakes,
    mean_corruption_error,
    refusals,
    says_sure,
    selective_figures,
    signed_figures,
)


@dataclass(frozen=True)
class Sizes:
    """Number of pictures in each part."""

    digits: int = 10_000
    """MNIST test digits, as arrays and as PNG files."""
    corrupted_arrays: int = 10_000
    corrupted_pictures: int = 2_000
    """For each corruption."""
    photographs: int = 1_500
    numbers: int = 400
    lists: int = 40
    pages: int = 100
    """For each kind of page."""
    nothings: int = 500
    """For each set without digits."""
    clothes: int = 2_000
    signed: int = 300
    """Photographs of numbers with signs."""

    def tenth(self) -> Sizes:
        """Return a tenth of each, for a first look: the figures vary three times as much."""
        return Sizes(**{one.name: max(1, getattr(self, one.name) // 10) for one in fields(self)})


@dataclass(frozen=True)
class Subject:
    """The model to measure, the one to compare it with, and the sizes."""

    lookers: Lookers
    sizes: Sizes
    model: str | None
    """The reader's model; None for the shipped one."""
    beside: tuple[str, str] | None
    """A second model for the corruptions: its name in the figures, and its run folder or ONNX file."""
    threads: int
    progress: Progress | None = None

    def look(self, jobs: Sequence[LookJob], label: str) -> list[Seen]:
        """Do every job, with progress."""
        return self.lookers.look(jobs, label, self.progress)

    def reading(self, make: Callable[..., Specimen], count: int, expect: str, label: str) -> list[Seen]:
        """Read pictures 0 to `count` − 1 of a maker."""
        return self.look([LookJob(self.model, expect, make, (index,)) for index in range(count)], label)


def mnist(subject: Subject) -> Figures:
    """Measure MNIST test, as arrays and as picture files, with and without MNIST's margins."""
    count = subject.sizes.digits
    digits = test_digits().take(slice(0, count))
    probabilities = _probabilities(subject.model, digits.images, subject.threads)
    arrays = metrics.score_split(digits.labels, probabilities)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == digits.labels
    doors = {
        "pictures": (png_of_digit, "MNIST test, as PNG files"),
        "cut": (cut_digit, "MNIST test, cropped close"),
        "stretched": (stretched_digit, "MNIST test, cropped close and stretched"),
    }
    seen = {name: subject.reading(make, count, "digit", label) for name, (make, label) in doors.items()}
    return {
        "arrays": {
            "images": count,
            "error_count": arrays.error_count,
            "accuracy": arrays.accuracy,
            "accuracy_interval_95": list(arrays.interval),
            "ece": arrays.ece,
            "brier": arrays.brier,
            **selective_figures(confidence, right),
        },
        **{name: {**accuracy_figures(some), **selective_figures(*confidences(some))} for name, some in seen.items()},
    }


def corrupted(subject: Subject) -> Figures:
    """Measure every corruption, as arrays and as picture files, optionally beside another model."""
    digits = test_digits().take(slice(0, subject.sizes.corrupted_arrays))
    texts = [str(label) for label in digits.labels]
    models = {"reader": subject.model, **(dict([subject.beside]) if subject.beside else {})}
    by_name = {}
    for name in corruptions.CORRUPTIONS:
        images = corruptions.corrupt(digits.images, name)
        errors: Figures = {}
        for who, model in models.items():
            wrong = _probabilities(model, images, subject.threads).argmax(axis=1) != digits.labels
            pairs = list(zip(images, texts, strict=True))[: subject.sizes.corrupted_pictures]
            jobs = [LookJob(model, "digit", as_it_is, pair) for pair in pairs]
            seen = subject.look(jobs, name if len(models) == 1 else f"{name}, {who}")
            found = accuracy_figures(seen)
            errors[who] = {"arrays": float(wrong.mean()), "pictures": 1 - found["accuracy"]}
            if who == "reader":
                errors[who] |= {key: found[key] for key in ("no_digit", "sure", "right_when_sure")}
        by_name[name] = errors
    ways = {"arrays": len(digits), "pictures": min(len(digits), subject.sizes.corrupted_pictures)}
    figures = {
        "images": ways,
        "corruptions": by_name,
        "mean_error": {
            who: {way: float(np.mean([one[who][way] for one in by_name.values()])) for way in ways} for who in models
        },
    }
    if subject.beside:
        other = subject.beside[0]
        figures["mean_corruption_error"] = {way: mean_corruption_error(by_name, way, other) for way in ways}
    return figures


def photographed(subject: Subject) -> Figures:
    """Measure MNIST test digits as photographs, one digit each."""
    seen = subject.reading(photographs.photographed_digit, subject.sizes.photographs, "digit", "photographs of digits")
    worth = selective_figures(*confidences(seen))
    return {**accuracy_figures(seen), **worth, "groups": group_figures(seen), "mistakes": listed_mistakes(seen)}


def numbers(subject: Subject) -> Figures:
    """Measure photographed numbers of 2 to 10 digits, and lists of ten numbers."""
    single = subject.reading(photographs.photographed_number, subject.sizes.numbers, "number", "photographs of numbers")
    lists = subject.reading(photographs.photographed_list, subject.sizes.lists, "page", "photographs of lists")
    return {
        "numbers": {**accuracy_figures(single), "groups": group_figures(single), "mistakes": listed_mistakes(single)},
        "lists": list_figures(lists),
    }


def signs(subject: Subject) -> Figures:
    """Measure photographed numbers with signs: all of it right, and the digits right whatever the signs."""
    make, label = signed_numbers.photographed_signed_number, "photographs of numbers with signs"
    seen = subject.reading(make, subject.sizes.signed, "number", label)
    return {**signed_figures(seen), "groups": group_figures(seen, signed_figures), "mistakes": listed_mistakes(seen)}


def pages(subject: Subject) -> Figures:
    """Measure drawn pages of each kind: numbers found, with their signs, and those that are sure."""
    kinds = {}
    for kind in drawn_pages.PAGE_KINDS:
        jobs = [LookJob(subject.model, "page", drawn_pages.drawn_page, (kind, i)) for i in range(subject.sizes.pages)]
        seen = subject.look(jobs, f"pages: {kind.replace('_', ' ')}")
        kinds[kind] = reduce(add, (one.counts for one in seen if one.counts is not None))
    return {
        "pages": len(kinds) * subject.sizes.pages,
        "kinds": {kind: counts.to_json() for kind, counts in kinds.items()},
        "all": reduce(add, kinds.values()).to_json(),
    }


def open_set(subject: Subject) -> Figures:
    """Measure how many pictures without a digit are refused: with `expect` "digit", and "page", the default."""
    figures: Figures = {}
    for expect in ("digit", "page"):
        digits = subject.reading(
            png_of_digit, min(subject.sizes.digits, 5_000), expect, f"digits, expecting a {expect}"
        )
        accepted = np.array([one.confidence for one in digits])
        threshold = selective.accepting_threshold(accepted)
        sets: Figures = {}
        for name, (make, _) in no_digits.SETS.items():
            count = subject.sizes.nothings
            if make is no_digits.clothes:
                # None where it could not be fetched.
                count = min(subject.sizes.clothes, len(test_split("fashion-mnist"))) if subject.sizes.clothes else 0
                if not count:
                    continue
            seen = subject.reading(make, count, expect, f"{name}, expecting a {expect}")
            sets[name] = refusals(seen, accepted, threshold, expect)
            unlike = [one for one in seen if one.facts.get("likeness") == "no digit to anyone"]
            if unlike and len(unlike) < len(seen):
                sets[f"{name} unlike digits"] = refusals(unlike, accepted, threshold, expect)
        figures[expect] = {
            "digits": len(digits),
            "threshold": threshold,
            "digits_accepted": float((accepted >= threshold).mean()),
            "digits_sure": float(np.mean([says_sure(one, expect) for one in digits])),
            "sets": sets,
        }
    return figures


MEASURES: dict[str, Callable[[Subject], Figures]] = {
    "mnist": mnist,
    "corruptions": corrupted,
    "photographs": photographed,
    "numbers": numbers,
    "signs": signs,
    "pages": pages,
    "open_set": open_set,
}


def _probabilities(model: str | None, images: NDArray[np.uint8], threads: int) -> NDArray[np.float32]:
    from digitry.reading.networks import Networks

    return Networks(model, threads=threads).digits.probabilities(images)  # unchanged, even if inverted
