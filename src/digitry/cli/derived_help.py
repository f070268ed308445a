"""Commands whose help contains lists of names, computed when the help is shown, not when a command runs."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

import click


class DerivedHelp(click.Command):
    """A command that replaces `{word}` in its help, and in that of its options, by `lists()["word"]`."""

    def __init__(self, *arguments: Any, lists: Callable[[], Mapping[str, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._lists = lists

    def get_help(self, ctx: click.Context) -> str:
        """Return the help with its lists, as they are now."""
        known = self._lists()
        explained: list[click.Command | click.Option] = [
            self,
            *(one for one in self.params if isinstance(one, click.Option)),
        ]
        as_written = [one.help for one in explained]
        try:
            for one in explained:
                for word, said in known.items():
                    one.help = one.help and one.help.replace(f"{{{word}}}", said)
            return super().get_help(ctx)
        finally:
            for one, text in zip(explained, as_written, strict=True):
                one.help = text


def datasets() -> dict[str, str]:
    """Return the datasets that are known by name."""
    from digitry.datasets.sources import SOURCES

    return {"datasets": ", ".join([*SOURCES, *from_packages("dataset", SOURCES)])}


def from_packages(what: str, ours: Container[str]) -> list[str]:
    """Return the names that installed packages add to ours, each with its package; none of them is imported."""
    from digitry.packages import brought, package_of

    theirs = {name: entry for name, entry in brought(what).items() if name not in ours}
    return [f"{name} (of the package {package_of(entry)})" for name, entry in theirs.items()]


def formats() -> dict[str, str]:
    """Return the formats that a network can be written in, and the small shipped networks."""
    from digitry.training.export_run import FORMATS

    ours = (f"{name} ({one.note})" if one.note else name for name, one in FORMATS.items())
    *first, last = (*ours, *from_packages("format", FORMATS))
    *some, other = (name for name, one in FORMATS.items() if one.gives_logits)
    lists = {"formats": f"{', '.join(first)} or {last}", "logits": f"{', '.join(some)} and {other}"}
    return lists | shipped_networks()


def shipped_networks() -> dict[str, str]:
    """Return the shipped networks, and the small ones for makers."""
    from digitry.networks.model_files import NAMES, shipped_runs

    return {"shipped": ", ".join(NAMES), "shipped_runs": ", ".join(shipped_runs())}


def check_digits() -> dict[str, str]:
    """Return the check digits that are known by name."""
    from digitry.reading.check_digits import CHECKS

    return {"checks": ", ".join(CHECKS)}
