"""The charts of a study, each a matplotlib Figure in the project's style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from digitry.pages import charts
from digitry.pages.charts import plain_number
from digitry.pages.style import BAD, BLUE, FAINT, GOOD, MUTED, STRONG
from digitry.training.tuning.space import Choices, Range, Space
from digitry.training.tuning.study import COMPLETE, RUNNING, Gain, Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_CURVES = 60
"""More curves than this could not be told apart."""

CROWDED = 24
"""More characters than this under a small chart are written vertically, so that labels do not overlap."""


def best_so_far(trials: Sequence[Trial]) -> Figure:
    """Draw each complete trial's accuracy at the time it ended, and the best so far."""
    ended = sorted((one for one in trials if one.state != RUNNING), key=lambda one: one.study_seconds)
    last = ended[-1].study_seconds if ended else 0.0
    unit, seconds = unit_of(last)
    done = [one for one in ended if one.state == COMPLETE]
    times = [one.study_seconds / seconds for one in done]
    accuracies = [one.accuracy or 0.0 for one in done]
    with charts.styled():
        figure, (axes,) = charts.new_figure(2.9)
        axes.plot(times, accuracies, "o", color=MUTED, markersize=4, label="trial")
        best = list(accumulate([*accuracies, 0.0], max))  # the last best extends to the end of the last trial
        axes.step([*times, last / seconds], best, where="post", color=BLUE, label="best so far")
        axes.set_xlim(left=0)
        axes.set_title("Best so far")
        axes.set_xlabel(f"{unit} of the study")
        _percent(axes)
        axes.legend(loc="best")
    return figure


def unit_of(seconds: float) -> tuple[str, int]:
    """Return the unit that suits a duration, and its length in seconds."""
    return ("seconds", 1) if seconds < 120 else ("minutes", 60) if seconds < 120 * 60 else ("hours", 3600)


def parallel(trials: Sequence[Trial], space: Space) -> Figure:
    """Draw every trial as a line through its settings to its accuracy; the stronger its colour, the better."""
    names = [*space, "accuracy"]
    shown = sorted((one for one in trials if one.accuracy is not None), key=lambda one: one.accuracy or 0.0)
    low, high = _span([one.accuracy or 0.0 for one in shown])
    with charts.styled():
        figure, (axes,) = charts.new_figure(3.4, width_inches=max(5.2, 1.15 * len(names)))
        for one in shown:
            heights = [height_of(space[name], one.values.get(name)) for name in space]
            accuracy = ((one.accuracy or 0.0) - low) / (high - low)
            heights.append(accuracy)
            style: dict[str, Any] = {} if one.state == COMPLETE else {"linestyle": ":"}
            axes.plot(range(len(names)), heights, color=BLUE, alpha=0.2 + 0.8 * accuracy, linewidth=1.2, **style)
        for at, name in enumerate(names):
            axes.axvline(at, color=FAINT, linewidth=1)
            bottom, top = _ends(space[name]) if name in space else (f"{low:.2%}", f"{high:.2%}")
            for y, text, side in ((-0.04, bottom, "top"), (1.04, top, "bottom")):
                axes.text(at, y, charts.safe_label(text, 12), ha="center", va=side, fontsize=7.5, color=MUTED)
        axes.set_xticks(range(len(names)), [name.replace("_", "\n") for name in names])
        axes.set_ylim(-0.14, 1.14)
        axes.set_yticks([])
        axes.grid(visible=False)
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.tick_params(axis="x", length=0, pad=2)
    return figure


def importance(shares: Mapping[str, float]) -> Figure:
    """Draw how much of the differences between trials each setting explains."""
    ordered = sorted(shares.items(), key=lambda one: one[1])
    with charts.styled():
        figure, (axes,) = charts.new_figure(0.9 + 0.32 * len(ordered))
        axes.barh([name for name, _ in ordered], [value for _, value in ordered], color=BLUE, height=0.62)
        axes.grid(axis="x")
        axes.grid(visible=False, axis="y")
        axes.set_title("Which settings matter")
        axes.set_xlabel("share of the differences")
    return figure


def slices(trials: Sequence[Trial], space: Space) -> Figure:
    """Draw accuracy against each setting alone; open circles were ended early."""
    columns = min(len(space), 2)
    rows = -(-len(space) // columns)
    with charts.styled():
        figure, panels = charts.new_figure(0.4 + 2.1 * rows, rows=rows, columns=columns)
        for axes, (name, one) in zip(panels, space.items(), strict=False):
            _slice(axes, name, one, trials)
        for axes in panels[len(space) :]:
            axes.set_visible(False)
    return figure


def trial_curves(trials: Sequence[Trial], best: Trial | None) -> Figure:
    """Draw validation accuracy after each epoch, one line per trial; the best one stands out."""
    # The best is drawn last so that it is always shown: trials that were ended early may have had a higher accuracy.
    ordered = sorted((one for one in trials if one.curve), key=lambda one: (one is best, one.accuracy or 0.0))
    shown = ordered[-MOST_CURVES:]
    with charts.styled():
        from matplotlib.ticker import MaxNLocator

        figure, (axes,) = charts.new_figure(3.1)
        for one in shown:
            epochs = range(1, len(one.curve) + 1)
            if one is best:
                axes.plot(epochs, one.curve, color=BLUE, linewidth=2.4, zorder=3, label=f"trial {one.number}, the best")
            else:
                marker = "" if len(one.curve) > 1 else "o"
                axes.plot(epochs, one.curve, marker=marker, markersize=2.5, color=MUTED, alpha=0.45, linewidth=0.9)
        _look_closer(axes, shown)
        axes.set_title("Validation accuracy after each epoch")
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8, min_n_ticks=1))
        _percent(axes)
        if best is not None:
            axes.legend(loc="lower right")
    return figure


def gain(found: Gain) -> Figure:
    """Draw the accuracies with each fresh seed, with a line joining the two of one seed."""
    with charts.styled():
        figure, (axes,) = charts.new_figure(2.9)
        for own, best in zip(found.own, found.best, strict=True):
            axes.plot(
                [0, 1], [own, best], "-o", color=GOOD if best > own else BAD, alpha=0.7, markersize=5, linewidth=1.2
            )
        axes.set_xticks([0, 1], ["the recipe's own", f"trial {found.trial}"])
        axes.set_xlim(-0.5, 1.5)
        axes.set_title("Both with the same fresh seeds")
        _percent(axes)
    return figure


def height_of(one: Range | Choices, value: Any) -> float:
    """Return a value's position in its range or among its choices, 0 to 1; 0.5 if unknown."""
    if value is None:
        return 0.5
    if isinstance(one, Choices):
        return one.words.index(str(value)) / max(len(one.words) - 1, 1)
    if one.log:
        import math

        return math.log(value / one.low) / math.log(one.high / one.low)
    return float((value - one.low) / (one.high - one.low))


def _slice(axes: Axes, name: str, one: Range | Choices, trials: Sequence[Trial]) -> None:
    for complete in (False, True):
        shown = [t for t in trials if t.accuracy is not None and (t.state == COMPLETE) == complete and name in t.values]
        x = [one.words.index(str(t.values[name])) if isinstance(one, Choices) else t.values[name] for t in shown]
        face = BLUE if complete else "none"
        axes.scatter(x, [t.accuracy or 0.0 for t in shown], s=16, facecolors=face, edgecolors=BLUE, linewidths=0.8)
    if isinstance(one, Choices):
        words = [charts.safe_label(word, 10) for word in one.words]
        axes.set_xticks(range(len(words)), words, rotation=90 if len("".join(words)) > CROWDED else 30)
        axes.set_xlim(-0.5, len(one.words) - 0.5)
    elif one.log:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda value, _: plain_number(value))
        axes.xaxis.set_minor_formatter(lambda *_: "")
    _look_closer(axes, trials)
    axes.set_title(name, color=STRONG, fontsize=9.5)
    _percent(axes)


def _ends(one: Range | Choices) -> tuple[str, str]:
    if isinstance(one, Choices):
        return one.words[0], one.words[-1]
    return f"{one.low:g}", f"{one.high:g}"


def _look_closer(axes: Axes, trials: Sequence[Trial]) -> None:
    """Leave out the worst trials: they would flatten everything that matters."""
    ends = [one.accuracy or 0.0 for one in trials if one.state == COMPLETE]
    if len(ends) > 1:
        low, high = _span(ends)
        axes.set_ylim(low - 2 * (high - low), high + 0.3 * (high - low))


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    return (low, high) if high > low else (low - 0.005, high + 0.005)


def _percent(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.4g}%")
