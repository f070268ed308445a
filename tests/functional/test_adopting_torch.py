"""What torch.onnx writes of a network that was taught in Torch is found out, and reads."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from digitry.evaluation.adopt import adopt  # noqa: E402 - after it is known to be there
from digitry.types import Dataset  # noqa: E402
from tests.unit.written_numbers import printed_split  # noqa: E402


class Net(torch.nn.Module):
    """One convolution and a layer behind it, as in Torch's own example."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = torch.nn.Conv2d(1, 4, 5, 2)
        self.last = torch.nn.Linear(4 * 12 * 12, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.convolution(x))
        return torch.log_softmax(self.last(x.view(x.size(0), -1)), dim=1)


@pytest.mark.slow
def test_a_network_of_torch_for_single_normalised_images_reads(tmp_path: Path) -> None:
    split = printed_split(400)
    digits = Dataset("printed", split, None, tuple("0123456789"), "0" * 64, "made by the tests")
    torch.manual_seed(0)
    images = torch.tensor((split.images / 255 - 0.1307) / 0.3081, dtype=torch.float32)[:, None]
    labels, net = torch.tensor(split.labels), Net()
    optimizer = torch.optim.Adam(net.parameters(), 0.005)
    for _ in range(8):
        for rows in torch.randperm(400).split(40):
            optimizer.zero_grad()
            torch.nn.functional.nll_loss(net(images[rows]), labels[rows]).backward()
            optimizer.step()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Torch would rather be asked for its other export
        torch.onnx.export(net.eval(), torch.zeros(1, 1, 28, 28), str(tmp_path / "a.onnx"), dynamo=False)
    done = adopt(tmp_path / "a.onnx", tmp_path / "b.onnx", data=digits)
    assert (done.layout, done.answers, done.polarity) == ("(n, 1, 28, 28)", "logits", "light-on-dark")
    assert done.accuracy >= 0.9
    with torch.no_grad():
        expected = net(images[:50]).exp().numpy()
    if done.scale == "(x - 0.1307) / 0.3081":
        assert np.allclose(done.model.probabilities(split.images[:50]), expected, atol=1e-4)
    else:
        assert np.array_equal(done.model.probabilities(split.images[:50]).argmax(1), expected.argmax(1))
