"""Shares as people read them."""

from __future__ import annotations


def percent(share: float) -> str:
    """Write a share: "99.17%"; a share that is not whole never reads 100%."""
    text = f"{100 * share:.2f}%"
    return ">99.99%" if text == "100.00%" and share < 1 else text


def interval(low_high: tuple[float, float]) -> str:
    """Write an interval: "98.97–99.33%"."""
    return f"{100 * low_high[0]:.2f}–{100 * low_high[1]:.2f}%"


def confidence(probability: float) -> str:
    """Write a confidence: "98.3%"; nothing is certain, so 0.9997 is not shown as 100.0%."""
    return "> 99.9%" if probability > 0.999 else f"{probability:.1%}"
