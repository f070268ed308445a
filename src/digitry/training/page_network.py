"""The page network, in Torch: a U-Net with one answer for every 4×4 pixels."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from digitry.networks.page_answer import CENTRE, CLASSES

WIDTHS = (16, 32, 48, 96, 96, 96)
"""Channels at 1/2, 1/4 (twice), 1/8, 1/16 and 1/32 of the page's width."""

TOP = 64
"""Channels from which the answers are computed."""


class PageNetwork(nn.Module):  # type: ignore[misc]
    """Pages, float32 (n, 1, h, w) of evened contrast, h and w multiples of 32 → answers (n, channels, h/4, w/4)."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        half, quarter, fine, eighth, sixteenth, coarse = WIDTHS
        self.stem = nn.Sequential(_step(1, half, size=5, stride=2), _step(half, quarter, stride=2))
        self.fine = nn.Sequential(_step(quarter, fine), _step(fine, fine))
        self.eighth = nn.Sequential(_step(fine, eighth, stride=2), _step(eighth, eighth), _step(eighth, eighth))
        self.sixteenth = nn.Sequential(
            _step(eighth, sixteenth, stride=2), _step(sixteenth, sixteenth), _step(sixteenth, sixteenth)
        )
        self.coarse = nn.Sequential(_step(sixteenth, coarse, stride=2), _step(coarse, coarse))
        self.from_coarse, self.merge_sixteenth = nn.Conv2d(coarse, sixteenth, 1), _step(sixteenth, sixteenth)
        self.from_sixteenth, self.merge_eighth = nn.Conv2d(sixteenth, eighth, 1), _step(eighth, eighth)
        self.from_eighth, self.beside = nn.Conv2d(eighth, TOP, 1), nn.Conv2d(fine, TOP, 1)
        self.merge_fine = nn.Sequential(_step(TOP, TOP), _step(TOP, TOP, size=1))
        self.answer = nn.Conv2d(TOP, CLASSES + classes, 1)
        with torch.no_grad():
            self.answer.bias[CENTRE] = -4.6  # about one position in a hundred is the middle of a character

    def forward(self, pages: torch.Tensor) -> torch.Tensor:
        """Return answers to pages, float32 (n, 1, h, w): float32 (n, channels, h/4, w/4)."""
        fine = self.fine(self.stem(pages))
        eighth = self.eighth(fine)
        sixteenth = self.sixteenth(eighth)
        coarse = self.coarse(sixteenth)
        sixteenth = self.merge_sixteenth(sixteenth + _twice(self.from_coarse(coarse)))
        eighth = self.merge_eighth(eighth + _twice(self.from_sixteenth(sixteenth)))
        answer: torch.Tensor = self.answer(self.merge_fine(self.beside(fine) + _twice(self.from_eighth(eighth))))
        return answer


def _step(channels: int, out: int, *, size: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels, out, size, stride, size // 2, bias=False), nn.BatchNorm2d(out), nn.ReLU(inplace=True)
    )


def _twice(features: torch.Tensor) -> torch.Tensor:
    return functional.interpolate(features, scale_factor=2.0, mode="nearest")
