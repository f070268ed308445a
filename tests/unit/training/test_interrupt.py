"""Signals ask politely once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from digitry.training.interrupt import TrainingInterrupted, listening


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_only_raises_a_flag(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with listening() as flag:
        assert flag.number is None
        os.kill(os.getpid(), number)
        assert flag.number == number
    assert signal.getsignal(number) is before


def test_the_second_signal_leaves_at_once() -> None:
    code = (
        "import os, signal\nfrom digitry.training.interrupt import listening\n"
        "with listening():\n  os.kill(os.getpid(), 15)\n  os.kill(os.getpid(), 15)\n  print('still here')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (143, "")


def test_a_thread_that_may_not_catch_signals_still_gets_a_flag() -> None:
    found = []

    def look() -> None:
        with listening() as flag:
            found.append(flag.number)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [None]


def test_the_exit_code_names_the_signal_and_the_message_how_to_go_on() -> None:
    stopped = TrainingInterrupted(signal.SIGINT, "runs/cnn-1")
    assert stopped.exit_code == 130
    assert str(stopped) == "stopped by SIGINT and saved; continue with --run runs/cnn-1 --resume"
