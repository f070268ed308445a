"""Charts: sizes, contents, determinism, strange names, and the reader's own settings."""

from __future__ import annotations

import base64
import io
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from digitry.errors import StorageError
from digitry.pages.charts import (
    bars,
    heatmap,
    image_grid,
    lines,
    plain_number,
    safe_label,
    save_figure,
    styled,
    to_png_bytes,
    to_svg,
)

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (7, 28, 28), dtype=np.uint8)


def _mosaic(svg: str) -> np.ndarray:
    found = re.findall(r"data:image/png;base64,\s*([A-Za-z0-9+/=\s]+)", svg)
    assert len(found) == 1, "a grid is one raster"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(found[0]))).convert("L"))


def test_a_grid_of_digits_is_one_small_sharp_raster() -> None:
    svg = to_svg(image_grid(IMAGES, columns=4))
    mosaic = _mosaic(svg)
    assert mosaic.shape == (2 * 28 + 4, 4 * 28 + 3 * 4)
    assert "pixelated" in svg
    assert np.array_equal(mosaic[:28, :28], IMAGES[0])
    assert np.array_equal(mosaic[32:60, 64:92], IMAGES[6])
    assert (mosaic[32:60, 96:] == 255).all(), "the last place stays paper"


def test_an_image_of_nan_leaves_its_place_empty() -> None:
    images = IMAGES[:2].astype(np.float32)
    images[1] = np.nan
    mosaic = _mosaic(to_svg(image_grid(images, columns=2)))
    assert (mosaic[:, 32:] == 255).all()
    assert np.array_equal(mosaic[:, :28], IMAGES[0])


def test_titles_and_frames_take_their_colours() -> None:
    figure = image_grid(IMAGES[:2], ["right", "wrong"], 2, [None, "#D55E00"])
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.texts] == ["right", "wrong"]
    assert axes.texts[1].get_color() == "#D55E00"
    assert len(axes.patches) == 1


@pytest.mark.parametrize(
    ("images", "titles", "columns", "colours", "message"),
    [
        (IMAGES[:0], None, 4, None, "at least one image"),
        (IMAGES, None, 0, None, "at least one image"),
        (IMAGES, ["a"], 4, None, "one title per image, not 1 for 7"),
        (IMAGES, None, 4, ["red"], "one colour per image, not 1 for 7"),
    ],
)
def test_a_grid_says_what_does_not_fit(images, titles, columns, colours, message) -> None:
    with pytest.raises(ValueError, match=message):
        image_grid(images, titles, columns, colours)


def test_the_same_figure_gives_the_same_bytes_without_a_date() -> None:
    def draw():
        return bars(["a", "b"], {"train": [5, 6], "test": [1, 2]}, title="T")

    assert to_svg(draw()) == to_svg(draw())
    assert to_png_bytes(draw()) == to_png_bytes(draw())
    assert "dc:date" not in to_svg(draw())
    assert "matplotlib" not in to_svg(draw()).split("<defs")[0].lower().replace("created with matplotlib", "")


def test_bars_have_the_given_heights_side_by_side() -> None:
    figure = bars(["a", "b"], {"train": [5, 6], "test": [1, 2]})
    first, second = figure.axes[0].containers
    assert [bar.get_height() for bar in first] == [5, 6]
    assert [bar.get_height() for bar in second] == [1, 2]
    assert first[0].get_x() + first[0].get_width() <= second[0].get_x()
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["train", "test"]


def test_of_many_names_only_some_are_written() -> None:
    figure = bars([str(i) for i in range(256)], {"": np.ones(256)})
    names = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert names == [str(i) for i in range(0, 256, 10)]


def test_lines_hold_their_points_and_the_reference_is_dashed() -> None:
    figure = lines(
        {"loss": ([1, 2, 3], [0.3, 0.2, 0.1]), "chance": ([1, 3], [0.9, 0.9])}, dashed=["chance"], log_y=True
    )
    loss, chance = figure.axes[0].lines
    assert loss.get_ydata().tolist() == [0.3, 0.2, 0.1]
    assert (loss.get_linestyle(), chance.get_linestyle()) == ("-", "--")
    to_svg(figure)


def test_a_line_over_another_leaves_it_to_be_seen() -> None:
    first = ([1, 2], [0.5, 0.6])
    figure = lines({"a": first, "other": ([1, 2], [0.6, 0.5]), "longer": ([1, 2, 3], [0.5, 0.6, 0.7]), "again": first})
    assert [line.get_linestyle() for line in figure.axes[0].lines] == ["-", "-", "--", ":"]


def test_a_heat_map_writes_every_number_but_zero() -> None:
    figure = heatmap(np.array([[50, 0], [3, 40]]), ["a", "b"], ["a", "b"], colour_values=[[1.0, 0], [0.1, 0.9]])
    assert sorted(text.get_text() for text in figure.axes[0].texts) == ["3", "40", "50"]
    assert not heatmap(np.ones((16, 16), int), [str(i) for i in range(16)], [str(i) for i in range(16)]).axes[0].texts
    to_svg(heatmap(np.zeros((2, 2), int), ["a", "b"], ["a", "b"]))


def test_names_from_strangers_are_text_and_nothing_else() -> None:
    name = "$x^{2$\x00\n<b>"
    svg = to_svg(bars([name, "日本", "\ud800"], {"": [1, 2, 3]}))
    ElementTree.fromstring(svg)
    assert safe_label(name) == "$x^{2$ <b>"
    assert safe_label("a very long name indeed", 8) == "a very …"
    assert safe_label("\ud800") == ""


def test_the_readers_own_settings_change_nothing_and_come_back() -> None:
    import matplotlib

    plain = to_svg(bars(["a"], {"": [1]}))
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black", "svg.hashsalt": "other"}):
        assert to_svg(bars(["a"], {"": [1]})) == plain
        assert matplotlib.rcParams["font.size"] == 30
        with pytest.raises(RuntimeError), styled():
            raise RuntimeError
        assert matplotlib.rcParams["font.size"] == 30


def test_save_writes_both_files_and_keeps_dots_in_the_name(tmp_path: Path) -> None:
    png, svg = save_figure(image_grid(IMAGES), tmp_path / "new" / "run-1.2")
    assert (png.name, svg.name) == ("run-1.2.png", "run-1.2.svg")
    with Image.open(png) as image:
        assert image.size[0] == 1040
    assert svg.read_text().endswith("</svg>\n")
    assert sorted(path.name for path in png.parent.iterdir()) == ["run-1.2.png", "run-1.2.svg"]


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot make the folder .*file: .*; choose another folder"):
        save_figure(image_grid(IMAGES), tmp_path / "file" / "chart")


def test_axis_numbers_are_short() -> None:
    assert [plain_number(v) for v in (0.01, 1, 250, 5000, 2.5e6, 0)] == ["0.01", "1", "250", "5k", "2.5M", "0"]
