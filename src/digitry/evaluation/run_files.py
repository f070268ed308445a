"""What a run left in its folder, read back and checked."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitry.errors import ModelError

Epoch = dict[str, float]
"""One line of history.jsonl: epoch, loss, accuracy, and val_loss, val_accuracy where a part was held back."""


@dataclass(frozen=True)
class RunFiles:
    """The parts of a run that judging needs."""

    folder: Path
    config: dict[str, Any]
    history: tuple[Epoch, ...]

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    @property
    def model(self) -> Path:
        return self.folder / "model.onnx"

    @property
    def recipe(self) -> str:
        return str(self.config["recipe"])

    @property
    def data(self) -> str:
        """Name or path of the dataset it was trained on."""
        return str(self.config["data"])

    @property
    def data_sha256(self) -> str:
        return str(self.config["data_sha256"])

    @property
    def hold_out(self) -> tuple[float, str, int]:
        """Fraction, method and seed by which the validation part was held back; the fraction is 0 if none was."""
        settings = self.config["settings"]
        fraction = float(settings.get("validation_fraction", 0.0))
        return fraction, str(settings.get("validation_method", "last")), int(self.config["seed"])


def read_run(folder: str | Path) -> RunFiles:
    """The run in `folder`; ModelError if it is no run, or has no model yet."""
    folder = Path(folder)
    config = _config_of(folder)
    model_of(folder)
    return RunFiles(folder, config, read_history(folder / "history.jsonl"))


def model_of(folder: Path) -> Path:
    """The ONNX file of a run; ModelError, which says how to go on, for a folder without one."""
    model = folder / "model.onnx"
    if model.is_file():
        return model
    _config_of(folder)  # a folder that is no run says so
    raise ModelError(
        f"run {folder} has no model.onnx, so its training did not end; go on with the command that began it, and with "
        f"--run {shlex.quote(str(folder))} --resume"
    )


def _config_of(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    if not path.is_file():
        raise ModelError(
            f"{folder} is not a run: expected a folder with config.json and model.onnx; make one: digitry train cnn"
        )
    return _read_config(path)


def read_history(path: Path) -> tuple[Epoch, ...]:
    """The epochs in order; none where the file is missing. A last line cut off by a crash is left out."""
    if not path.is_file():
        return ()
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    epochs: list[Epoch] = []
    for number, line in enumerate(lines, start=1):
        epoch = _parse_epoch(line)
        if epoch is not None:
            epochs.append(epoch)
        elif number < len(lines):
            raise ModelError(f"{path} line {number} is not one epoch as JSON; delete that line or the file")
    return tuple(epochs)


def _parse_epoch(line: str) -> Epoch | None:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict) or not {"epoch", "loss", "accuracy"} <= raw.keys():
        return None
    numbers = {k: v for k, v in raw.items() if isinstance(v, int | float)}
    return numbers if numbers.keys() == raw.keys() else None


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not JSON; the run cannot be judged, train it again") from error
    kinds = {"recipe": str, "data": str, "data_sha256": str, "seed": int, "settings": dict}
    if not isinstance(config, dict) or not all(isinstance(config.get(name), kind) for name, kind in kinds.items()):
        raise ModelError(f"{path} must hold {', '.join(kinds)}; the run cannot be judged, train it again")
    return config
