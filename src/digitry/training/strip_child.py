"""A process that writes strips for a training; `StripWriters` starts it and asks it.

The first message has the digits to write with and the count of characters, pickled; each other one how many strips and
their seed, and is answered by them.
"""

from __future__ import annotations

import pickle

from digitry.workers.child import answer, messages, use_one_core


def main() -> None:
    """Say that it is ready, then write one share of strips after the other until the parent closes the pipe."""
    asked = messages()
    split, classes = pickle.loads(next(asked).parts[0])
    from digitry.training.strip_writers import write_share

    answer({})
    for message in asked:
        answer({}, pickle.dumps(write_share(split, classes, *pickle.loads(message.parts[0]))))


if __name__ == "__main__":
    use_one_core()
    main()
