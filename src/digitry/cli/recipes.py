"""`digitry recipes`: list the recipes, or show one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from digitry.recipes.settings import About

_ROW = "{:<14}{:>11}{:>16}{:>18}{:>9}"


@click.group(name="recipes", invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def command(context: click.Context, as_json: bool) -> None:
    """List the recipes: network, parameters, published and measured accuracy, time."""
    if context.invoked_subcommand:
        return
    from digitry import recipes

    rows = [_facts(recipe) for recipe in [*recipes.RECIPES.values(), *_brought()]]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    click.echo(_ROW.format("recipe", "parameters", "published test", "measured test", "time"))
    for row in rows:
        measured = row["measured"]
        line = _ROW.format(
            row["name"],
            f"{row['parameters']:,}",
            _published(row["published"]),
            f"{100 * measured['test_accuracy_mean']:.2f} ± {100 * measured['test_accuracy_sd']:.2f}%"
            if measured
            else "–",
            _time(measured) if measured else "– ",
        ).rstrip()
        click.echo(f"{line}\n    {row['summary']}")
    where = next((row["measured"]["processor"] for row in rows if row["measured"]), None)
    if where:
        click.echo(f"\nTime: training alone, on two threads, * on one ({where});\ndigitry's own recipes by plain Torch")
    click.echo("\nShow one with: digitry recipes show cnn")


@command.command(name="show")
@click.argument("name", metavar="RECIPE|FILE.py")
def show(name: str) -> None:
    """Print one recipe: layers, source, and what each of its settings does and may be. A FILE.py is run."""
    from digitry.recipes.backend import backend_name
    from digitry.recipes.find_recipe import find_recipe
    from digitry.training.tuning.space import read_space, space_in_words

    backend_name(by="recipes show")
    recipe = find_recipe(name)
    model = recipe.build_model()
    click.echo(f"{recipe.name}: {recipe.source}\n")
    model.summary(print_fn=lambda text, **_: click.echo(text))
    click.echo("Settings; change them with --set NAME=VALUE, in Python as keywords of digitry.train")
    for setting, about in (recipe.own() | recipe.changeable()).items():
        _print_setting(setting, getattr(recipe.settings, setting), about)
    click.echo("Tried by digitry tune, unless told otherwise")
    for setting, words in space_in_words(read_space(recipe, {})[0]).items():
        click.echo(f"  {setting}={words}")


def _print_setting(name: str, value: Any, about: About) -> None:
    """Print a setting: its value, what it does, and its possible values."""
    shown = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    shown = shown.lower() if isinstance(value, bool | None) else shown or "none"
    click.echo(f"  {name} = {shown}")
    indent = " " * 6
    click.echo(click.wrap_text(f"{about.words} {_capital(about.expected)}.".strip(), 100, indent, indent))


def _brought() -> list[Any]:
    """Return the recipes of installed packages; report broken ones on stderr."""
    from digitry.errors import DigitryError
    from digitry.packages import broken, brought
    from digitry.recipes import registry

    found = []
    for name, entry in brought("recipe").items():
        try:
            if registry.is_ours(name):
                raise broken(entry, "digitry has a recipe of that name")
            found.append(registry.recipe_of_package(entry))
        except DigitryError as error:
            click.echo(f"digitry: {error}", err=True)
    return found


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _facts(recipe: Any) -> dict[str, Any]:
    from digitry import recipes

    return {
        "name": recipe.name,
        "summary": recipe.summary,
        "source": recipe.source,
        "parameters": recipe.parameters,
        "settings": recipe.settings.to_json(),
        "published": dict(recipe.published),
        "measured": recipes.measured().get(recipe.name),
    }


def _time(measured: dict[str, Any]) -> str:
    return f"{measured['seconds_mean']:,.0f} s" + ("*" if measured["threads"] == 1 else " ")


def _published(published: dict[str, float]) -> str:
    if "test_accuracy" in published:
        return f"{published['test_accuracy']:.2%}"
    if "test_accuracy_above" in published:
        return f"> {published['test_accuracy_above']:.0%}"
    return "–"
