"""ONNX network → one C99 file that gives the same answers: no allocation, no files, nothing but the C library.

A digit reader for microcontrollers. The network becomes the rows of a table, each one loop over numbers
(exports/loops.py), and thirty lines of C that interpret it.
"""

from __future__ import annotations

import bisect
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitry.errors import ModelError, unknown_name
from digitry.exports.c_text import AXES, DECLARATION, PACKED, SOURCE, preparation
from digitry.exports.c_weights import in_8_bits
from digitry.exports.folded import folded
from digitry.exports.loop_operators import translated
from digitry.exports.loops import SUM, Array, Loop, Program
from digitry.exports.onnx import graph_format
from digitry.exports.parity import ExportFormat
from digitry.networks.contract import Contract
from digitry.types import IMAGE_SIDE, Images

FLAGS = ("-O2", "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic")


def run_source(source: str, images: Images, classes: int) -> NDArray[np.float32]:
    """Compile the source and return its probabilities, float32 (n, classes), for images, uint8 (n, 28, 28).

    Raises ModelError if there is no C compiler to verify the file with.
    """
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder) / "digits.c"
        code.write_text(source, encoding="utf-8")
        return run_files([code], images, classes)


def run_files(sources: list[Path], images: Images, classes: int) -> NDArray[np.float32]:
    """Do the same as `run_source` with a program of several files."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise ModelError("C is only written after it has been tested, which needs a C compiler; install gcc or clang")
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "digits"
        command = [compiler, *FLAGS, "-DDIGITRY_MAIN", *map(str, sources), "-o", str(program), "-lm"]
        built = subprocess.run(command, capture_output=True, text=True, check=False)
        if built.returncode:
            reason = (built.stderr.strip().splitlines() or ["it does not say why"])[0]
            raise ModelError(f"{compiler} does not compile the C file: {reason}")
        done = subprocess.run([str(program)], input=images.tobytes(), capture_output=True, check=False)
        if done.returncode:
            raise ModelError(f"the C program ended with code {done.returncode}; please report it")
    return np.frombuffer(done.stdout, np.float32).reshape(-1, classes)


WEIGHT_KINDS = {"float": 0.0, "int8": 0.005}
"""Kind of weights → the largest share of labels that may differ with it."""


def to_c(data: bytes, contract: Contract, *, declaration: str = DECLARATION, weights: str = "float") -> str:
    """Convert the bytes of an ONNX network for single digits to C99 source, deterministically.

    `declaration` is put before the reading function: its declaration, or an include. `weights` is one of
    `WEIGHT_KINDS`: with `int8` they take slightly more than a quarter of the space, and the answers are close but not
    equal.

    Raises ModelError if an operator has no form in C.
    """
    if contract.reads != "digit":
        raise ModelError("only networks for single digits can be written as C")
    program, image, answer = translated(folded(data).graph, (1, *contract.input_shape))
    if not answer.flags.c_contiguous:
        answer = program.made("x", answer)
    plan = Plan(program, image, answer, pack=weights == "int8")
    expressions = list(dict.fromkeys(loop.expression for loop in program.loops))
    return SOURCE.format(
        recipe=_in_a_comment(contract.recipe),
        names=_in_a_comment(" ".join(contract.class_names)),
        classes=len(contract.class_names),
        kilobytes=((plan.size + plan.numbers.size) * 4 + plan.packed.bytes) / 1000,
        axes=AXES,
        sum=expressions.index(SUM) if SUM in expressions else -1,
        size=plan.size,
        image=plan.place(image),
        answer=plan.place(answer),
        count=plan.numbers.size,
        table="\n".join(_row(loop, expressions, plan) for loop in program.loops),
        numbers=_wrapped(_floats(plan.numbers)),
        cases="\n".join(_case(number, one, plan) for number, one in enumerate(expressions)),
        side=IMAGE_SIDE,
        prepare=preparation(contract),
        declaration=declaration,
        **_packed_text(plan),
    )


def _packed_text(plan: Plan) -> dict[str, str]:
    """Return the parts of the program that differ if weights are packed."""
    if not plan.packed.bytes:
        return {"packed": "", "b": "array(l->b)", "factor": "b[at_b]"}
    tables = PACKED.format(
        first=plan.size + plan.numbers.size,
        block=plan.packed.block,
        count=plan.packed.values.size,
        values=_wrapped([str(value) for value in plan.packed.values], 24),
        blocks=plan.packed.scales.size,
        scales=_wrapped(_floats(plan.packed.scales)),
    )
    factor = "l->b < PACKED ? b[at_b] : weight(l->b + at_b)"
    return {"packed": tables, "b": "array(l->b < PACKED ? l->b : 0)", "factor": factor}


LEAST_IN_8_BITS = 64
"""Smaller constants stay floats."""


class Plan:
    """The memory layout of a program: written arrays, which share memory, then constants, then packed constants."""

    def __init__(self, program: Program, image: Array, answer: Array, *, pack: bool = False) -> None:
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
        large = self._weights(program) if pack else set()
        kept = [one for one in program.constants if _address(one) in life and _address(one) not in large]
        for array in kept:
            count = sum(len(part) for part in parts) // 4
            self.at[_address(array)] = self.size + parts.setdefault(array.tobytes(), count)
        self.numbers = np.frombuffer(b"".join(parts), np.float32)
        self.packed = in_8_bits([self.arrays[start] for start in sorted(large)])
        for start, place in zip(sorted(large), self.packed.places, strict=True):
            self.at[start] = self.size + self.numbers.size + place

    def _weights(self, program: Program) -> set[int]:
        """Return the constants that are used only as factors and are large enough to be worth packing."""
        elsewhere = {self._start(loop.a) for loop in program.loops}
        elsewhere |= {self._start(loop.b) for loop in program.loops if loop.expression != SUM}
        factors = {self._start(loop.b) for loop in program.loops if loop.expression == SUM} - elsewhere
        constants = {_address(array) for array in program.constants if array.size >= LEAST_IN_8_BITS}
        return factors & constants

    def place(self, view: Array) -> int:
        """Return the offset of the first number of a view."""
        start = self._start(view)
        return self.at[start] + (_address(view) - start) // 4

    def _start(self, view: Array) -> int:
        return self.starts[bisect.bisect_right(self.starts, _address(view)) - 1]

    def _share(self, life: dict[int, tuple[int, int]]) -> int:
        """Assign every array the lowest space free from its first to its last use; return the total size."""
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
    """Return every array used by a loop, with the number of the loop."""
    return [(number, view) for number, loop in enumerate(loops) for view in (loop.out, loop.a, loop.b)]


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])


def _row(loop: Loop, expressions: list[str], plan: Plan) -> str:
    sizes, steps = _fewer_axes(loop)
    places = [plan.place(view) for view in (loop.out, loop.a, loop.b)]
    lists = ", ".join(f"{{{', '.join(map(str, one))}}}" for one in (sizes, *steps))
    return f"    {{{expressions.index(loop.expression)}, {', '.join(map(str, places))}, {lists}}},"


def _fewer_axes(loop: Loop) -> tuple[list[int], list[list[int]]]:
    """Return the sizes and steps of the three arrays, merging axes contiguous in all three, padded to `AXES`."""
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


def _case(number: int, expression: str, plan: Plan) -> str:
    names = {"o": "memory[out + i * along]", "x": "a[at_a + i * along_a]", "y": "b[at_b + i * along_b]"}
    if expression == SUM and plan.packed.bytes:
        names["y"] = f"(l->b < PACKED ? {names['y']} : weight(l->b + at_b + i * along_b))"
    code = re.sub(r"\b[oxy]\b", lambda found: names[found[0]], expression)
    return f"        case {number}: for (i = 0; i < count; i++) {names['o']} = {code}; break;"


def _in_a_comment(text: str) -> str:
    """Clean text for a comment, because names from folders must not end the comment or begin another."""
    return text.replace("*", "_").replace("\\", "_")


def _floats(values: NDArray[np.float32]) -> list[str]:
    # The shortest text that parses to the same float.
    return [f"{value!s}f" for value in values]


def _wrapped(texts: list[str], wide: int = 8) -> str:
    return "\n".join(
        "    " + " ".join(f"{text}," for text in texts[at : at + wide]) for at in range(0, len(texts), wide)
    )


def _answers(path: Path, contract: Contract, images: Images) -> NDArray[np.float32]:
    return run_source(path.read_text(encoding="utf-8"), images, len(contract.class_names))


def _format(weights: str = "float") -> ExportFormat:
    def from_graph(data: bytes, contract: Contract, path: Path, sample: Images) -> None:
        path.write_text(to_c(data, contract, weights=weights), encoding="utf-8")

    differing = labels_may_differ(weights)
    return graph_format(
        "c-array", "C program", ".c", from_graph, _answers, note="one C99 file", labels_may_differ=differing
    )


def labels_may_differ(weights: str) -> float:
    """Return the share of labels that may differ with weights of this kind. Raises SettingError for an unknown one."""
    if weights not in WEIGHT_KINDS:
        raise unknown_name("kind of weights", weights, WEIGHT_KINDS)
    return WEIGHT_KINDS[weights]


FORMAT = _format()._replace(options={"weights": _format})
