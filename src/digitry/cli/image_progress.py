"""A progress bar on stderr for work that counts images, with the time left; silent when nobody watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def image_progress(label: str, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Gives the callback (images done, images in all); the bar shows only in a terminal and without `quiet`."""
    hidden = quiet or not sys.stderr.isatty()
    with click.progressbar(length=1, label=label, file=sys.stderr, hidden=hidden) as bar:

        def progress(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield progress
