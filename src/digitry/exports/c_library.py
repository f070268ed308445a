"""ONNX network → a folder that is an Arduino library, and portable C99: network, header, camera frames.

The network is written by `c_source.py`. The code before it, from a camera's grey frame to the canonical digit, and the
examples are files of exports/c/, which any C compiler accepts; `python -m bench frames` compares them with images/.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitry.exports.c_source import labels_may_differ, run_files, to_c
from digitry.exports.onnx import graph_format
from digitry.exports.parity import ExportFormat
from digitry.networks.contract import Contract
from digitry.types import IMAGE_SIDE, Images

FRAME_FILES = ("digitry_frame.h", "digitry_frame.c", "digitry_ink.c")
"""From a grey frame to the canonical digit."""

EXAMPLES = ("camera/camera.ino", "computer/computer.c")

HEADER = """\
/* Reads one handwritten digit: {side}x{side} grey levels, light ink on black, the digit fitted into 20x20 and centred,
 * as digitry_find in digitry_frame.h makes them; gives how probable each class is. Not for two threads at once. */
#ifndef DIGITS_H
#define DIGITS_H

#ifdef __cplusplus
extern "C" {{
#endif

#define DIGITRY_CLASSES {classes}
#define DIGITRY_NAMES {{{names}}}

void digitry_read(const unsigned char image[{side} * {side}], float probabilities[DIGITRY_CLASSES]);

#ifdef __cplusplus
}}
#endif

#endif
"""

PROPERTIES = """\
name=digits
version=1.0.0
author=digitry
maintainer=digitry
sentence=Reads one handwritten digit.
paragraph=A small neural network as C tables, and the step from the grey frame of a camera to what it reads.
category=Data Processing
url=
architectures=*
includes=digits.h,digitry_frame.h
"""


def frame_sources() -> Path:
    """Return the folder with the C files that do not depend on the network."""
    return Path(str(resources.files("digitry") / "exports" / "c"))


def header_of(contract: Contract) -> str:
    """Return the header with what a sketch needs to know about the network."""
    names = ", ".join(f'"{_escaped(name)}"' for name in contract.class_names)
    return HEADER.format(side=IMAGE_SIDE, classes=len(contract.class_names), names=names)


def _escaped(name: str) -> str:
    """Return a name for a C string, with all but ASCII letters and digits escaped."""
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\{byte:03o}" for byte in name.encode())


def _write_folder(data: bytes, contract: Contract, path: Path, weights: str) -> None:
    source = to_c(data, contract, declaration='#include "digits.h"', weights=weights)
    files = {f"src/{name}": (frame_sources() / name).read_text(encoding="utf-8") for name in FRAME_FILES}
    files |= {f"examples/{name}": (frame_sources() / Path(name).name).read_text(encoding="utf-8") for name in EXAMPLES}
    files |= {"src/digits.c": source, "src/digits.h": header_of(contract), "library.properties": PROPERTIES}
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text, encoding="utf-8")


def _answers(path: Path, contract: Contract, images: Images) -> NDArray[np.float32]:
    return run_files(sorted((path / "src").glob("*.c")), images, len(contract.class_names))


def _format(weights: str = "float") -> ExportFormat:
    def from_graph(data: bytes, contract: Contract, path: Path, sample: Images) -> None:
        _write_folder(data, contract, path, weights)

    note, differing = "a folder for Arduino, with camera frames", labels_may_differ(weights)
    return graph_format("c-library", "C library", "", from_graph, _answers, note=note, labels_may_differ=differing)


FORMAT = _format()._replace(options={"weights": _format})
