"""A process that trains trials; `digitry.training.tuning.trial_process` starts and calls it.

The first message holds the pickled recipe and dataset, and the recipe's path if it is a file here; each later one asks
for a training, or says after an epoch whether to continue. When the parent closes the pipe, or dies, this process ends
at once, whatever it is doing: the run is saved.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from digitry.errors import DataError, DigitryError, StorageError
from digitry.workers.child import messages
from digitry.workers.pool import Message, write_message

PATIENCE_SECONDS = 15.0
"""An earlier training process that was told to end may need this long."""


class _Ended(Exception):  # noqa: N818 - a wish, not an error
    """The parent wants no more epochs."""


def main() -> None:
    """Train as requested until the parent is gone."""
    # What Keras prints must not mix with the answers.
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    asked = messages()
    first = next(asked)
    write_message(pipe, {})
    try:
        _work(first, asked, pipe)
    except BrokenPipeError:
        return
    except Exception as error:  # such as a failed import: nobody would read Python's traceback
        reason = f"the process that trains could not continue: {type(error).__name__}: {error}"
        with contextlib.suppress(BrokenPipeError):
            write_message(pipe, {"fatal": "TrainingError", "reason": reason})


def _work(first: Message, asked: Iterator[Message], pipe: IO[bytes]) -> None:
    """Answer every job. Raises BrokenPipeError when the parent is gone."""
    share_cores(first.head["threads"])
    waiting: queue.SimpleQueue[Message] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked, waiting), daemon=True).start()
    from digitry import console
    from digitry.recipes.find_recipe import find_recipe

    console.is_ours = True
    recipe = dataset = broken = None
    try:
        given, dataset = pickle.loads(first.parts[0])
        recipe = find_recipe(first.head.get("recipe_file", given))
    except Exception as error:  # the recipe's imports may be missing here
        broken = {"fatal": "SettingError", "reason": f"the recipe cannot be used where it trains: {error}"}
    while True:
        job = waiting.get().head
        write_message(pipe, broken or train_trial(job, recipe, dataset, first.head["track"], pipe, waiting))


def train_trial(
    job: dict[str, Any], recipe: Any, dataset: Any, track: str | None, pipe: Any, waiting: Any
) -> dict[str, Any]:
    """Train as the job says, reporting every epoch to `pipe`; returns the answer."""
    from digitry.training.train import train

    def after_epoch(history: Sequence[dict[str, float]]) -> None:
        if len(history) < epochs:
            write_message(pipe, {"epochs": list(history)})
            if not waiting.get().head["go_on"]:
                raise _Ended

    try:
        epochs = recipe.with_settings(job["settings"]).settings.epochs
        _wait_until_free(Path(job["run"]))
        trackers = [after_epoch] if track is None else [track, after_epoch]
        options = {"settings": job["settings"], "seed": job["seed"], "run": job["run"], "track": trackers}
        done = train(recipe, dataset, resume=True, report=False, scale=False, **options)
        return {"accuracy": done.figures["val_accuracy"], "history": done.history}
    except _Ended:
        return {}
    except (DataError, StorageError) as error:  # the next job would fail too
        return {"fatal": type(error).__name__, "reason": str(error)}
    except (DigitryError, MemoryError) as error:
        return {"reason": str(error) or "out of memory"}
    except BrokenPipeError:
        raise
    except Exception as error:  # backends' errors have no narrower common base
        return {"reason": f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:300]}"}


def _listen(asked: Any, waiting: queue.SimpleQueue[Message]) -> None:
    for message in asked:
        waiting.put(message)
    os._exit(0)


def share_cores(threads: int | None) -> None:
    """Limit the threads of each backend: Torch reads the first variable, TensorFlow the next two, JAX the last."""
    if threads is not None:
        for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "NPROC"):
            os.environ[name] = str(threads)


def _wait_until_free(run: Path) -> None:
    from digitry.training.run_folder import locked

    if run.exists():
        with contextlib.suppress(StorageError), locked(run, wait_seconds=PATIENCE_SECONDS):
            pass


if __name__ == "__main__":
    main()
