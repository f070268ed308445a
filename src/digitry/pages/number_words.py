"""Shares and durations formatted for people."""

from __future__ import annotations


def percent(share: float) -> str:
    """Format a share: "99.17%"; less than the whole is never rounded to 100%."""
    text = f"{100 * share:.2f}%"
    return ">99.99%" if text == "100.00%" and share < 1 else text


def interval(low_high: tuple[float, float]) -> str:
    """Format an interval: "98.97–99.33%"."""
    return f"{100 * low_high[0]:.2f}–{100 * low_high[1]:.2f}%"


def confidence(probability: float) -> str:
    """Format a confidence: "98.3%"; nothing is certain, so 0.9997 is not shown as 100.0%, nor 0.0003 as 0.0%."""
    if probability > 0.999:
        return "> 99.9%"
    return "< 0.1%" if probability < 0.001 else f"{probability:.1%}"


def about(seconds: float) -> str:
    """Format an estimated duration: "about 40 s", "about 5 min"."""
    return f"about {seconds / 60:.0f} min" if seconds > 90 else f"about {seconds:.0f} s"


def duration(seconds: float) -> str:
    """Format a measured duration: "0.8 s", "42 s", "2 min 31 s", "1 h 05 min"."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
