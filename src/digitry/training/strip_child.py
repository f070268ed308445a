"""A process that writes strips for a training; `StripWriters` starts and calls it.

The first message holds, pickled, the digits to write with and the number of classes. Each later one gives a number of
strips and their seed, and is answered with the strips.
"""

from __future__ import annotations

import pickle

from digitry.workers.child import answer, messages, use_one_core


def main() -> None:
    """Report readiness, then write one share of strips after another until the parent closes the pipe."""
    asked = messages()
    split, classes = pickle.loads(next(asked).parts[0])
    from digitry.training.strip_writers import write_share

    answer({})
    for message in asked:
        answer({}, pickle.dumps(write_share(split, classes, *pickle.loads(message.parts[0]))))


if __name__ == "__main__":
    use_one_core()
    main()
