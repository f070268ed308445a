"""docs/models/: a card for each shipped network, from its contract, its facts and the committed results.

Its purpose, limits and weak spots also go into src/digitry/models/cards.json, for the server's /about.

python bench/model_cards.py [--check]
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from math import prod
from pathlib import Path
from typing import Any

import onnx

from digitry import recipes
from digitry.evaluation.judging import parameters_of
from digitry.networks.model import Model
from digitry.networks.model_files import SHIPPED, run_or_shipped, shipped_runs
from digitry.runs import METRICS, Run
from documents import fill

ROOT = Path(__file__).parent.parent
SHORT = ROOT / "src" / "digitry" / "models" / "cards.json"
CARDS = {
    "digit": ("The network for digits", "image-classification", "shipped"),
    "number": ("The network for numbers", "image-to-text", "shipped-numbers"),
    "page": ("The network for pages", "object-detection", "shipped-pages"),
}


def main() -> None:
    reading, real = (
        json.loads((ROOT / "results" / f"{name}.json").read_bytes()) for name in ("reading", "real_pictures")
    )
    kinds = sorted(real["pages"]["kinds"].items(), key=lambda one: -one[1]["digits"]["f1"])
    old = []
    shown = {"reading": reading["parts"], "real": real["sets"], "pages": real["pages"], "kinds": kinds}
    pages = {reads: fill(f"model_card_{reads}", **card(reads, file), **shown) for reads, file in SHIPPED.items()}
    pages |= {name: fill("model_card_small", **small_card(name)) for name in shipped_runs()}
    files = {ROOT / "docs" / "models" / f"{reads}.md": page for reads, page in pages.items()}
    files[SHORT] = json.dumps(dict(map(in_short, pages.values())), indent=2, ensure_ascii=False) + "\n"
    for path, text in files.items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        old.append(path.name)
        if "--check" not in sys.argv:
            path.write_text(text, encoding="utf-8")
    if old and "--check" in sys.argv:
        sys.exit(f"{', '.join(old)} out of date; write them with: python bench/model_cards.py")


def in_short(page: str) -> tuple[str, dict[str, str]]:
    """Return a card's SHA-256, and its first paragraph on what to know before trusting the network."""
    (sha256,) = re.findall(r"^sha256: (\w+)$", page, re.MULTILINE)
    found = {
        name: re.search(rf"^## {heading}\n\n(.+?)\n\n", page, re.MULTILINE | re.DOTALL)
        for name, heading in (("purpose", "Intended use"), ("limits", "Out-of-scope use"), ("weak", "Known weak spots"))
    }
    return sha256, {name: " ".join(one[1].split()) for name, one in found.items() if one}


def card(reads: str, file: str) -> dict[str, Any]:
    """Return the facts of a network from its file and the facts beside it."""
    path = ROOT / "src" / "digitry" / "models" / file
    contract = Model.open(path).contract
    scale = contract.confidence_scale
    assert scale is not None
    title, task, info = CARDS[reads]
    return {
        "about": json.loads(path.with_suffix(".json").read_bytes()),
        "file": file,
        "title": title,
        "task": task,
        "info": info,
        "parameters": parameters_of(contract) or weights(path),
        "characters": len(contract.class_names) - 1,
        "scale": {
            "pictures": scale.pictures,
            "unit": "pictures" if reads != "page" else "readings",
            "made_of": scale.pictures_in_words,
            "steps": list(zip(scale.max_errors, scale.least, strict=True)),
        },
    }


def small_card(name: str) -> dict[str, Any]:
    """Return the facts of a small network from its run's folder, and its needs on a chip."""
    run = Run.open(run_or_shipped(name))
    test = json.loads((run.folder / METRICS).read_bytes())["splits"]["test"]
    scale = Model.open(run.model_file).contract.confidence_scale
    assert scale is not None
    chips = ROOT / "results" / "chips.json"
    measured = json.loads(chips.read_bytes())["networks"] if chips.is_file() else {}
    sha256 = hashlib.sha256(run.model_file.read_bytes()).hexdigest()
    refused = json.loads((ROOT / "results" / "no_digits.json").read_bytes())["networks"].get(name)
    return {
        "recipe": name,
        "seed": run.seed,
        "sha256": sha256,
        "bytes": sum(path.stat().st_size for path in run.folder.iterdir()),
        "parameters": recipes.get(run.recipe).parameters,
        "held_back": run.held_back.fraction,
        "scale": scale,
        "least_error": scale.least_error,
        "accuracy": test["accuracy"],
        "errors": test["error_count"],
        "chip": measured.get(name),
        "no_digits": refused if refused and refused["sha256"] == sha256 else None,
    }


def weights(path: Path) -> int:
    """Return the number of floating-point weights in its graph."""
    kinds = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)
    return sum(prod(one.dims) for one in onnx.load(path).graph.initializer if one.data_type in kinds)


if __name__ == "__main__":
    main()
