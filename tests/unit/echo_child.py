"""A worker for the tests: it says what it was told, after a while, with its number, or dies of it; or any bytes."""

from __future__ import annotations

import os
import sys
import time

from digitry.workers.child import answer, messages

asked = messages()
next(asked)
answer({})
for head, parts in asked:
    time.sleep(head.get("sleep", 0))
    if head.get("die"):
        os._exit(9)
    if head.get("raw"):
        sys.stdout.buffer.write(parts[0])
        sys.stdout.buffer.flush()
        continue
    answer({"pid": os.getpid()} if "pid" in head else head, *parts)
