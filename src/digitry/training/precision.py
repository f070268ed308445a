"""The precision to compute in: bfloat16 only if the processor has instructions for it, since emulation is slower."""

from __future__ import annotations

import torch

INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "avx10_2", "bf16")
"""Of x86-64, and of ARM, as `torch.cpu.get_capabilities` calls them."""


def computed_in(wanted: str, device: str) -> torch.dtype:
    """Return the dtype in which a `device`, cpu or cuda, computes when "float32" or "bfloat16" is wanted."""
    return torch.bfloat16 if wanted == "bfloat16" and has_bfloat16(device) else torch.float32


def has_bfloat16(device: str) -> bool:
    """Return whether a device has instructions for bfloat16 products."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if not hasattr(torch.cpu, "get_capabilities"):  # an older Torch, which does not tell
        return True
    known = torch.cpu.get_capabilities()
    return any(known.get(name) for name in INSTRUCTIONS)
