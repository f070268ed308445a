"""The C code in every program of `c_source.py`: the interpreter of the table, and the preparation of the image."""

from __future__ import annotations

import numpy as np

from digitry.networks.contract import DARK, Contract
from digitry.networks.prepare import WHITE, resizing
from digitry.types import IMAGE_SIDE

AXES = 8
"""Most axes of a loop, as needed by a grouped convolution."""


def preparation(contract: Contract) -> str:
    """Return the C code of `networks.prepare`: from a canonical digit to one of the contract's size."""
    side, scale = contract.input_shape[0], f"{np.float32(contract.scale)!s}f"
    level = f"({WHITE}.0f - {{}}) * {scale}" if contract.polarity == DARK else f"{{}} * {scale}"
    if side == IMAGE_SIDE:
        level = level.format("(float)image[i]")
        return f"    int i;\n    for (i = 0; i < SIDE * SIDE; i++) memory[IMAGE + i] = {level};"
    shares = ",\n".join(f"        {{{', '.join(f'{share!s}f' for share in row)}}}" for row in resizing(side))
    return RESIZING.format(side=side, shares=shares, level=level.format("sum"))


DECLARATION = "void digitry_read(const unsigned char image[SIDE * SIDE], float probabilities[CLASSES]);"

SOURCE = """\
/* Reads one handwritten digit. Written by digitry from a network of the recipe {recipe}; classes: {names}.
 * C99; {kilobytes:.1f} kB of weights and working memory, none of it allocated. Not for two threads at once.
 * image: {side}x{side} pixels, light ink on black, the digit fitted into 20x20 and centred, as MNIST's are.
 * To try it: cc -O2 -std=c99 -DDIGITRY_MAIN digits.c -lm; it takes images, a byte a pixel, and gives floats. */
#include <math.h>

enum {{ SIDE = {side}, CLASSES = {classes} }};
enum {{ SIZE = {size}, IMAGE = {image}, ANSWER = {answer}, AXES = {axes}, SUM = {sum} }};

/* For every place of all axes, `out` becomes what `kind` says of itself, `a` and `b`. Arrays lie in the memory, or
 * behind it among the numbers; a step is how far it is to the next place along an axis. */
typedef struct {{
    int kind, out, a, b, sizes[AXES], steps[AXES], steps_a[AXES], steps_b[AXES];
}} Loop;

static const Loop loops[] = {{
{table}
}};

static const float numbers[{count}] = {{
{numbers}
}};

{packed}static float memory[SIZE];

static const float *array(int place) {{
    return place < SIZE ? memory + place : numbers + (place - SIZE);
}}

static void run(const Loop *l) {{
    const float *a = array(l->a), *b = {b};
    const int count = l->sizes[AXES - 1];
    const int along = l->steps[AXES - 1], along_a = l->steps_a[AXES - 1], along_b = l->steps_b[AXES - 1];
    int out = l->out, at_a = 0, at_b = 0, places[AXES] = {{0}}, axis, i;
    (void)b;
    (void)along_b;
    do {{
        if (l->kind == SUM && along == 1 && along_a == 1 && along_b == 0) {{ /* nearly all of the work */
            float *restrict sums = memory + out;
            const float *restrict from = a + at_a;
            const float factor = {factor};
            for (i = 0; i < count; i++) sums[i] += from[i] * factor;
        }} else switch (l->kind) {{
{cases}
        }}
        for (axis = AXES - 2; axis >= 0; axis--) {{
            out += l->steps[axis], at_a += l->steps_a[axis], at_b += l->steps_b[axis];
            if (++places[axis] < l->sizes[axis]) break;
            places[axis] = 0;
            out -= l->sizes[axis] * l->steps[axis];
            at_a -= l->sizes[axis] * l->steps_a[axis];
            at_b -= l->sizes[axis] * l->steps_b[axis];
        }}
    }} while (axis >= 0);
}}

/* What the network sees of an image. */
static void prepare(const unsigned char image[SIDE * SIDE]) {{
{prepare}
}}

{declaration}

void digitry_read(const unsigned char image[SIDE * SIDE], float probabilities[CLASSES]) {{
    unsigned i;
    prepare(image);
    for (i = 0; i < sizeof loops / sizeof *loops; i++) run(&loops[i]);
    for (i = 0; i < CLASSES; i++) probabilities[i] = memory[ANSWER + i];
}}

#ifdef DIGITRY_MAIN
#include <stdio.h>

int main(void) {{
    unsigned char image[SIDE * SIDE];
    float probabilities[CLASSES];
    while (fread(image, 1, sizeof image, stdin) == sizeof image) {{
        digitry_read(image, probabilities);
        fwrite(probabilities, sizeof *probabilities, CLASSES, stdout);
    }}
    return 0;
}}
#endif
"""

PACKED = """\
/* Weights in 8 bits; those of a block share a scale. They lie behind the numbers. */
enum {{ PACKED = {first}, BLOCK = {block} }};

static const signed char packed[{count}] = {{
{values}
}};

static const float scales[{blocks}] = {{
{scales}
}};

static float weight(int place) {{
    return (float)packed[place - PACKED] * scales[(place - PACKED) / BLOCK];
}}

"""

RESIZING = """\
    static const float shares[{side}][SIDE] = {{
{shares}
    }};
    int row, column, x, y;
    for (row = 0; row < {side}; row++)
        for (column = 0; column < {side}; column++) {{
            float sum = 0.0f;
            for (y = 0; y < SIDE; y++)
                if (shares[row][y] != 0.0f)
                    for (x = 0; x < SIDE; x++) sum += shares[row][y] * shares[column][x] * (float)image[y * SIDE + x];
            memory[IMAGE + row * {side} + column] = {level};
        }}"""
