"""A process that makes pictures and reads them; `Lookers` starts it and asks it.

Each message has jobs, pickled, and is answered by what was seen, or by what was wrong with them.
"""

from __future__ import annotations

import pickle

from digitry.workers.child import answer, messages, use_one_core


def main() -> None:
    """Say that it is ready, then do one share of jobs after the other until the parent closes the pipe."""
    asked = messages()
    next(asked)
    import cv2

    from digitry.errors import DigitryError
    from digitry.evaluation.hard_pictures.look import look

    cv2.setNumThreads(1)  # every core has a process of its own
    answer({})
    for message in asked:
        try:
            answer({}, pickle.dumps([look(job) for job in pickle.loads(message.parts[0])]))
        except DigitryError as error:
            answer({}, pickle.dumps(error))


if __name__ == "__main__":
    use_one_core()
    main()
