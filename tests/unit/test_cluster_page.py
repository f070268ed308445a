"""What docs/cluster.md says to type, and whom it names, is what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from digitry import recipes
from digitry.workers.join_cluster import START

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cluster.md").read_text("utf-8")


def names_after(words: str) -> set[str]:
    """The recipes that are named from these words to the end of the clause."""
    (text,) = re.findall(rf"{re.escape(words)}(.*?)(?:, with |, rounds )", PAGE, re.DOTALL)
    return set(re.findall(r"[\w-]+", text)) & set(recipes.names())


def test_a_cluster_is_started_as_its_error_message_says() -> None:
    assert f"    {START}\n" in PAGE


def test_the_recipes_that_can_be_shared_and_those_that_round_coarsely_are_named() -> None:
    every = [recipes.get(name) for name in recipes.names()]
    assert names_after("**Recipes that plain Torch trains:**") == {one.name for one in every if one.plain_torch}
    coarse = {one.name for one in every if one.settings.precision == "bfloat16"}
    assert names_after("`precision=bfloat16`, the default of") == coarse
