"""A process that makes pictures and reads them; `Lookers` starts and calls it.

Each message holds pickled jobs, and is answered with what was seen, or with the error.
"""

from __future__ import annotations

import pickle

from digitry.workers.child import answer, messages, use_one_core


def main() -> None:
    """Report readiness, then do one share of jobs after another until the parent closes the pipe."""
    asked = messages()
    next(asked)
    import cv2

    from digitry.errors import DigitryError
    from digitry.evaluation.hard_pictures.look import look

    cv2.setNumThreads(1)  # every core has its own process
    answer({})
    for message in asked:
        try:
            answer({}, pickle.dumps([look(job) for job in pickle.loads(message.parts[0])]))
        except DigitryError as error:
            answer({}, pickle.dumps(error))


if __name__ == "__main__":
    use_one_core()
    main()
