"""The parts of the page network's loss."""

from __future__ import annotations

import torch
from torch.nn import functional

from digitry.networks.page_answer import (
    AFTER,
    BEFORE,
    CENTRE,
    CLASSES,
    DOWN,
    HEIGHT,
    RIGHT,
    SIZE,
    STRUCK,
    TURN,
    WIDTH,
    WRITTEN,
)
from digitry.training.page_targets import COLUMNS

PARTS = ("centre", "box", "turn", "written", "kind", "struck", "link")

_PLACE = {name: place for place, name in enumerate(COLUMNS)}


def count_characters(heat: torch.Tensor, characters: torch.Tensor) -> torch.Tensor:
    """Return the divisors of the parts, float32 (3,): middles, characters, and characters on upright pages."""
    upright = characters[:, 1 + _PLACE["turn"]] == 0
    return torch.stack([(heat == 1).sum(), torch.tensor(len(characters), device=heat.device), upright.sum()]).float()


def losses(
    answer: torch.Tensor, heat: torch.Tensor, characters: torch.Tensor, counts: torch.Tensor
) -> dict[str, torch.Tensor]:
    """Return the `PARTS` of the loss: answers (n, channels, h, w) against heat (n, h, w) and characters, as collated.

    `counts` are those of the whole batch, of which these pages may be a part.
    """
    middles, every, straight = counts.clamp(min=1)
    logit = answer[:, CENTRE]
    is_centre = heat == 1
    # Focal, softened around each middle (Law and Deng 2018, https://arxiv.org/abs/1808.01244).
    probability = logit.sigmoid()
    found = -functional.logsigmoid(logit) * (1 - probability) ** 2 * is_centre
    missed = -functional.logsigmoid(-logit) * probability**2 * (1 - heat) ** 4 * (heat < 1) * (heat >= 0)
    parts = {"centre": (found.sum() + missed.sum()) / middles}
    page, row, column = (characters[:, place].long() for place in range(3))
    known = {name: characters[:, 1 + place] for name, place in _PLACE.items()}
    said = answer[page, :, row, column]
    box = torch.stack([known[name] for name in ("size", "width", "height", "right", "down")], 1)
    off = functional.smooth_l1_loss(said[:, [SIZE, WIDTH, HEIGHT, RIGHT, DOWN]], box, reduction="none", beta=0.1)
    parts["box"] = off.sum() / every
    upright = known["turn"] == 0
    parts["turn"] = functional.cross_entropy(said[:, TURN], known["turn"].long(), reduction="sum") / every
    parts["written"] = _binary(said[:, WRITTEN], known["written"]).sum() / every
    kinds = functional.cross_entropy(said[:, CLASSES:], known["kind"].long(), reduction="none")
    parts["kind"] = kinds[upright].sum() / straight
    parts["struck"] = _binary(said[:, STRUCK], known["struck"])[upright].sum() / straight
    link = torch.zeros_like(known["turn"])
    for channels, name in ((AFTER, "after"), (BEFORE, "before")):
        there, where = known[name], torch.stack([known[f"{name}_x"], known[f"{name}_y"]], 1)
        away = functional.smooth_l1_loss(said[:, channels][:, 1:], where, reduction="none", beta=0.1).sum(1)
        link = link + _binary(said[:, channels][:, 0], there) + there * away
    parts["link"] = link[upright].sum() / straight
    return parts


def _binary(logits: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    return functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
