"""Results of many pictures → figures as plain JSON values: accuracy, sure readings, groups, mistakes."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.evaluation import metrics, selective
from digitry.evaluation.hard_pictures.look import Seen

Figures = dict[str, Any]

RISKS = (0.001, 0.005, 0.01)
MISTAKES_KEPT = 24
CURVE_POINTS = 80
IN_GROUPS = ("pictures", "accuracy", "digits_accuracy", "sure", "right_when_sure")


def accuracy_figures(seen: Sequence[Seen]) -> Figures:
    """Count how many are right, how many are sure, and how many of those are right."""
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


def signed_figures(seen: Sequence[Seen]) -> Figures:
    """Return the same, and how many have the right digits, whatever the signs."""
    return {**accuracy_figures(seen), "digits_accuracy": float(np.mean([one.right_digits for one in seen]))}


def confidences(seen: Sequence[Seen]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the confidence in each, float64 (n,), and whether it was right, bool (n,)."""
    return np.array([one.confidence for one in seen]), np.array([one.right for one in seen])


def selective_figures(confidence: NDArray[Any], right: NDArray[np.bool_]) -> Figures:
    """Measure how informative the confidence is. Calibration only counts pictures in which something was read."""
    confidence = confidence.astype(np.float64)
    read = confidence > 0
    coverage, risk = selective.risk_coverage(confidence, right)
    points = np.geomspace(1, len(coverage), CURVE_POINTS).round().astype(int)
    # Counted back from full coverage, where the mistakes are.
    points = np.unique(len(coverage) - points)
    return {
        "confidence_ece": selective.calibration_error(confidence[read], right[read]) if read.any() else None,
        "confidence_brier": selective.confidence_brier(confidence[read], right[read]) if read.any() else None,
        "area_under_risk": selective.area_under_risk(confidence, right),
        "coverage_at_risk": {str(r): selective.coverage_at_risk(confidence, right, r) for r in RISKS},
        "curve": {"coverage": coverage[points].round(5).tolist(), "risk": risk[points].round(6).tolist()},
    }


def group_figures(seen: Sequence[Seen], figures: Callable[[Sequence[Seen]], Figures] = accuracy_figures) -> Figures:
    """Return fact → group → figures, with the groups sorted by name."""
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


def listed_mistakes(seen: Sequence[Seen]) -> list[Figures]:
    """Return the wrong readings, sure ones first, then the most confident."""
    wrong = [(index, one) for index, one in enumerate(seen) if not one.right]
    wrong.sort(key=lambda pair: (not pair[1].sure, -pair[1].confidence))
    return [
        {"index": index, "written": " ".join(one.texts), "read": one.text, "sure": one.sure, "reason": one.reason}
        for index, one in wrong[:MISTAKES_KEPT]
    ]


def list_figures(lists: Sequence[Seen]) -> Figures:
    """Count how many lists are entirely right, and how many of their numbers were found, in order."""
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


def mean_corruption_error(by_name: dict[str, Figures], way: str, other: str) -> float | None:
    """Return the mean over corruptions of the reader's error ÷ the other's, leaving out those where that is zero."""
    pairs = [(one["reader"][way], one[other][way]) for one in by_name.values()]
    ratios = [reader / beside for reader, beside in pairs if beside > 0]
    return float(np.mean(ratios)) if ratios else None


def refusals(seen: Sequence[Seen], digits: NDArray[np.float64], threshold: float, expect: str) -> Figures:
    """Measure how many pictures without a digit are refused at a threshold, and how they compare with digits."""
    confidence = np.array([one.confidence for one in seen])
    return {
        "pictures": len(seen),
        "refused_at_99": float((confidence < threshold).mean()),
        "false_positive_rate_at_99": float((confidence >= threshold).mean()),
        "no_digit": float((confidence == 0).mean()),
        "not_sure": float(np.mean([not says_sure(one, expect) for one in seen])),
        "auroc": selective.auroc(digits, confidence),
        "read_as": [[text, n] for text, n in Counter(one.text for one in seen if one.sure).most_common(3)],
    }


def says_sure(seen: Seen, expect: str) -> bool:
    """Return whether the user is told that a number is sure: on a page, any number."""
    return seen.sure or (expect == "page" and any(sure for _, _, sure in seen.numbers))
