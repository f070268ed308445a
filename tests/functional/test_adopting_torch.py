"""What torch.onnx writes of a network that was taught in Torch is found out, and reads."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.evaluation.adopt import adopt
from digitry.types import Dataset
from tests.unit.written_numbers import printed_split

pytestmark = pytest.mark.backends


def taught_network(images: Any, labels: Any) -> Any:
    """One convolution and a layer behind it, as in Torch's own example, taught to read these."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    layers = nn.Conv2d(1, 4, 5, 2), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 12 * 12, 10), nn.LogSoftmax(dim=1)
    net = nn.Sequential(*layers)
    optimizer = torch.optim.Adam(net.parameters(), 0.005)
    for _ in range(8):
        for rows in torch.randperm(len(images)).split(40):
            optimizer.zero_grad()
            nn.functional.nll_loss(net(images[rows]), labels[rows]).backward()
            optimizer.step()
    return net.eval()


def test_a_network_of_torch_for_single_normalised_images_reads(tmp_path: Path) -> None:
    import torch

    split = printed_split(400)
    digits = Dataset("printed", split, None, tuple("0123456789"), "0" * 64, "made by the tests")
    images = torch.tensor((split.images / 255 - 0.1307) / 0.3081, dtype=torch.float32)[:, None]
    net = taught_network(images, torch.tensor(split.labels))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Torch would rather be asked for its other export
        torch.onnx.export(net, torch.zeros(1, 1, 28, 28), str(tmp_path / "a.onnx"), dynamo=False)
    done = adopt(tmp_path / "a.onnx", tmp_path / "b.onnx", data=digits)
    assert (done.layout, done.answers, done.polarity) == ("(n, 1, 28, 28)", "logits", "light-on-dark")
    assert done.accuracy >= 0.9
    with torch.no_grad():
        expected = net(images[:50]).exp().numpy()
    if done.scale == "(x - 0.1307) / 0.3081":
        assert np.allclose(done.model.probabilities(split.images[:50]), expected, atol=1e-4)
    else:
        assert np.array_equal(done.model.probabilities(split.images[:50]).argmax(1), expected.argmax(1))
