"""In what a processor computes: bfloat16 only where it has instructions for it, for imitated it takes longer."""

from __future__ import annotations

import torch

INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "avx10_2", "bf16")
"""Of x86-64, and of ARM, as `torch.cpu.get_capabilities` calls them."""


def computed_in(wanted: str, device: str) -> torch.dtype:
    """Return the type in which a `device`, cpu or cuda, computes what is wanted in "float32" or "bfloat16"."""
    return torch.bfloat16 if wanted == "bfloat16" and has_bfloat16(device) else torch.float32


def has_bfloat16(device: str) -> bool:
    """Tell whether a device has instructions for products in bfloat16."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if not hasattr(torch.cpu, "get_capabilities"):  # an older Torch, which does not tell
        return True
    known = torch.cpu.get_capabilities()
    return any(known.get(name) for name in INSTRUCTIONS)
