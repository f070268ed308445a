"""The network in the package that reads whole numbers, even with touching digits, from ink strips.

Source      ours: convolutions with batch normalisation over a strip 40 pixels high and of any width, one answer every
            two pixels, trained by connectionist temporal classification (Graves et al. 2006) on numbers written with
            MNIST's training digits and drawn signs, and photographed (synthesis/number_strips.py): no picture of a
            number needed
Measured    see src/digitry/models/number.json and results/reading.json
Command     python -m bench shipped-model
"""

from __future__ import annotations

from typing import Any

from digitry.networks.contract import STRIP_SHAPE
from digitry.recipes.base import Recipe, Settings

FRAMES_PER_COLUMN = 2
"""The last layer's columns are four pixels wide: too wide to separate two narrow digits, so each answers twice."""


def build(classes: int, settings: Settings) -> Any:
    """Build the network for this many classes."""
    from keras import Sequential, layers

    def convolution(filters: int, size: int | tuple[int, int], **options: Any) -> list[Any]:
        # No bias, because normalisation follows.
        options = {"padding": "same", **options}
        return [
            layers.Conv2D(filters, size, use_bias=False, **options),
            layers.BatchNormalization(),
            layers.ReLU(),
        ]

    return Sequential(
        [
            layers.Input((STRIP_SHAPE[0], None, 1)),
            *convolution(24, 5, strides=2),
            *convolution(48, 3),
            layers.MaxPooling2D(2),
            *convolution(96, 3),
            *convolution(96, 3),
            layers.MaxPooling2D((2, 1)),
            *convolution(128, 3),
            *convolution(144, (5, 1), padding="valid"),  # only one row is left
            *convolution(144, (1, 5)),
            *convolution(144, (1, 5)),
            layers.Dropout(settings.dropout or 0.0),
            layers.Conv2D(FRAMES_PER_COLUMN * (1 + classes), 1),
            layers.Reshape((-1, 1 + classes)),
        ],
        name="number-reader",
    )


RECIPE = Recipe(
    name="number-reader",
    summary="8 convolutions over a strip of any width, batch norm, relu → 2 × 29 logits every four pixels; CTC",
    source="digitry",
    parameters=557_202,
    settings=Settings(
        epochs=180,
        batch_size=64,
        optimizer="adamw",
        learning_rate=0.003,
        schedule="cosine",
        dropout=0.1,
        precision="bfloat16",
        augment=True,
        strips_per_epoch=8192,
        validation_fraction=0.1,
        validation_method="stratified",
    ),
    build=build,
    plain_torch=True,
    reads="number",
)
