"""The parts of `robustness`: each makes its pictures, has them read, and returns figures as plain JSON values."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import reduce
from operator import add
from typing import Any

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

Figures = dict[str, Any]


@dataclass(frozen=True)
class Sizes:
    """How many pictures each part looks at."""

    digits: int = 10_000
    """MNIST test digits, as arrays and as PNG files."""
    corrupted_arrays: int = 10_000
    corrupted_pictures: int = 2_000
    """Of each corruption."""
    photographs: int = 1_500
    numbers: int = 400
    lists: int = 40
    pages: int = 100
    """Of each kind of page."""
    nothings: int = 500
    """Of each set without digits."""
    clothes: int = 2_000
    signed: int = 300
    """Photographs of numbers with signs."""

    def tenth(self) -> Sizes:
        """Take a tenth of each, for a first look: the figures vary three times as much."""
        return Sizes(**{one.name: max(1, getattr(self, one.name) // 10) for one in fields(self)})


RISKS = (0.001, 0.005, 0.01)
MISTAKES_KEPT = 24
CURVE_POINTS = 80


@dataclass(frozen=True)
class Subject:
    """Whom to measure, beside whom, and how much."""

    lookers: Lookers
    sizes: Sizes
    model: str | None
    """The reader's model; None for the one that comes with digitry."""
    beside: tuple[str, str] | None
    """The name in the figures of a second model for the corruptions, and its run folder or ONNX file."""
    threads: int
    progress: Progress | None = None

    def look(self, jobs: Sequence[LookJob], label: str) -> list[Seen]:
        """Have every job done, with progress."""
        return self.lookers.look(jobs, label, self.progress)

    def reading(self, make: Callable[..., Specimen], count: int, expect: str, label: str) -> list[Seen]:
        """Read pictures 0 to `count` − 1 of a maker."""
        return self.look([LookJob(self.model, expect, make, (index,)) for index in range(count)], label)


def mnist(subject: Subject) -> Figures:
    """Measure MNIST test, as arrays and through the picture door, with the margins of MNIST and without."""
    count = subject.sizes.digits
    digits = test_digits().take(slice(0, count))
    probabilities = _probabilities(subject.model, digits.images, subject.threads)
    arrays = metrics.score_split(digits.labels, probabilities)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == digits.labels
    doors = {
        "pictures": (png_of_digit, "MNIST test, as PNG files"),
        "cut": (cut_digit, "MNIST test, cut close"),
        "stretched": (stretched_digit, "MNIST test, cut close and stretched"),
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
            **_selective(confidence, right),
        },
        **{name: {**_figures(some), **_selective(*_confidences(some))} for name, some in seen.items()},
    }


def corrupted(subject: Subject) -> Figures:
    """Measure every corruption, on the arrays and through the picture door, perhaps beside another model."""
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
            errors[who] = {"arrays": float(wrong.mean()), "pictures": 1 - _figures(seen)["accuracy"]}
            if who == "reader":
                errors[who] |= {k: v for k, v in _figures(seen).items() if k in ("sure", "right_when_sure", "no_digit")}
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


def mean_corruption_error(by_name: dict[str, Figures], way: str, other: str) -> float | None:
    """Average over corruptions the reader's error ÷ the other's; those where the other makes none are left out."""
    pairs = [(one["reader"][way], one[other][way]) for one in by_name.values()]
    ratios = [reader / beside for reader, beside in pairs if beside > 0]
    return float(np.mean(ratios)) if ratios else None


def photographed(subject: Subject) -> Figures:
    """Measure MNIST test digits as photographs, one digit each."""
    seen = subject.reading(photographs.photographed_digit, subject.sizes.photographs, "digit", "photographs of digits")
    confidence, right = _confidences(seen)
    return {**_figures(seen), **_selective(confidence, right), "groups": _groups(seen), "mistakes": _mistakes(seen)}


def numbers(subject: Subject) -> Figures:
    """Measure photographed numbers of 2 to 10 digits, and lists of ten numbers."""
    single = subject.reading(photographs.photographed_number, subject.sizes.numbers, "number", "photographs of numbers")
    lists = subject.reading(photographs.photographed_list, subject.sizes.lists, "page", "photographs of lists")
    return {
        "numbers": {**_figures(single), "groups": _groups(single), "mistakes": _mistakes(single)},
        "lists": list_figures(lists),
    }


def list_figures(lists: Sequence[Seen]) -> Figures:
    """Count how many lists are wholly right, and how many of their numbers were found, in order."""
    found = sure = sure_right = extra = 0
    for seen in lists:
        read = tuple(text for text, _, _ in seen.numbers)
        matcher = difflib.SequenceMatcher(None, seen.texts, read, autojunk=False)
        matched = {block.b + step for block in matcher.get_matching_blocks() for step in range(block.size)}
        found += len(matched)
        extra += max(len(read) - len(seen.texts), 0)
        certain = {index for index, (_, _, is_sure) in enumerate(seen.numbers) if is_sure}
        sure, sure_right = sure + len(certain), sure_right + len(certain & matched)
    written = sum(len(seen.texts) for seen in lists)
    return {
        "lists": len(lists),
        "all_right": float(np.mean([seen.right for seen in lists])),
        "ten_numbers_found": float(np.mean([len(seen.numbers) == len(seen.texts) for seen in lists])),
        "numbers": written,
        "accuracy": found / written,
        "extra": extra,
        "sure": sure / written,
        "right_when_sure": sure_right / sure if sure else None,
        "wrong": [i for i, seen in enumerate(lists) if not seen.right],
    }


def signs(subject: Subject) -> Figures:
    """Measure photographed numbers with signs: right with all of them, and right digits whatever the signs."""
    make, label = signed_numbers.photographed_signed_number, "photographs of numbers with signs"
    seen = subject.reading(make, subject.sizes.signed, "number", label)
    return {**_signed_figures(seen), "groups": _groups(seen, _signed_figures), "mistakes": _mistakes(seen)}


def pages(subject: Subject) -> Figures:
    """Measure drawn pages, kind by kind: numbers that are found, with their signs, and those that are sure."""
    kinds = {}
    for kind in drawn_pages.KINDS:
        jobs = [LookJob(subject.model, "page", drawn_pages.drawn_page, (kind, i)) for i in range(subject.sizes.pages)]
        seen = subject.look(jobs, f"pages: {kind.replace('_', ' ')}")
        kinds[kind] = reduce(add, (one.counts for one in seen if one.counts is not None))
    return {
        "pages": len(kinds) * subject.sizes.pages,
        "kinds": {kind: counts.to_json() for kind, counts in kinds.items()},
        "all": reduce(add, kinds.values()).to_json(),
    }


def open_set(subject: Subject) -> Figures:
    """Measure how much of what is no digit is refused; with `expect` "digit", and with "page", as commands read."""
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
            sets[name] = _refusals(seen, accepted, threshold, expect)
            unlike = [one for one in seen if one.facts.get("likeness") == "no digit to anyone"]
            if unlike and len(unlike) < len(seen):
                sets[f"{name} unlike digits"] = _refusals(unlike, accepted, threshold, expect)
        figures[expect] = {
            "digits": len(digits),
            "threshold": threshold,
            "digits_accepted": float((accepted >= threshold).mean()),
            "digits_sure": float(np.mean([_says_sure(one, expect) for one in digits])),
            "sets": sets,
        }
    return figures


def _refusals(seen: Sequence[Seen], digits: NDArray[np.float64], threshold: float, expect: str) -> Figures:
    confidence = np.array([one.confidence for one in seen])
    return {
        "pictures": len(seen),
        "refused_at_99": float((confidence < threshold).mean()),
        "false_positive_rate_at_99": float((confidence >= threshold).mean()),
        "no_digit": float((confidence == 0).mean()),
        "not_sure": float(np.mean([not _says_sure(one, expect) for one in seen])),
        "auroc": selective.auroc(digits, confidence),
        "read_as": [[text, n] for text, n in Counter(one.text for one in seen if one.sure).most_common(3)],
    }


def _says_sure(seen: Seen, expect: str) -> bool:
    """Tell whether a person is told a number as sure: on a page, any of them."""
    return seen.sure or (expect == "page" and any(sure for _, _, sure in seen.numbers))


PARTS: dict[str, Callable[[Subject], Figures]] = {
    "mnist": mnist,
    "corruptions": corrupted,
    "photographs": photographed,
    "numbers": numbers,
    "signs": signs,
    "pages": pages,
    "open_set": open_set,
}


def _probabilities(model: str | None, images: NDArray[np.uint8], threads: int) -> NDArray[np.float32]:
    from digitry.reading import Reader

    return Reader(model, threads=threads).digits.probabilities(images)  # as they are, also inverted


def _figures(seen: Sequence[Seen]) -> Figures:
    """Accuracy, how many are sure, and how many of those are right."""
    right = np.array([one.right for one in seen])
    sure = np.array([one.sure for one in seen])
    return {
        "pictures": len(seen),
        "error_count": int((~right).sum()),
        "accuracy": float(right.mean()),
        "accuracy_interval_95": list(metrics.wilson_interval(int(right.sum()), len(seen))),
        "no_digit": float(np.mean([not one.numbers for one in seen])),
        "sure": float(sure.mean()),
        "sure_count": int(sure.sum()),
        "wrong_when_sure": int((sure & ~right).sum()),
        "right_when_sure": float(right[sure].mean()) if sure.any() else None,
    }


def _signed_figures(seen: Sequence[Seen]) -> Figures:
    return {**_figures(seen), "digits_accuracy": float(np.mean([one.right_digits for one in seen]))}


def _confidences(seen: Sequence[Seen]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    return np.array([one.confidence for one in seen]), np.array([one.right for one in seen])


def _selective(confidence: NDArray[Any], right: NDArray[np.bool_]) -> Figures:
    """Measure what the confidence is worth. Calibration is judged where something was read."""
    confidence = confidence.astype(np.float64)
    read = confidence > 0
    coverage, risk = selective.risk_coverage(confidence, right)
    points = np.geomspace(1, len(coverage), CURVE_POINTS).round().astype(int)
    # Counted from full coverage, where the mistakes are.
    points = np.unique(len(coverage) - points)
    return {
        "confidence_ece": selective.calibration_error(confidence[read], right[read]) if read.any() else None,
        "confidence_brier": selective.confidence_brier(confidence[read], right[read]) if read.any() else None,
        "area_under_risk": selective.area_under_risk(confidence, right),
        "coverage_at_risk": {str(r): selective.coverage_at_risk(confidence, right, r) for r in RISKS},
        "curve": {"coverage": coverage[points].round(5).tolist(), "risk": risk[points].round(6).tolist()},
    }


IN_GROUPS = ("pictures", "accuracy", "digits_accuracy", "sure", "right_when_sure")


def _groups(seen: Sequence[Seen], figures: Callable[[Sequence[Seen]], Figures] = _figures) -> Figures:
    """Fact → group → figures, groups in the order of their names as they first appear, sorted."""
    names = list(dict.fromkeys(name for one in seen for name in one.facts))
    return {
        name: {
            group: {k: v for k, v in figures(part).items() if k in IN_GROUPS}
            for group in sorted({one.facts[name] for one in seen if name in one.facts}, key=_group_order)
            if (part := [one for one in seen if one.facts.get(name) == group])
        }
        for name in names
    }


def _group_order(group: str) -> tuple[int, str]:
    return ({"under": 0, "over": 2}.get(group.split()[0], 1), group)


def _mistakes(seen: Sequence[Seen]) -> list[Figures]:
    """Return the wrong readings, sure ones first, then the most confident."""
    wrong = [(index, one) for index, one in enumerate(seen) if not one.right]
    wrong.sort(key=lambda pair: (not pair[1].sure, -pair[1].confidence))
    return [
        {"index": index, "written": " ".join(one.texts), "read": one.text, "sure": one.sure, "reason": one.reason}
        for index, one in wrong[:MISTAKES_KEPT]
    ]
