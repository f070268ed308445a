"""ONNX network → one C99 file that gives the same answers: no allocation, no library but the C one, no files.

A digit reader for a microcontroller. All that the network does becomes rows of a table, each one loop over numbers
(exports/loops.py), and thirty lines of C that walk through it.
"""

from __future__ import annotations

import bisect
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitry.errors import ModelError
from digitry.exports.folded import folded
from digitry.exports.loop_operators import translated
from digitry.exports.loops import SUM, Array, Loop, Program
from digitry.exports.onnx import to_onnx
from digitry.exports.parity import ExportFormat
from digitry.networks.contract import Contract
from digitry.types import Images

FLAGS = ("-O2", "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic")

AXES = 8
"""Of a loop: those of a convolution in groups."""


def run_source(source: str, images: Images, classes: int) -> NDArray[np.float32]:
    """Compile the source and let it read images, uint8 (n, 28, 28): probabilities, float32 (n, classes).

    Raises ModelError if there is no C compiler to prove the file with.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise ModelError("the C file is only written when it is proven, which needs a C compiler; install gcc or clang")
    with tempfile.TemporaryDirectory() as folder:
        code, program = Path(folder) / "digits.c", Path(folder) / "digits"
        code.write_text(source, encoding="utf-8")
        command = [compiler, *FLAGS, "-DDIGITRY_MAIN", str(code), "-o", str(program), "-lm"]
        built = subprocess.run(command, capture_output=True, text=True, check=False)
        if built.returncode:
            reason = (built.stderr.strip().splitlines() or ["it does not say why"])[0]
            raise ModelError(f"{compiler} does not compile the C file: {reason}")
        done = subprocess.run([str(program)], input=images.tobytes(), capture_output=True, check=False)
        if done.returncode:
            raise ModelError(f"the C program ended with code {done.returncode}; please report it")
    return np.frombuffer(done.stdout, np.float32).reshape(-1, classes)


def to_c(data: bytes, contract: Contract) -> str:
    """Turn the bytes of an ONNX network that reads single digits into C99 source; the same bytes give the same text.

    Raises ModelError when an operator has no form in C.
    """
    if contract.reads != "digit":
        raise ModelError("only networks for single digits can be written as C")
    program, image, answer = translated(folded(data).graph, (1, *contract.input_shape))
    if not answer.flags.c_contiguous:
        answer = program.made("x", answer)
    plan = Plan(program, image, answer)
    expressions = list(dict.fromkeys(loop.expression for loop in program.loops))
    return SOURCE.format(
        recipe=_in_a_comment(contract.recipe),
        names=_in_a_comment(" ".join(contract.class_names)),
        classes=len(contract.class_names),
        kilobytes=(plan.size + plan.numbers.size) * 4 / 1000,
        axes=AXES,
        sum=expressions.index(SUM) if SUM in expressions else -1,
        size=plan.size,
        image=plan.place(image),
        answer=plan.place(answer),
        count=plan.numbers.size,
        table="\n".join(_row(loop, expressions, plan) for loop in program.loops),
        numbers=_wrapped(plan.numbers),
        cases="\n".join(_case(number, expression) for number, expression in enumerate(expressions)),
    )


class Plan:
    """Where every array of a program lies: those that are written to share memory, the constants come after it."""

    def __init__(self, program: Program, image: Array, answer: Array) -> None:
        self.arrays = {_address(array): array for array in (*program.memory, *program.constants)}
        self.starts = sorted(self.arrays)
        self.at: dict[int, int] = {}
        uses = [(-1, image), *enumerated(program.loops), (len(program.loops), answer)]
        life: dict[int, tuple[int, int]] = {}
        for moment, view in uses:
            start = self._start(view)
            life[start] = (life.get(start, (moment, moment))[0], moment)
        constants = {_address(array) for array in program.constants}
        self.size = self._share({start: span for start, span in life.items() if start not in constants})
        parts: dict[bytes, int] = {}
        for array in program.constants:
            if _address(array) in life:
                count = sum(len(part) for part in parts) // 4
                self.at[_address(array)] = self.size + parts.setdefault(array.tobytes(), count)
        self.numbers = np.frombuffer(b"".join(parts), np.float32)

    def place(self, view: Array) -> int:
        """Tell where the first number of a view lies."""
        start = self._start(view)
        return self.at[start] + (_address(view) - start) // 4

    def _start(self, view: Array) -> int:
        return self.starts[bisect.bisect_right(self.starts, _address(view)) - 1]

    def _share(self, life: dict[int, tuple[int, int]]) -> int:
        """Give every array the lowest room that is free from its first use to its last; how much there is in all."""
        taken: list[tuple[int, int, int]] = []  # from, to, last use
        size = 0
        for start, (first, last) in sorted(life.items(), key=lambda one: one[1]):
            room, needed = 0, self.arrays[start].size
            for low, high, until in sorted(taken):
                if until >= first and room + needed > low:
                    room = max(room, high)
            self.at[start] = room
            taken.append((room, room + needed, last))
            size = max(size, room + needed)
        return size


def enumerated(loops: list[Loop]) -> list[tuple[int, Array]]:
    """Return every array that a loop touches, with the loop's number."""
    return [(number, view) for number, loop in enumerate(loops) for view in (loop.out, loop.a, loop.b)]


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])


def _row(loop: Loop, expressions: list[str], plan: Plan) -> str:
    sizes, steps = _fewer_axes(loop)
    places = [plan.place(view) for view in (loop.out, loop.a, loop.b)]
    lists = ", ".join(f"{{{', '.join(map(str, one))}}}" for one in (sizes, *steps))
    return f"    {{{expressions.index(loop.expression)}, {', '.join(map(str, places))}, {lists}}},"


def _fewer_axes(loop: Loop) -> tuple[list[int], list[list[int]]]:
    """Sizes and steps of the three arrays, with axes that run on in all three as one, and filled up to `AXES`."""
    sizes: list[int] = []
    steps: list[list[int]] = [[], [], []]
    for axis in reversed(range(loop.out.ndim)):
        here = [view.strides[axis] // 4 for view in (loop.out, loop.a, loop.b)]
        if loop.out.shape[axis] == 1:
            continue
        if sizes and all(step == one[0] * sizes[0] for step, one in zip(here, steps, strict=True)):
            sizes[0] *= loop.out.shape[axis]
            continue
        sizes.insert(0, loop.out.shape[axis])
        for step, one in zip(here, steps, strict=True):
            one.insert(0, step)
    missing = AXES - len(sizes)
    if missing < 0:
        raise ModelError(f"a loop over {len(sizes)} axes has no form in C here")
    return [1] * missing + sizes, [[0] * missing + one for one in steps]


def _case(number: int, expression: str) -> str:
    names = {"o": "memory[out + i * along]", "x": "a[at_a + i * along_a]", "y": "b[at_b + i * along_b]"}
    code = re.sub(r"\b[oxy]\b", lambda found: names[found[0]], expression)
    return f"        case {number}: for (i = 0; i < count; i++) {names['o']} = {code}; break;"


def _in_a_comment(text: str) -> str:
    """Clean what stands in a comment: names come from people's folders: none may end the comment, or begin another."""
    return text.replace("*", "_").replace("\\", "_")


def _wrapped(values: NDArray[np.float32]) -> str:
    # The shortest text that is read as the same float again.
    texts = [f"{value!s}f" for value in values]
    return "\n".join("    " + " ".join(f"{text}," for text in texts[at : at + 8]) for at in range(0, len(texts), 8))


SOURCE = """\
/* Reads one handwritten digit. Written by digitry from a network of the recipe {recipe}; classes: {names}.
 * C99; {kilobytes:.1f} kB of weights and working memory, none of it allocated. Not for two threads at once.
 * image: 28x28 pixels, light ink on black, the digit fitted into 20x20 and centred, as MNIST's are.
 * To try it: cc -O2 -std=c99 -DDIGITRY_MAIN digits.c -lm; it takes images of 784 bytes, and gives floats. */
#include <math.h>

enum {{ CLASSES = {classes}, SIZE = {size}, IMAGE = {image}, ANSWER = {answer}, AXES = {axes}, SUM = {sum} }};

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

static float memory[SIZE];

static const float *array(int place) {{
    return place < SIZE ? memory + place : numbers + (place - SIZE);
}}

static void run(const Loop *l) {{
    const float *a = array(l->a), *b = array(l->b);
    const int count = l->sizes[AXES - 1];
    const int along = l->steps[AXES - 1], along_a = l->steps_a[AXES - 1], along_b = l->steps_b[AXES - 1];
    int out = l->out, at_a = 0, at_b = 0, places[AXES] = {{0}}, axis, i;
    (void)b;
    (void)along_b;
    do {{
        if (l->kind == SUM && along == 1 && along_a == 1 && along_b == 0) {{ /* nearly all of the work */
            float *restrict sums = memory + out;
            const float *restrict from = a + at_a;
            const float factor = b[at_b];
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

void digitry_read(const unsigned char image[784], float probabilities[CLASSES]);

void digitry_read(const unsigned char image[784], float probabilities[CLASSES]) {{
    unsigned i;
    for (i = 0; i < 784; i++) memory[IMAGE + i] = (float)image[i] / 255.0f;
    for (i = 0; i < sizeof loops / sizeof *loops; i++) run(&loops[i]);
    for (i = 0; i < CLASSES; i++) probabilities[i] = memory[ANSWER + i];
}}

#ifdef DIGITRY_MAIN
#include <stdio.h>

int main(void) {{
    unsigned char image[784];
    float probabilities[CLASSES];
    while (fread(image, 1, sizeof image, stdin) == sizeof image) {{
        digitry_read(image, probabilities);
        fwrite(probabilities, sizeof *probabilities, CLASSES, stdout);
    }}
    return 0;
}}
#endif
"""


def _write(model: Any, contract: Contract, path: Path, sample: Images) -> None:
    path.write_text(to_c(to_onnx(model, contract), contract), encoding="utf-8")


def _answers(path: Path, contract: Contract, images: Images) -> NDArray[np.float32]:
    return run_source(path.read_text(encoding="utf-8"), images, len(contract.class_names))


FORMAT = ExportFormat("C program", ".c", _write, _answers)
