"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from digitry.errors import SettingError

Function = TypeVar("Function", bound=Callable[..., Any])

model_option = click.option(
    "--model",
    "models",
    multiple=True,
    metavar="RUN|FILE.onnx|NAME",
    help="A run folder, an ONNX file, or the name of a network that comes with digitry (shipped, or a small one such "
    "as tiny); for digits, for numbers or for pages; may be repeated. [default: the built-in ones]",
)

expect_option = click.option(
    "--expect",
    type=click.Choice(["digit", "number", "page"]),
    default="page",
    show_default=True,
    help="What each picture holds: one digit; one number of any length; or a page of numbers, perhaps on many lines.",
)


def setting_pairs(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Read the values of --set: name=value each. Raises SettingError for another form."""
    pairs = {}
    for text in values:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise SettingError(f"--set expects name=value, not {text!r}")
        pairs[name.strip().replace("-", "_")] = value.strip()
    return pairs


def refuse_beside(option: str, *its_own: str) -> None:
    """Raise SettingError if something is given beside an option that would ignore it: any parameter of the running
    command but `its_own`.
    """
    context = click.get_current_context()
    others = [
        parameter.human_readable_name if isinstance(parameter, click.Argument) else parameter.opts[0]
        for parameter in context.command.params
        if parameter.name
        and parameter.name not in its_own
        and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    ]
    if others:
        raise SettingError(f"{option} does not use {' and '.join(others)}; leave that out")


def view_options(command: Function) -> Function:
    """Give a command the options that say how images are laid; `with_view` joins them to the dataset's name."""
    for option in reversed(_VIEW):
        command = option(command)
    return command


def with_view(data: str, transpose: bool, rotate: str | None, invert: bool | None) -> str:
    """Return the name of a dataset with its view appended, as `load_dataset` takes it."""
    from digitry.datasets.view import View

    suffix = View(transpose, int(rotate or 0), invert).suffix
    return f"{data}{suffix}" if "#" not in data or not suffix else f"{data},{suffix[1:]}"


_VIEW = (
    click.option("--transpose", is_flag=True, help="Swap rows and columns of the images, as EMNIST's need."),
    click.option("--rotate", type=click.Choice(["90", "180", "270"]), help="Turn images clockwise, after --transpose."),
    click.option(
        "--invert/--no-invert", default=None, help="Arrays are dark on light, or not; by default their edges decide."
    ),
)


def knowledge_options(command: Function) -> Function:
    """Give a command the options for what the user knows about the numbers, named as in `Knowledge`."""
    for option in reversed(_KNOWLEDGE):
        command = option(command)
    return command


_KNOWLEDGE = (
    click.option("--between", metavar="LOW,HIGH", help="Numbers have values from LOW to HIGH, such as 0,20."),
    click.option("--length", metavar="N..M", help="Numbers have N to M digits, such as 4..8, or exactly N."),
    click.option("--check", metavar="NAME", help="Numbers end in a check digit, by its name: {checks}."),
    click.option("--column", metavar="N", help="Only the numbers in column N of a page's tables, from 0."),
    click.option(
        "--region",
        metavar="X,Y,W,H",
        help="Read only this part of each picture, in pixels from the top left; boxes stay those of the whole.",
    ),
)
