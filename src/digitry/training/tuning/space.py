"""What a study may try: names of settings, each with a range or with choices, as people write them.

learning_rate = log:1e-4:1e-1      a number in between, drawn on a logarithmic scale
dropout       = 0:0.5              a number in between
units         = 32|64,64|128       one of them, each as `--set` takes it
epochs        = 5                  fixed: this value in every trial

In a TOML file, and in Python, a list is a list of choices, and `{low = 1e-4, high = 1e-1, log = true}` a range too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from digitry.errors import SettingError, unknown_name
from digitry.recipes.base import Recipe
from digitry.recipes.settings import About, shown

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included."""

    low: float
    high: float
    log: bool
    whole: bool

    def __str__(self) -> str:
        return f"{'log:' if self.log else ''}{self.low}:{self.high}"

    def suggest(self, trial: optuna.Trial, name: str) -> Any:
        """Ask for the value that the trial should try."""
        if self.whole:
            return trial.suggest_int(name, int(self.low), int(self.high), log=self.log)
        return trial.suggest_float(name, self.low, self.high, log=self.log)

    def holds(self, about: About, name: str, value: Any) -> Any:
        """Return a setting's value as one of this range; None if it is outside."""
        return value if value is not None and self.low <= value <= self.high else None


@dataclass(frozen=True)
class Choices:
    """One of several values, each as text that `--set` takes."""

    words: tuple[str, ...]

    def __str__(self) -> str:
        return "|".join(self.words)

    def suggest(self, trial: optuna.Trial, name: str) -> Any:
        """Ask for the value that the trial should try."""
        return trial.suggest_categorical(name, self.words)

    def holds(self, about: About, name: str, value: Any) -> Any:
        """Return a setting's value as text; None if it is not one of the choices."""
        return next((word for word in self.words if about.parse(name, word) == value), None)


Space = Mapping[str, Range | Choices]
"""Name of a setting → what may be tried."""


def read_space(recipe: Recipe, wanted: Mapping[str, Any]) -> tuple[dict[str, Range | Choices], dict[str, Any]]:
    """Read what the user wants to try → the space, and the fixed settings.

    If nothing is given to try, the space is the recipe's own, less what is fixed. Raises SettingError for an unknown
    setting, one that the recipe does not use, and invalid values.
    """
    space, fixed = _divided(recipe, wanted)
    if not space:
        own, _ = _divided(recipe, recipe.space or default_space(recipe))
        space = {name: one for name, one in own.items() if name not in fixed}
    if not space:
        raise SettingError(
            f"nothing is left to try for recipe {recipe.name}: every setting of its own space is fixed; give a range "
            "or choices, such as --set learning_rate=log:1e-4:1e-1"
        )
    return space, fixed


def default_space(recipe: Recipe) -> dict[str, str]:
    """Return the space of a recipe that has none of its own: the learning rate around its default, and batch sizes."""
    settings = recipe.settings
    rate, batch = settings.learning_rate, settings.batch_size
    sizes = sorted({max(batch // 2, 1), batch, min(2 * batch, 65_536)})
    return {
        "learning_rate": f"log:{rate / 10:g}:{min(rate * 10, 100):g}",
        "batch_size": "|".join(map(str, sizes)),
    }


def space_of_text(recipe: Recipe, words: Mapping[str, str]) -> dict[str, Range | Choices]:
    """Read a space back from `space_in_words`. Raises SettingError if the recipe no longer takes it."""
    return _divided(recipe, words)[0]


def own_values(recipe: Recipe, space: Space) -> dict[str, Any] | None:
    """Return the recipe's own settings as a point of the space; None if they lie outside it."""
    about = recipe.changeable()
    found = {name: one.holds(about[name], name, getattr(recipe.settings, name)) for name, one in space.items()}
    return None if any(value is None for value in found.values()) else found


def space_in_words(space: Space) -> dict[str, str]:
    """Return name → what may be tried, as `--set` takes it."""
    return {name: str(one) for name, one in space.items()}


def _divided(recipe: Recipe, wanted: Mapping[str, Any]) -> tuple[dict[str, Range | Choices], dict[str, Any]]:
    known, space, fixed = recipe.changeable(), {}, {}
    for name, value in wanted.items():
        if name not in known:
            why = recipe.has_no_use_for(name) if name in recipe.settings.about() else ""
            if why:
                raise SettingError(f"recipe {recipe.name} does not use the setting {name}: {why}")
            raise unknown_name(f"setting of recipe {recipe.name}", name, known)
        one = _read_one(known[name], name, value)
        if isinstance(one, Range | Choices):
            space[name] = one
        else:
            fixed[name] = value
    return space, fixed


def _read_one(about: About, name: str, value: Any) -> Range | Choices | Any:
    if isinstance(value, Mapping):
        if not {"low", "high"} <= value.keys() <= {"low", "high", "log"}:
            raise SettingError(f"the range of {name} must have low, high and perhaps log, not {shown(dict(value))}")
        return _range(about, name, value["low"], value["high"], value.get("log", False) is True)
    if isinstance(value, list | tuple):
        return _choices(about, name, [_word(one) for one in value])
    if isinstance(value, str):
        if "|" in value:
            return _choices(about, name, value.split("|"))
        low, colon, high = value.removeprefix("log:").partition(":")
        if colon and about.kind in (int, float) and not about.is_list:
            return _range(about, name, low, high, value.startswith("log:"))
    return about.parse(name, value)


def _range(about: About, name: str, low: Any, high: Any, log: bool) -> Range:
    if about.kind not in (int, float) or about.is_list:
        raise SettingError(f"{name} is {about.expected}: give choices, such as {name}=A|B, not a range")
    first, last = about.parse(name, low), about.parse(name, high)
    if first is None or last is None or first >= last:
        raise SettingError(f"the range of {name} must go from a lower to a higher number, not from {low} to {high}")
    if log and first <= 0:
        raise SettingError(f"a range by orders of magnitude begins above 0: {name}=log:{low}:{high} does not")
    return Range(first, last, log, about.kind is int)


def _choices(about: About, name: str, words: list[str]) -> Choices | Any:
    values = {repr(about.parse(name, word)): word.strip() for word in words}
    if len(values) != len(words):
        raise SettingError(f"the choices of {name} must differ, not be {'|'.join(words)}")
    return Choices(tuple(values.values())) if len(words) > 1 else about.parse(name, words[0])


def _word(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value)
