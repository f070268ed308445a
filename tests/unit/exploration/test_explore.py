"""`explore`: files, pictures and page for datasets of any kind."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from digitry.errors import StorageError
from digitry.exploration.explore import explore
from digitry.exploration.explore_page import duplicates_text, key_figures
from digitry.exploration.facts import gather_facts
from digitry.exploration.illustrations import classes, drawings, kernel_density, samples
from digitry.types import Dataset, Split
from tests.conftest import make_digits


def _strange_dataset() -> Dataset:
    """No test split, 14 classes of which some are empty, names that break things, blanks, copies with two labels."""
    split = make_digits(60, classes=11)
    images = split.images.copy()
    images[7] = images[3]
    images[20] = images[21] = 0
    names = ["$x^$", "<b>bold</b>", "日本", "[red]r[/red]", "a rather long class name", "\ud800"]
    names += [f"class {i}" for i in range(8)]
    return Dataset("my/odd <set>", Split(images, split.labels), None, tuple(names), "0" * 64, "made by the tests")


def test_without_a_folder_nothing_is_written_or_drawn(made_up_dataset: Dataset, temporary_home: Path) -> None:
    found = explore(made_up_dataset)
    assert (found.page, found.pictures) == (None, ())
    assert list(temporary_home.iterdir()) == []
    said = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert (said["features"], said["page"], said["pictures"]) == (784, None, [])


def test_it_says_where_digits_lie_otherwise(made_up_dataset: Dataset) -> None:
    ten = dataclasses.replace(made_up_dataset, class_names=(*"123456789", "10"))
    with pytest.warns(UserWarning, match="if 10 stands for 0"):
        explore(ten)


def test_a_folder_gets_the_page_and_every_picture_twice(
    made_up_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[str, int, int]] = []
    found = explore(made_up_dataset, out=tmp_path / "new" / "e", progress=lambda *what: heard.append(what))
    names = ["samples", "classes", "intensities", "ink", "mean-images", "sd-images", "most-typical", "least-typical"]
    written = {path.name for path in (tmp_path / "new" / "e").iterdir()}
    assert {f"{name}.{suffix}" for name in names for suffix in ("png", "svg")} | {"explore.html"} <= written
    assert written == {path.name for path in found.pictures} | {"explore.html"}
    assert found.page is not None
    text = found.page.read_text("utf-8")
    assert "200 training and 50 test images of 28×28 pixels in 10 classes." in text
    assert "784" in text
    monkeypatch.setattr("digitry.pages.style.to_png_bytes", lambda figure: b"")  # the page has the other kind
    again = explore(made_up_dataset, out=tmp_path / "again")
    assert again.page is not None
    assert again.page.read_bytes() == found.page.read_bytes(), "the same dataset gives the same bytes"
    shares = [done / total for _, done, total in heard]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_strange_dataset_is_shown_too(tmp_path: Path) -> None:
    found = explore(_strange_dataset(), out=tmp_path / "strange")
    assert found.page is not None
    text = found.page.read_text("utf-8")
    assert "&lt;b&gt;bold&lt;/b&gt;" in text
    assert "<b>bold" not in text
    assert "duplicates.svg" in {path.name for path in found.pictures}
    assert "Equal images with different labels" in duplicates_text(found.facts)
    assert ("Imbalance", "∞", "3 of 14 classes empty") in key_figures(found.facts)


def test_one_image_is_enough(tmp_path: Path) -> None:
    dataset = Dataset("tiny", make_digits(1), None, tuple("0123456789"), "0" * 64, "made by the tests")
    assert explore(dataset, out=tmp_path / "tiny").page is not None


def test_256_classes_are_drawn(made_up_dataset: Dataset) -> None:
    split = make_digits(512, classes=256)
    dataset = Dataset("many", split, split, tuple(f"U+{i:04X}" for i in range(256)), "0" * 64, "made by the tests")
    facts = gather_facts(dataset)
    assert facts.duplicates.exact_across == 512
    for drawing in drawings(dataset, facts):
        drawing.draw()


def test_samples_depend_on_the_seed_alone(made_up_dataset: Dataset) -> None:
    def titles(seed: int) -> list[str]:
        return [text.get_text() for text in samples(made_up_dataset, seed).axes[0].texts]

    assert titles(0) == titles(0) != titles(1)
    chosen = np.random.default_rng(0).permutation(200)[:60]
    assert titles(0) == [str(label) for label in made_up_dataset.train.labels[chosen]]


def test_both_splits_stand_side_by_side_as_shares(made_up_dataset: Dataset) -> None:
    axes = classes(gather_facts(made_up_dataset)).axes[0]
    assert [[round(bar.get_height(), 6) for bar in bars] for bars in axes.containers] == [[10.0] * 10, [10.0] * 10]
    assert {text.get_text() for text in axes.texts} == {"20", "5"}


def test_the_density_is_one_in_all_and_follows_the_histogram() -> None:
    histogram = np.zeros(256, np.int64)
    histogram[[0, 255]] = 800, 200
    at, density = kernel_density(histogram, per_value=8)
    assert np.trapezoid(density, at) == pytest.approx(1, abs=1e-3)
    middle = len(at) // 2
    assert np.trapezoid(density[:middle], at[:middle]) == pytest.approx(0.8, abs=0.01), "nothing leaks over the edge"
    flat = kernel_density(np.full(256, 1000))[1]
    assert flat[20:236] == pytest.approx(np.full(216, 1 / 256), rel=1e-3)
    assert flat == pytest.approx(np.full(256, 1 / 256), rel=0.1), "no fall towards the edges"


def test_a_folder_that_cannot_be_written_is_noticed_before_the_work(made_up_dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    heard: list[str] = []
    with pytest.raises(StorageError, match=r"cannot make the folder .*file"):
        explore(made_up_dataset, out=tmp_path / "file", progress=lambda step, *_: heard.append(step))
    assert heard == []
    assert (tmp_path / "file").read_text() == "mine"


def test_names_are_loaded_through_load_dataset(made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    import digitry.datasets.load

    asked: list[object] = []

    def load_dataset(name: object, *, progress: object = None) -> Dataset:
        asked.append(name)
        return dataclasses.replace(made_up_dataset, name=str(name))

    monkeypatch.setattr(digitry.datasets.load, "load_dataset", load_dataset)
    assert explore("fashion-mnist").facts.name == "fashion-mnist"
    explore(Path("own"))
    assert asked == ["fashion-mnist", Path("own")]


def test_facts_need_neither_matplotlib_nor_jinja() -> None:
    code = (
        "import sys, numpy as np; from digitry.types import Dataset, Split\n"
        "from digitry.exploration.explore import explore\n"
        "split = Split(np.ones((2, 28, 28), np.uint8), np.zeros(2, np.int64))\n"
        "explore(Dataset('d', split, None, ('a', 'b'), '', '')).to_json()\n"
        "assert not {'matplotlib', 'jinja2', 'rich', 'keras'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
