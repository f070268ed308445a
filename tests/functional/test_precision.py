"""bfloat16 is for processors that have it; others compute in float32, which takes them less time."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.backends


@pytest.mark.parametrize(
    ("known", "has_it"),
    [
        ({"avx512_f": True, "avx512_bf16": False, "amx_bf16": False}, False),
        ({"avx512_bf16": True}, True),
        ({"amx_bf16": True}, True),
        ({"neon": True, "bf16": True}, True),
        ({"neon": True}, False),
    ],
)
def test_a_processor_computes_in_bfloat16_where_it_has_instructions_for_it(
    known: dict[str, bool], has_it: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from digitry.training.precision import computed_in

    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: known)
    assert computed_in("bfloat16", "cpu") == (torch.bfloat16 if has_it else torch.float32)
    assert computed_in("float32", "cpu") == torch.float32


def test_a_torch_that_does_not_tell_computes_as_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from digitry.training.precision import computed_in

    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert computed_in("bfloat16", "cpu") == torch.bfloat16
