"""The C of the small networks on a Cortex-M4: bytes of flash and RAM, and instructions under QEMU as an indication.

python -m bench chips [RUN ...]

Exports each RUN, by default the shipped networks for makers, as `c-library`, with float and with 8-bit weights;
compiles it with Debian's arm-none-eabi-gcc for a Cortex-M4 with FPU; measures it with arm-none-eabi-size; and runs
`qemu-system-arm -M mps2-an386` on a frame of 160x120 pixels and the digit in it. QEMU counts instructions, not cycles:
there are no caches and no flash wait states. Nothing was run on a device. Writes results/chips.json, in which networks
that were not named are left as they are. It needs
apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import frames

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "results" / "chips.json"
BOARD = Path(__file__).parent / "chips"
TOOLS = ("arm-none-eabi-gcc", "arm-none-eabi-size", "qemu-system-arm")
CPU = ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")
FLAGS = (*CPU, "-O2", "-std=c99", "-Wall", "-Wextra", "-ffunction-sections", "-fdata-sections")
PARTS = {"network": ("digits",), "frame_step": ("digitry_frame", "digitry_ink")}
INSTRUCTIONS_A_TICK = 40
"""With -icount shift=0, QEMU gives each instruction a nanosecond, and the board's clock ticks at 25 MHz."""


def main() -> None:
    from digitry.networks.model_files import run_or_shipped, shipped_runs
    from digitry.training import run_folder

    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        packages = "gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm"
        sys.exit(f"{', '.join(missing)} missing; on Debian: apt-get install {packages}")
    runs = {Path(name).name: run_or_shipped(name) for name in sys.argv[1:] or shipped_runs()}
    found = {name: measured(run, "float") | {"int8": measured(run, "int8")} for name, run in runs.items()}
    before = json.loads(RESULT.read_bytes())["networks"] if RESULT.is_file() else {}
    versions = {tool: printed(tool, "--version").splitlines()[0] for tool in TOOLS}
    about = {"command": "python -m bench chips", "flags": list(FLAGS), "tools": versions}
    RESULT.write_text(
        json.dumps({"networks": before | found, **about, **run_folder.describe_surroundings()}, indent=1) + "\n"
    )


def measured(run: Path, weights: str) -> dict[str, Any]:
    """Return flash, RAM and instructions of one run's network, and of the step before it."""
    import digitry

    with tempfile.TemporaryDirectory() as place:
        library = Path(place) / "library"
        proof = digitry.export(run, library, "c-library", weights=weights)
        objects = compiled(library / "src", Path(place))
        facts: dict[str, Any] = {
            part: flash_and_ram([objects[name] for name in names]) for part, names in PARTS.items()
        }
        program = Path(place) / "program.elf"
        (Path(place) / "frame.h").write_text(frame_as_c(), encoding="utf-8")
        board = [str(BOARD / "board.c"), "-T", str(BOARD / "board.ld"), "-nostartfiles", "--specs=nosys.specs"]
        include = [f"-I{library / 'src'}", f"-I{place}", "-Wl,--gc-sections"]
        printed(TOOLS[0], *FLAGS, *include, *board, *map(str, objects.values()), "-lm", "-o", str(program))
        facts["program"] = flash_and_ram([program])
        said = printed(
            TOOLS[2],
            *["-M", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none", "-icount", "shift=0"],
            "-semihosting-config",
            "enable=on,target=native",
            "-kernel",
            str(program),
            error_too=True,
        )
    ticks = re.fullmatch(r"class (\d+) frame (\d+) network (\d+)", said.strip())
    if ticks is None:
        sys.exit(f"QEMU ran the program otherwise than expected; it says: {said}")
    facts["frame_step"]["instructions"] = int(ticks[2]) * INSTRUCTIONS_A_TICK
    facts["network"]["instructions"] = int(ticks[3]) * INSTRUCTIONS_A_TICK
    facts["labels_as_in_keras"] = f"{proof.labels - proof.labels_differing} of {proof.labels}"
    facts["read_rightly"] = int(ticks[1]) == FRAME_LABEL
    if proof.accuracy is not None:
        facts["accuracy"] = proof.accuracy
    print(run.name, weights, json.dumps(facts), flush=True)
    return facts


def compiled(source: Path, place: Path) -> dict[str, Path]:
    """Compile every C file of the library to an object file."""
    objects = {path.stem: place / f"{path.stem}.o" for path in source.glob("*.c")}
    for name, target in objects.items():
        printed(TOOLS[0], *FLAGS, "-Werror", "-c", str(source / f"{name}.c"), "-o", str(target))
    return objects


def flash_and_ram(files: list[Path]) -> dict[str, int]:
    """Return bytes, as counted by `size`: code, tables and initial values in flash, variables in RAM."""
    rows = [line.split() for line in printed(TOOLS[1], *map(str, files)).splitlines()[1:]]
    return {
        "flash": sum(int(row[0]) + int(row[1]) for row in rows),
        "ram": sum(int(row[1]) + int(row[2]) for row in rows),
    }


FRAME, FRAME_LABEL = frames.example()


def frame_as_c() -> str:
    """Return the frame to read, as a C array."""
    values = ",".join(map(str, FRAME.ravel()))
    height, width = FRAME.shape
    return f"enum {{ WIDE = {width}, HIGH = {height} }};\nstatic const unsigned char frame[] = {{{values}}};\n"


def printed(*command: str, error_too: bool = False) -> str:
    """Return a tool's output; exit if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        sys.exit(f"{' '.join(command[:1])} ended with code {done.returncode}: {done.stderr.strip()}")
    return done.stdout + (done.stderr if error_too else "")


if __name__ == "__main__":
    main()
