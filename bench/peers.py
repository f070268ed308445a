"""digitry compared with its peers: seconds of training, and accuracy on the test split.

python bench/peers.py [--rounds 3] [--anew]

The peers: the tutorials' `cnn` in plain Keras-TensorFlow (5 epochs); the PyTorch project's MNIST example as documented,
14 epochs, with its images in memory, which saves it the data loader's work; scikit-learn's nearest neighbours, support
vectors, gradient boosting and multi-layer perceptron. Ours: the recipes. One process for each, in turn, one seed per
round; seconds are for training alone, from arrays in memory, without imports. Results in results/peers.json are kept,
so that the work can be done in parts; --anew starts over.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import benchmarks_page
import own_process
import plain_keras
from earlier_runs import earlier_runs
from race import ours

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "results" / "peers.json"
OURS = ("quick", "balanced", "tiny", "small")
BATCH = 1000
"""Number of test images per call of a peer."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--anew", action="store_true", help="forget what was measured before")
    parser.add_argument("--one", nargs=2, metavar=("SIDE", "SEED"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        side, seed = options.one[0], int(options.one[1])
        print(json.dumps(ours(side, seed) if side in OURS else PEERS[side](seed)))
        return
    from digitry import recipes
    from digitry.recipes.settings import with_defaults
    from digitry.training import run_folder

    about = {"command": "python -m bench peers", **run_folder.describe_surroundings()}
    runs = {} if options.anew else earlier_runs(RESULT, about["hardware"])
    for seed in range(options.rounds):
        sides = [*PEERS, *OURS]
        for side in sides if seed % 2 == 0 else reversed(sides):
            plan = recipes.get(side).settings if side in OURS else None
            settings = plan.to_json() if plan else {}
            runs[side] = [
                run
                for run in runs.get(side, [])
                if (with_defaults(run["settings"], type(plan)) if plan else run["settings"]) == settings
            ]
            if any(run["seed"] == seed for run in runs[side]):
                continue
            found = own_process.measure(__file__, side, str(seed))
            runs[side].append({"seed": seed, "settings": settings, **found})
            print(f"{side}, seed {seed}: {runs[side][-1]}", file=sys.stderr, flush=True)
            RESULT.write_text(json.dumps({"runs": runs, **about}, indent=1) + "\n")
    benchmarks_page.main()


def mnist() -> Any:
    import digitry

    dataset = digitry.load_dataset("mnist")
    assert dataset.test is not None
    return dataset


def keras_cnn(seed: int) -> dict[str, Any]:
    """Train the tutorials' script: 5 epochs on 54,000 images."""
    keras = plain_keras.import_keras()
    data = mnist()
    keras.utils.set_random_seed(seed)
    began = time.perf_counter()
    images, labels = plain_keras.inputs_of(data.train.images), plain_keras.one_hot(data.train.labels)
    model = plain_keras.compiled_cnn()
    model.fit(images[:54_000], labels[:54_000], batch_size=64, epochs=5, verbose=0)
    seconds = time.perf_counter() - began
    predicted = model.predict(plain_keras.inputs_of(data.test.images), batch_size=BATCH, verbose=0).argmax(axis=1)
    return _result(seconds, predicted, data, model.count_params())


def pytorch_example(seed: int) -> dict[str, Any]:
    """Train two convolutions, 32 and 64, pooling, two dropouts, two dense layers; Adadelta, its rate times 0.7 an
    epoch.
    """
    import torch
    from torch import nn

    data = mnist()
    torch.manual_seed(seed)
    began = time.perf_counter()
    network = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(9216, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
    )
    images, labels = _normalised(data.train.images), torch.from_numpy(data.train.labels)
    optimizer = torch.optim.Adadelta(network.parameters(), lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
    for _ in range(14):
        for part in torch.randperm(len(images)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(images[part]), labels[part]).backward()
            optimizer.step()
        schedule.step()
    seconds = time.perf_counter() - began
    network.eval()
    with torch.inference_mode():
        answers = [network(part).argmax(1) for part in _normalised(data.test.images).split(BATCH)]
    return _result(seconds, torch.cat(answers).numpy(), data, sum(one.numel() for one in network.parameters()))


def _normalised(images: np.ndarray) -> Any:
    import torch

    return (torch.from_numpy(images).float()[:, None] / 255 - 0.1307) / 0.3081


def neighbours(seed: int) -> dict[str, Any]:
    from sklearn.neighbors import KNeighborsClassifier

    # Nothing is random here: every seed gives the same.
    return _scikit(KNeighborsClassifier(3, weights="distance", n_jobs=-1), lambda model: model._fit_X.size)


def support_vectors(seed: int) -> dict[str, Any]:
    from sklearn.svm import SVC

    # The settings that scikit-learn's users report for MNIST: C = 10, and the kernel width by its default rule.
    return _scikit(
        SVC(C=10, cache_size=2000),
        lambda model: model.support_vectors_.size + model.dual_coef_.size + model.intercept_.size,
    )


def gradient_boosting(seed: int) -> dict[str, Any]:
    from sklearn.ensemble import HistGradientBoostingClassifier

    def nodes(model: Any) -> int:
        return sum(len(tree.nodes) for trees in model._predictors for tree in trees)

    return _scikit(HistGradientBoostingClassifier(max_iter=200, random_state=seed), nodes)


def perceptron(seed: int) -> dict[str, Any]:
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier((256, 128), batch_size=256, early_stopping=True, max_iter=30, random_state=seed)
    return _scikit(model, lambda model: sum(array.size for array in [*model.coefs_, *model.intercepts_]))


def _scikit(model: Any, count: Callable[[Any], int]) -> dict[str, Any]:
    data = mnist()
    began = time.perf_counter()
    model.fit(_rows(data.train.images), data.train.labels)
    seconds = time.perf_counter() - began
    predicted = model.predict(_rows(data.test.images))
    return _result(seconds, predicted, data, int(count(model)))


def _rows(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) / 255


def _result(seconds: float, predicted: np.ndarray, data: Any, parameters: int) -> dict[str, Any]:
    accuracy = float((predicted == data.test.labels).mean())
    return {"seconds": round(seconds, 3), "test_accuracy": accuracy, "parameters": parameters}


PEERS: dict[str, Callable[[int], dict[str, Any]]] = {
    "Keras tutorial": keras_cnn,
    "PyTorch example": pytorch_example,
    "scikit-learn kNN": neighbours,
    "scikit-learn SVC": support_vectors,
    "scikit-learn HistGradientBoosting": gradient_boosting,
    "scikit-learn MLP": perceptron,
}
"""Name → the function that trains with one seed."""


if __name__ == "__main__":
    main()
