"""A process that reads pictures of a long list; `digitry.reading.batch.processes` starts it and asks it.

The first message has settings and what to make of outcomes, pickled; each other one sources, and is answered by what
was made of them.
"""

from __future__ import annotations

import pickle

from digitry.workers.child import answer, messages, use_one_core


def main() -> None:
    """Open the reader, say so, then read chunk after chunk until the parent closes the pipe."""
    asked = messages()
    job = next(asked).parts[0]
    import cv2

    from digitry.errors import DigitryError
    from digitry.reading.batch.here import open_reader, read_many

    settings, finish = pickle.loads(job)
    try:
        reader = open_reader(settings)
        cv2.setNumThreads(1)  # every core has a process of its own
        answer({})
        for _, (sources,) in asked:
            outcomes = read_many(reader, pickle.loads(sources), settings)
            answer({}, pickle.dumps([finish(outcome) for outcome in outcomes]))
    except DigitryError as error:
        answer({}, pickle.dumps(error))


if __name__ == "__main__":
    use_one_core()
    main()
