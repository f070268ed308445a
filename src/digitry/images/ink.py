"""Grey page → ink intensity: uneven light, shadows, paper texture and polarity removed."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

WORK_SIDE = 1000
"""Pages are shrunk to this longer side first: a digit a tenth of the page high still has 100 pixels."""

MIN_CONTRAST = 12.0
"""Ink differs from its paper by at least this many grey levels."""

NOISE_FACTOR = 5.0
"""Ink differs from its paper by at least this many standard deviations of the paper."""

PAPER_WINDOWS = (0.3, 0.2, 0.12, 0.08, 0.05)
"""Candidate windows, as shares of the page: wider dark areas are shadow or table, not ink."""

STRONG_SHARE = 0.7
"""Ink is strong from this share of the strongest contrast on the page; shadows seldom are."""

WHOLE_SHARE = 0.93
"""A window keeps the ink whole if this share of the strong pixels stands out as with the widest window."""

WIDEST_STROKE = 0.2
"""No stroke is wider than this share of the page's longer side."""

_COARSE_SIDE = 200
_DRAWN_SIDE = 100
_WINDOW_PIXELS = 29
_FAST_WIDTH = 96
_RIDGE = 1e-3 * np.eye(6, dtype=np.float32)
_WINDOW_PAGE = 250
_FIT_SIDE, _MAX_FITS, _SETTLED = 20, 5, 0.1


class InkPage(NamedTuple):
    """The ink of a page."""

    ink: NDArray[np.uint8]
    """Ink intensity, uint8 (h, w): 0 is paper, 255 full ink; all zero if there is none."""
    scale: float
    """Pixels of the grey page per pixel of `ink`, at least 1."""
    dark_on_light: bool


def find_ink(grey: NDArray[np.uint8], *, dark_on_light: bool | None = None, window: float | None = None) -> InkPage:
    """Find the ink of a grey page (h, w), light on black, shrunk to at most `WORK_SIDE`.

    None: whether it is dark on light, and the `paper_window`, are estimated from the page.
    """
    page, scale = shrink(grey, WORK_SIDE)
    drawn = _drawn_ink(page) if dark_on_light is None and window is None else None
    if drawn is not None:
        return InkPage(drawn[0], scale, drawn[1])
    if pixel_noise(page) > 2.5:
        page = np.asarray(cv2.GaussianBlur(page, (0, 0), 1.2), np.uint8)
    dark = is_dark_on_light(page) if dark_on_light is None else dark_on_light
    light_ink = 255 - page if dark else page
    contrast = _contrast(light_ink, window or paper_window(light_ink, dark), dark)
    return InkPage(ink_intensity(contrast), scale, dark)


def _drawn_ink(page: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], bool] | None:
    """Return the ink, and whether it is dark, of a page (h, w) drawn by a program: its paper has one grey level.

    That covers half of the page and all of its border. None for any other page, and if anything on it is wider than
    strokes.
    """
    if not has_even_border(page):
        return None
    paper = page[0, 0]
    marks = np.not_equal(page, paper)
    if 2 * np.count_nonzero(marks) > marks.size:
        return None
    step = -(-max(page.shape) // _DRAWN_SIDE)
    side = max(3, round(WIDEST_STROKE * max(page.shape) / step))
    if cv2.erode(marks[::step, ::step].astype(np.uint8), np.ones((side, side), np.uint8)).any():
        return None
    light = page[marks].astype(np.float32) - float(paper)
    dark = float(light.sum()) <= 0
    light_ink = 255 - page if dark else page
    level = np.full(page.shape, 255 - paper if dark else paper, np.float32)
    return ink_intensity(_over_paper(light_ink, level, dark)), dark


def has_even_border(page: NDArray[np.uint8]) -> bool:
    """Tell whether all pixels along the sides of a page (h, w) have one grey level."""
    border = np.concatenate((page[0], page[-1], page[:, 0], page[:, -1]))
    return bool((border == border[0]).all())


def paper_window(light_ink: NDArray[np.uint8], dark: bool) -> float:
    """Return the window, as a share of the longer side, in which ink stands out of the paper but shadows do not.

    The wider the window, the more the edge of a shadow stands out; a stroke stands out equally in all windows wider
    than itself. So it is one step wider than the narrowest window in which the strongest ink is still whole.
    """
    page, _ = shrink(light_ink, _WINDOW_PAGE)
    if max(page.shape) < _WINDOW_PAGE:
        return PAPER_WINDOWS[0]
    wide = _contrast(page, PAPER_WINDOWS[0], dark)
    strongest = max(1, round(0.003 * page.size))
    peak = float(np.partition(wide.ravel(), -strongest)[-strongest:].mean())
    strong = wide >= STRONG_SHARE * peak
    ink, whole = page[strong], 0.8 * wide[strong]
    chosen = PAPER_WINDOWS[0]
    for wider, window in pairwise(PAPER_WINDOWS):
        kept = _over_paper(ink, paper_level(page, window)[strong], dark) >= whole
        if float(kept.mean()) < WHOLE_SHARE:
            break
        chosen = wider
    return chosen


def _contrast(light_ink: NDArray[np.uint8], window: float, dark: bool) -> NDArray[np.float32]:
    """Return the contrast of each pixel to its paper, in grey levels of a fully lit page, float32 (h, w)."""
    return _over_paper(light_ink, paper_level(light_ink, window), dark)


def _over_paper(light_ink: NDArray[np.uint8], paper: NDArray[np.float32], dark: bool) -> NDArray[np.float32]:
    contrast = light_ink.astype(np.float32) - paper
    # Ink absorbs a share of the light on the paper; light strokes on a dark screen add to it.
    return np.asarray(contrast * (255 / np.maximum(255 - paper, 50)) if dark else contrast, np.float32)


def shrink(grey: NDArray[np.uint8], longest: int) -> tuple[NDArray[np.uint8], float]:
    """Return a page with its longer side at most `longest`, and the factor by which it was shrunk, at least 1."""
    scale = max(grey.shape) / longest
    if scale <= 1:
        return grey, 1.0
    size = (max(1, round(grey.shape[1] / scale)), max(1, round(grey.shape[0] / scale)))
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def pixel_noise(page: NDArray[np.uint8]) -> float:
    """Return the standard deviation of pixel noise, in grey levels; 0 on pages too small to tell."""
    if max(page.shape) < 200 or page.shape[1] < 3:
        return 0.0
    middle = page[:: max(1, page.shape[0] // 300)].astype(np.int16)
    rough = np.abs(2 * middle[:, 1:-1] - middle[:, :-2] - middle[:, 2:]).ravel()
    # The median by counting takes a third of NumPy's time, as there are few distinct values.
    upto = np.bincount(rough).cumsum()
    middles = np.searchsorted(upto, ((rough.size - 1) // 2, rough.size // 2), side="right")
    return float(middles.mean()) / (0.6745 * 6**0.5)


def is_dark_on_light(page: NDArray[np.uint8]) -> bool:
    """Tell whether ink is darker than paper: ink is the minority; if that is unclear, paper touches the border."""
    coarse = shrink(page, _COARSE_SIDE)[0].astype(np.float32)
    flat, skew = _flattened(coarse, max(coarse.shape) / 4)
    if abs(skew) < 2:  # thick strokes, or shadows; thin strokes would stand out clearly on a finer scale
        _, fine_skew = _flattened(coarse - _smooth_surface(coarse), max(coarse.shape) / 12)
        if abs(fine_skew) > 2:
            skew = fine_skew
    if abs(skew) > 1:
        return skew < 0
    rim = max(1, round(min(flat.shape) * 0.04))
    border = np.concatenate([side.ravel() for side in (flat[:rim], flat[-rim:], flat[:, :rim], flat[:, -rim:])])
    return float(np.median(border)) - 0.25 * skew >= 0


def _flattened(page: NDArray[np.float32], sigma: float) -> tuple[NDArray[np.float32], float]:
    """Return the page without slow changes (light, not ink), standardised, and its skewness."""
    height, width = page.shape
    flat = page - _blurring(height, sigma) @ page @ _blurring(width, sigma).T
    flat -= float(flat.mean())
    square = flat * flat
    spread = max(float(square.mean()) ** 0.5, 1e-3)
    return flat / spread, float((square * flat).mean()) / spread**3


@lru_cache(maxsize=128)  # enough for the numbers of a page, each of its own shape
def _blurring(length: int, sigma: float) -> NDArray[np.float32]:
    """Return the matrix (length, length) that applies a Gaussian blur to a column, repeating the border.

    For a sigma of a quarter of the page, two matrix products take a seventh of the time of a filter of that size.
    """
    reach = round(4 * sigma)
    near = np.clip(np.arange(length)[:, np.newaxis] + np.arange(-reach, reach + 1), 0, length - 1)
    kernel = cv2.getGaussianKernel(2 * reach + 1, sigma, cv2.CV_32F)[:, 0]
    matrix = np.zeros((length, length), np.float32)
    np.add.at(matrix, (np.arange(length)[:, np.newaxis], near), kernel)
    matrix.flags.writeable = False
    return matrix


def paper_level(light_ink: NDArray[np.uint8], window: float) -> NDArray[np.float32]:
    """Return the estimated brightness of the paper at every pixel of a page with light ink, float32 (h, w).

    A morphological opening removes what is narrower than `window`, a share of the longer side; what remains is light.
    """
    height, width = light_ink.shape
    coarse = shrink(light_ink, round(_WINDOW_PIXELS / window))[0]
    if max(coarse.shape) > 40:  # single pixels of texture would leave holes
        coarse = median_of_nine(coarse)
    kernel = max(3, round(max(coarse.shape) * window)) | 1
    # The opening would flatten a slope at the page's border, so the slope is removed first.
    slope = _smooth_surface(coarse)
    opened = cv2.morphologyEx(coarse - slope, cv2.MORPH_OPEN, np.ones((kernel, kernel), np.uint8))
    # Barely smoothed: the edge of a shadow must stay where it is.
    smooth = cv2.GaussianBlur(opened, (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE) + slope
    return np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def median_of_nine(page: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Replace each pixel (h, w) by the median of its 3×3 neighbourhood, repeating the border."""
    width = page.shape[1]
    if width < _FAST_WIDTH:  # OpenCV takes ten times as long for pages narrower than its vectors
        page = np.asarray(cv2.copyMakeBorder(page, 0, 0, 0, _FAST_WIDTH - width, cv2.BORDER_REPLICATE), np.uint8)
    return np.ascontiguousarray(cv2.medianBlur(page, 3)[:, :width], np.uint8)


def _smooth_surface(page: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the quadratic surface that robustly fits most of the page, float32 (h, w), ignoring outliers (ink)."""
    height, width = page.shape
    step = -(-max(page.shape) // _FIT_SIDE)
    sample, values = _surface_terms(height, width, step), page[::step, ::step].ravel().astype(np.float32)
    error = np.abs(values - median(values))  # most of a page is paper
    surface = np.full(len(sample), np.inf, np.float32)
    for _ in range(_MAX_FITS):
        error /= 2 * median(error) + 1
        error *= error
        weighted = sample / (error + 1)
        # Four times as fast as NumPy for so small a system.
        _, solved = cv2.solve(
            weighted @ sample.T + _RIDGE, (weighted @ values)[:, np.newaxis], flags=cv2.DECOMP_CHOLESKY
        )
        before, surface = surface, np.asarray(solved, np.float32)[:, 0]
        if np.abs(surface - before).max() < _SETTLED:  # even paper converges at once
            break
        error = np.abs(values - surface @ sample)
    y, x = _coordinates(height)[:, np.newaxis], _coordinates(width)
    constant, along_x, along_y, xx, xy, yy = surface
    return np.asarray((constant + along_y * y + yy * y * y) + (along_x + xy * y) * x + xx * x * x, np.float32)


@lru_cache(maxsize=512)  # enough for heights and widths of the numbers of a page
def _coordinates(length: int) -> NDArray[np.float32]:
    """Return evenly spaced values from -1 to 1, float32 (length,)."""
    values = np.linspace(-1, 1, length, dtype=np.float32)
    values.flags.writeable = False
    return values


@lru_cache(maxsize=16)
def _surface_terms(height: int, width: int, step: int) -> NDArray[np.float32]:
    """Return 1, x, y, x², xy and y² at every `step`-th pixel, float32 (6, n)."""
    y, x = _coordinates(height)[::step, np.newaxis], _coordinates(width)[::step]
    terms = np.empty((6, len(y), len(x)), np.float32)
    terms[0], terms[1], terms[2] = 1, x, y
    terms[3], terms[4], terms[5] = x * x, x * y, y * y
    flat = terms.reshape(6, -1)
    flat.flags.writeable = False
    return flat


def median(values: NDArray[np.float32]) -> float:
    """Return the median of at least one value, (n,); several times faster than NumPy on a few hundred."""
    middle = len(values) // 2
    if len(values) % 2:
        return float(np.partition(values, middle)[middle])
    lower, upper = np.partition(values, (middle - 1, middle))[middle - 1 : middle + 1]
    return float(lower + upper) / 2


def _quantile(values: NDArray[np.float32], share: float) -> float:
    """Return the quantile of values (n,) at `share`, 0 to 1, interpolated; faster than NumPy."""
    at = share * (len(values) - 1)
    low = int(at)
    ordered = np.partition(values, low)
    below = float(ordered[low])
    return below if at == low else below + (float(ordered[low + 1 :].min()) - below) * (at - low)


def ink_intensity(contrast: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Convert contrast to the paper (grey levels, float32) to ink intensity; all zero if nothing exceeds the noise."""
    step = max(1, max(contrast.shape) // 250)
    sample = contrast[::step, ::step].ravel()
    fifth = level = float(sample.min())
    if (
        np.count_nonzero(sample == fifth) < 0.3 * sample.size + 2
    ):  # otherwise both are the paper of a page drawn by a program
        fifth, level = _quantile(sample, 0.05), _quantile(sample, 0.3)
    noise = (level - fifth) / 1.12  # these two percentiles of a normal distribution are 1.12 sigma apart
    contrast = contrast - level
    candidates = contrast[contrast > max(NOISE_FACTOR * noise, MIN_CONTRAST)]
    if candidates.size == 0:
        return np.zeros(contrast.shape, np.uint8)
    full = _quantile(candidates[:: max(1, candidates.size // 20000)], 0.9)
    floor = min(2 * noise, 0.4 * full)
    return np.asarray(np.clip((contrast - floor) * (255 / (full - floor)), 0, 255), np.uint8)
