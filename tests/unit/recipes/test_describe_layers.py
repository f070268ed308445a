"""Layers in words and figures."""

from __future__ import annotations

import pytest

from digitry import recipes
from digitry.recipes.describe_layers import MOST_LINES, LayerFacts, describe_layers, layer_lines

pytest.importorskip("keras")


def test_a_network_is_told_layer_by_layer_with_all_its_parameters() -> None:
    recipe = recipes.get("cnn-dropout")
    layers = describe_layers(recipe.build_model())
    assert layers[0] == LayerFacts("Conv2D", layers[0].about, layers[0].output, layers[0].parameters)
    assert sum(one.parameters for one in layers) == recipe.parameters
    assert any(one.kind == "Dropout" and 0 < float(one.about) < 1 for one in layers)
    assert layers[-1].output == "10"


def test_words_and_shapes_are_those_of_the_layer() -> None:
    layers = describe_layers(recipes.get("cnn").build_model())
    assert layers[0] == LayerFacts("Conv2D", "32 of 3×3, relu", "26×26×32", 320)
    assert layers[1] == LayerFacts("MaxPooling2D", "2×2", "13×13×32", 0)
    assert layers[-1] == LayerFacts("Dense", "10, softmax", "10", 650)


def test_columns_stand_under_each_other_and_a_deep_network_is_one_line() -> None:
    few = [LayerFacts("Conv2D", "32 of 3×3, relu", "26×26×32", 320), LayerFacts("Dense", "10", "10", 1_290)]
    assert layer_lines(few) == [
        "  Conv2D  32 of 3×3, relu  26×26×32    320",
        "  Dense   10                     10  1,290",
        "  2 layers, 1,610 parameters",
    ]
    assert layer_lines(few[:1] * (MOST_LINES + 1)) == [f"{MOST_LINES + 1} layers, 5,440 parameters"]
