"""The page of a study: every figure that people ask for, from records alone."""

from __future__ import annotations

from pathlib import Path

from digitry.pages.html import Details, PagePicture, PageTable, render_page
from digitry.training.tuning.space import Choices, Range
from digitry.training.tuning.study import COMPLETE, ENDED_EARLY, FAILED, Gain, Study, Trial
from digitry.training.tuning.study_charts import MOST_CURVES, best_so_far, height_of, slices, trial_curves, unit_of
from digitry.training.tuning.study_page import study_page
from tests.unit.training.tuning.made_up import RECIPE, plan


def trial(
    number: int, state: str, accuracy: float | None, rate: float = 0.001, units: str = "16", ended: float = 0.0
) -> Trial:
    curve = () if accuracy is None else (accuracy - 0.1, accuracy)
    values = {"learning_rate": rate, "units": units}
    reason = "" if state == COMPLETE else f"<{state}>"
    return Trial(number, state, values, accuracy, curve, 1.0, reason, Path(f"s/trials/{number:04d}"), ended)


TRIALS = (
    trial(0, COMPLETE, 0.95, 0.001, "32,64"),
    trial(1, ENDED_EARLY, 0.91, 0.0001, "16"),
    trial(2, COMPLETE, 0.97, 0.01, "128"),
    trial(3, FAILED, None, 0.1, "16"),
)


def test_it_shows_the_best_the_gain_the_settings_the_curves_and_every_trial() -> None:
    gain = Gain(2, (1, 2, 3), (0.95, 0.951, 0.949), (0.97, 0.971, 0.969))
    page = study_page(Study(Path("s"), plan(), TRIALS, gain), RECIPE, {"learning_rate": 0.8, "units": 0.2})
    best, chance, course, settings, every = page.sections
    assert [tile.value for tile in page.tiles] == ["97.00%", "+2.00", "4"]
    assert isinstance(best.parts[0], PageTable)
    assert list(best.parts[0].rows[0]) == ["learning_rate", "0.01", "log:0.0001:0.1"]
    assert str(chance.parts[0]).endswith("more than chance.")
    pictures = [part for section in (chance, course, settings) for part in section.parts]
    assert sum(isinstance(part, PagePicture) for part in pictures) == 6
    assert isinstance(every.parts[0], PageTable)
    assert [row[0] for row in every.parts[0].rows] == [2, 0, 1, 3]
    text = render_page(page)
    assert "&lt;failed&gt;" in text
    assert "<failed>" not in text


def test_the_best_so_far_stands_at_the_times_at_which_trials_ended() -> None:
    minutes = [
        trial(0, COMPLETE, 0.95, ended=180),
        trial(1, COMPLETE, 0.96, ended=120),  # of two at once the later one may end first
        trial(2, ENDED_EARLY, 0.91, ended=200),
        trial(3, COMPLETE, 0.97, ended=240),
        trial(4, FAILED, None, ended=300),
    ]
    [axes] = best_so_far(minutes).axes
    ends, best = axes.lines
    assert (list(ends.get_xdata()), list(ends.get_ydata())) == ([2, 3, 4], [0.96, 0.95, 0.97])
    assert (list(best.get_xdata()), list(best.get_ydata())) == ([2, 3, 4, 5], [0.96, 0.96, 0.97, 0.97])
    assert axes.get_xlabel() == "minutes of the study"
    assert axes.get_xlim()[0] == 0


def test_its_time_is_told_in_seconds_minutes_or_hours() -> None:
    assert [unit_of(seconds) for seconds in (0, 119, 120, 7199, 7200)] == [
        ("seconds", 1),
        ("seconds", 1),
        ("minutes", 60),
        ("minutes", 60),
        ("hours", 3600),
    ]


def test_many_trials_are_folded_and_without_fresh_seeds_nothing_is_claimed() -> None:
    many = tuple(trial(k, COMPLETE, 0.9 + k / 1000, 0.001, "16") for k in range(20))
    page = study_page(Study(Path("s"), plan(), many, None), RECIPE)
    assert str(page.sections[1].parts[0]).startswith("Whether that is more than luck is not known: no fresh seeds")
    folded = page.sections[-1].parts[1]
    assert isinstance(folded, Details)
    assert folded.summary == "8 more trials"


def test_the_best_stands_out_also_where_more_trials_than_are_drawn_showed_more_on_the_way() -> None:
    early = [trial(k, ENDED_EARLY, 0.98, 0.001, "16") for k in range(1, MOST_CURVES + 5)]
    best = trial(0, COMPLETE, 0.95, 0.001, "16")
    [axes] = trial_curves([best, *early], best).axes
    assert len(axes.lines) == MOST_CURVES
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["trial 0, the best"]


def test_a_value_stands_where_its_range_says() -> None:
    assert height_of(Range(0.001, 0.1, log=True, whole=False), 0.01) == 0.5
    assert height_of(Range(0, 4, log=False, whole=True), 1) == 0.25
    assert height_of(Choices(("a", "b", "c")), "c") == 1.0
    assert height_of(Choices(("a", "b", "c")), None) == 0.5


def test_many_long_choices_stand_upright_under_their_chart_and_few_do_not() -> None:
    many = Choices(("16", "32,64", "64,64", "128", "128,64", "256", "256,128", "512,256"))
    figure = slices(TRIALS, {"units": many, "learning_rate": Range(0.0001, 0.1, log=True, whole=False)})
    assert {label.get_rotation() for label in figure.axes[0].get_xticklabels()} == {90}
    figure = slices(TRIALS, {"units": Choices(("16", "32,64", "128"))})
    assert {label.get_rotation() for label in figure.axes[0].get_xticklabels()} == {30}
