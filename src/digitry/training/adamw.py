"""AdamW as Torch computes it, without Torch's class: its first step imports the compiler, which takes over a second."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch.optim.adamw import adamw


class AdamW:
    """Take the same steps as `torch.optim.AdamW(fused=True)`, bit for bit."""

    def __init__(
        self, parameters: Iterable[torch.Tensor], betas: tuple[float, float], eps: float, weight_decay: float
    ) -> None:
        self.betas, self.eps, self.weight_decay = betas, eps, weight_decay
        self.state: dict[torch.Tensor, dict[str, torch.Tensor]] = {
            one: {
                "step": torch.tensor(0.0, device=one.device),
                "exp_avg": torch.zeros_like(one),
                "exp_avg_sq": torch.zeros_like(one),
            }
            for one in parameters
        }
        """For each parameter: its step count, and the running means of its gradient and squared gradient."""

    def zero_grad(self) -> None:
        """Clear the gradients."""
        for parameter in self.state:
            parameter.grad = None

    def step(self, rate: float) -> None:
        """Update every parameter that has a gradient, at this learning rate."""
        moved = [(one, one.grad, state) for one, state in self.state.items() if one.grad is not None]
        with torch.no_grad():
            adamw(
                [parameter for parameter, _, _ in moved],
                [gradient for _, gradient, _ in moved],
                [state["exp_avg"] for _, _, state in moved],
                [state["exp_avg_sq"] for _, _, state in moved],
                [],
                [state["step"] for _, _, state in moved],
                fused=True,
                amsgrad=False,
                maximize=False,
                lr=rate,
                beta1=self.betas[0],
                beta2=self.betas[1],
                eps=self.eps,
                weight_decay=self.weight_decay,
            )
