"""A process that reads pictures of a long list; started by `digitry.reading.batch.processes`.

The first message holds the settings and the `finish` function, pickled; each further one holds sources, and is answered
with what `finish` returned for them.
"""

from __future__ import annotations

import pickle

from digitry.workers.child import answer, messages, use_one_core


def main() -> None:
    """Open the reader, report that, then read chunk after chunk until the parent closes the pipe."""
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
