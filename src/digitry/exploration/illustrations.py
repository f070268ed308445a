"""The pictures of a dataset: samples, classes, intensities, means, outliers, duplicates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from digitry.exploration.facts import Facts, SplitFacts
from digitry.exploration.typical import EXAMPLES_SHOWN
from digitry.pages.charts import bars, image_grid, new_figure, plain_number, safe_label, styled
from digitry.pages.style import BAD, BLUE, COLOURS, MUTED, PALE, WASH
from digitry.types import Dataset

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_CLASSES = 20
"""Single examples are shown of at most this many classes; the numbers cover all."""

SAMPLES = 60

_MOST_COUNTED = 12
"""With more classes than this, the bars are too thin for their counts."""


@dataclass(frozen=True)
class Drawing:
    """A picture to be drawn: its file name, what it shows in words, and the function that draws it."""

    name: str
    alt: str
    caption: str
    draw: Callable[[], Figure]


def drawings(dataset: Dataset, facts: Facts, seed: int = 0) -> list[Drawing]:
    """Return all pictures for this dataset, in reading order, without drawing them."""
    names = facts.class_names
    rule = "By cosine similarity to the mean of the class; the number is that similarity."
    found = [
        Drawing(
            "samples",
            f"A grid of {min(SAMPLES, len(dataset.train))} training images with their labels.",
            f"Drawn at random from the training split (seed {seed}), as they are stored: light ink on black.",
            lambda: samples(dataset, seed),
        ),
        Drawing(
            "classes",
            "Bars: the share and the number of images of each class, by split. The table below holds the numbers.",
            "The dashed line marks equal shares."
            + (" The numbers in the bars count images." if len(names) <= _MOST_COUNTED else ""),
            lambda: classes(facts),
        ),
        Drawing(
            "intensities",
            "Left: how often each pixel value occurs, on a logarithmic scale. Right: the density of the same values, "
            f"cut off at the top, because {_share_of(facts.splits['train'], 0):.0%} of all training pixels are 0.",
            "Every pixel of the whole split, not of one image. The logarithmic scale shows the spike at 0 and the rest "
            "in one picture; the density is cut off at the top to show the rest.",
            lambda: intensities(facts),
        ),
        Drawing(
            "ink",
            "Boxes: how much of the image is ink, by class. The table of classes holds mean and spread.",
            "Share of the image that is ink. The box holds the middle half of the training images, the line is the "
            "median, the dot the mean, the whiskers reach from 5% to 95%.",
            lambda: ink(facts),
        ),
        Drawing(
            "mean-images",
            f"The average training image of each of the {len(names)} classes.",
            "The average image: sharp where everybody writes alike.",
            lambda: _class_images(facts, facts.splits["train"].mean_images, "Mean", "gray", 255),
        ),
        Drawing(
            "sd-images",
            f"The standard deviation of each pixel, for each of the {len(names)} classes.",
            "Standard deviation: bright where handwriting differs.",
            lambda: _class_images(facts, facts.splits["train"].sd_images, "Standard deviation", "magma", 128),
        ),
        Drawing(
            "most-typical",
            "For each class the training images that are most like the rest of it.",
            rule,
            lambda: examples(dataset, facts, facts.typical.most, "Most typical"),
        ),
        Drawing(
            "least-typical",
            "For each class the training images that are least like the rest of it.",
            "Unusual handwriting, cut strokes and wrong labels gather here.",
            lambda: examples(dataset, facts, facts.typical.least, "Least typical"),
        ),
    ]
    doubles = facts.duplicates
    conflicts = doubles.exact_conflicts + doubles.near_conflicts
    if doubles.exact_matches or doubles.near_matches:
        found.append(
            Drawing(
                "duplicates",
                "Pairs of images that are the same or nearly the same, with their positions and labels.",
                "Each pair with the positions of its images, counted from 0, their labels and their cosine similarity."
                + (" Pairs with different labels come first, in vermilion." if conflicts else ""),
                lambda: duplicates(dataset, facts),
            )
        )
    return found


def samples(dataset: Dataset, seed: int = 0) -> Figure:
    """Draw random training images below their labels."""
    split = dataset.train
    chosen = np.random.default_rng(seed).permutation(len(split))[:SAMPLES]
    columns, limit = _columns(dataset.class_names)
    titles = [safe_label(dataset.class_names[k], limit) for k in split.labels[chosen]]
    return image_grid(split.images[chosen], titles, columns, title="Samples")


def classes(facts: Facts) -> Figure:
    """Draw the class shares of all splits side by side, with counts if there is room."""
    shares = {name: 100 * np.array(split.class_counts) / split.samples for name, split in facts.splits.items()}
    figure = bars(facts.class_names, shares, title="Images per class", y_label="% of the split")
    with styled():
        axes = figure.axes[0]
        axes.axhline(100 / len(facts.class_names), color=MUTED, linewidth=1, linestyle="--")
        if len(facts.class_names) <= _MOST_COUNTED:
            for drawn, split in zip(axes.containers, facts.splits.values(), strict=True):
                axes.bar_label(
                    drawn,  # type: ignore[arg-type]
                    [f"{count:,}" for count in split.class_counts],
                    label_type="center",
                    rotation=90,
                    color=PALE,
                    fontsize=7.5,
                )
        axes.set_ylim(top=axes.get_ylim()[1] * 1.12)
    return figure


def intensities(facts: Facts) -> Figure:
    """Draw the pixel values of whole splits: a histogram on a log scale beside the density."""
    with styled():
        figure, (left, right) = new_figure(2.9, columns=2)
        top = 0.0
        for number, (name, split) in enumerate(facts.splits.items()):
            colour, style = (COLOURS[number], "-" if number == 0 else "--")
            share = split.histogram / split.histogram.sum()
            left.stairs(
                np.where(share > 0, share, np.nan), np.arange(257) - 0.5, color=colour, label=name, lw=1.3, ls=style
            )
            at, density = kernel_density(split.histogram)
            top = max(top, 4 * float(density[(at > 12) & (at < 243)].max()))
            right.plot(at, density, color=colour, label=name, linewidth=1.4, linestyle=style)
            if number == 0:
                right.fill_between(at, density, color=colour, alpha=0.12, linewidth=0)
        left.set_yscale("log")
        left.yaxis.set_major_formatter(lambda value, _: f"{value * 100:g}%")
        left.minorticks_off()
        left.set_title("Histogram, log scale")
        left.set_ylabel("share of all pixels")
        right.set_title("Density (KDE)")
        top = top or 1.0
        right.set_ylim(0, top)
        right.yaxis.set_major_formatter(lambda value, _: plain_number(value))
        zero = _share_of(facts.splits["train"], 0)
        if zero > 0.02:
            right.text(14, top * 0.97, f"spike at 0:\n{zero:.1%} of the\ntraining pixels", va="top", fontsize=8.5)
        for axes in (left, right):
            axes.set_xlim(-4, 259)
            axes.set_xticks([0, 64, 128, 192, 255])
            axes.set_xlabel("pixel value")
        if len(facts.splits) > 1:
            left.legend(loc="upper right")
    return figure


def kernel_density(histogram: NDArray[np.int64], per_value: int = 1) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Estimate the Gaussian kernel density of values 0 to 255 from their histogram, int64 (256,): points, and density
    per unit of value.

    Exact for integers: equal values share a kernel, so 256 weighted kernels stand for millions of pixels. The bandwidth
    is Silverman's, but at least 2. Density beyond 0 or 255 is reflected back, so that it integrates to 1.
    """
    values = np.arange(256)
    weights = histogram / histogram.sum()
    sd = float(np.sqrt(weights @ np.square(values - weights @ values)))
    bandwidth = max(2.0, 0.9 * sd * float(histogram.sum()) ** -0.2)
    at = np.linspace(0, 255, 255 * per_value + 1)
    density = np.zeros(len(at))
    for mirrored in (values, -values, 510 - values):
        distances = (at[:, np.newaxis] - mirrored) / bandwidth
        density += np.exp(-0.5 * np.square(distances)) @ weights
    return at, density / (bandwidth * np.sqrt(2 * np.pi))


def ink(facts: Facts) -> Figure:
    """Draw the share of ink in the images, one box per class."""
    train = facts.splits["train"]
    boxes = [
        {
            "whislo": 100 * q[0],
            "q1": 100 * q[1],
            "med": 100 * q[2],
            "q3": 100 * q[3],
            "whishi": 100 * q[4],
            "fliers": [],
        }
        for q in train.ink_quantiles
    ]
    # Bars of zero height set up the axis of class names.
    figure = bars(facts.class_names, {"": np.zeros(len(boxes))}, title="Ink per class", y_label="% of the image")
    with styled():
        axes = figure.axes[0]
        ticks, texts = axes.get_xticks(), [text.get_text() for text in axes.get_xticklabels()]
        rotation = axes.get_xticklabels()[0].get_rotation()
        present = [place for place, count in enumerate(train.class_counts) if count]
        axes.bxp(
            [boxes[place] for place in present],
            positions=present,
            widths=0.55,
            showfliers=False,
            patch_artist=True,
            boxprops={"facecolor": WASH, "edgecolor": BLUE},
            whiskerprops={"color": BLUE},
            capprops={"color": BLUE},
            medianprops={"color": BLUE, "linewidth": 1.8},
        )
        axes.plot(present, 100 * train.ink_mean[present], "o", color=BAD, markersize=3.5)
        axes.set_xticks(ticks, texts, rotation=rotation)
        axes.set_xlim(-0.6, len(boxes) - 0.4)
        axes.set_ylim(0, 105 * float(np.nanmax(train.ink_quantiles)) or 1)
    return figure


def examples(dataset: Dataset, facts: Facts, positions: tuple[NDArray[np.int64], ...], title: str) -> Figure:
    """Draw a row of training images below their similarity, for each of the first MOST_CLASSES non-empty classes."""
    shown = [k for k, members in enumerate(facts.splits["train"].class_counts) if members][:MOST_CLASSES]
    tiles = np.full((len(shown), EXAMPLES_SHOWN, *facts.image_shape), np.nan, np.float32)
    titles = []
    for row, k in zip(tiles, shown, strict=True):
        row[: len(positions[k])] = dataset.train.images[positions[k]]
        similarity = [f"{value:.2f}" for value in facts.typical.similarity[positions[k]]]
        titles += similarity + [""] * (EXAMPLES_SHOWN - len(similarity))
    names = [safe_label(facts.class_names[k], 10) for k in shown]
    return image_grid(tiles.reshape(-1, *facts.image_shape), titles, EXAMPLES_SHOWN, title=title, row_names=names)


def duplicates(dataset: Dataset, facts: Facts) -> Figure:
    """Draw matches, two images of each side by side."""
    matches = [*facts.duplicates.exact_matches, *facts.duplicates.near_matches]
    matches = sorted(matches, key=lambda match: not match.labels_differ)[:24]
    height, width = facts.image_shape
    tiles = np.full((len(matches), height, 2 * width + 1), 255, np.uint8)
    titles = []
    for tile, match in zip(tiles, matches, strict=True):
        one, two = match.places[:2]
        tile[:, :width] = dataset.split(one.split).images[one.index]
        tile[:, -width:] = dataset.split(two.split).images[two.index]
        names = " and ".join(safe_label(facts.class_names[place.label], 10) for place in (one, two))
        likeness = "equal" if match.similarity == 1 else f"{match.similarity:.3f}"
        titles.append(f"{one.split} {one.index}, {two.split} {two.index}\n{names}: {likeness}")
    colours = [BAD if match.labels_differ else None for match in matches]
    return image_grid(tiles, titles, 3, colours, title="Duplicates")


def _class_images(facts: Facts, images: NDArray[np.float32], title: str, colour_map: str, top: float) -> Figure:
    columns, limit = _columns(facts.class_names, widest=16 if len(facts.class_names) > 40 else 5)
    titles = [safe_label(name, limit) for name in facts.class_names]
    return image_grid(images, titles, columns, title=title, colour_map=colour_map, value_range=(0, top))


def _columns(class_names: tuple[str, ...], widest: int = 10) -> tuple[int, int]:
    """Return the number of tiles in a row, and how many characters fit above one."""
    longest = max(len(name) for name in class_names)
    columns = next((columns for columns in (16, 10, 8, 6, 5) if columns <= widest and longest * columns <= 75), 5)
    return columns, 75 // columns


def _share_of(split: SplitFacts, value: int) -> float:
    return float(split.histogram[value] / split.histogram.sum())
