"""From readings to figures: lists, corruption error, refusals; and all parts in small."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from digitry.errors import DataError, ModelError, SettingError, StorageError
from digitry.evaluation import robustness_parts
from digitry.evaluation.hard_pictures import specimen
from digitry.evaluation.hard_pictures.look import Lookers, LookJob, Seen
from digitry.evaluation.hard_pictures.specimen import Specimen, as_it_is
from digitry.evaluation.robustness import robustness
from digitry.evaluation.robustness_parts import PARTS, Sizes
from digitry.training.run_folder import locked
from digitry.types import Split
from tests.unit.tiny_models import printed_digit

SMALL = Sizes(
    digits=40,
    corrupted_arrays=40,
    corrupted_pictures=4,
    photographs=4,
    numbers=2,
    lists=1,
    nothings=1,
    clothes=2,
)


def seen(written: str, read: str, sure: bool = True, confidence: float = 0.9) -> Seen:
    numbers = tuple((text, confidence, sure) for text in read.split())
    return Seen(tuple(written.split()), {}, numbers, sure and bool(numbers), None)


def test_a_list_counts_the_numbers_that_are_right_and_in_their_place() -> None:
    figures = robustness_parts.list_figures([seen("12 34 56", "12 34 56"), seen("12 34 56", "12 99 56 7")])
    assert figures["all_right"] == 0.5
    assert figures["ten_numbers_found"] == 0.5
    assert figures["accuracy"] == pytest.approx(5 / 6)
    assert figures["extra"] == 1
    assert figures["right_when_sure"] == pytest.approx(5 / 7)
    assert figures["wrong"] == [1]


def test_numbers_out_of_order_are_not_in_their_place() -> None:
    assert robustness_parts.list_figures([seen("12 34", "34 12")])["accuracy"] == 0.5


def test_a_reading_is_right_only_when_it_is_all_that_is_written() -> None:
    assert seen("12", "12").right
    assert not seen("12", "1 2").right
    assert not seen("7", "").right
    assert seen("7", "").confidence == 0.0


def test_mean_corruption_error_is_the_mean_of_the_ratios() -> None:
    by_name = {
        "fog": {"reader": {"arrays": 0.1}, "cnn": {"arrays": 0.4}},
        "stripe": {"reader": {"arrays": 0.3}, "cnn": {"arrays": 0.2}},
        "scale": {"reader": {"arrays": 0.3}, "cnn": {"arrays": 0.0}},
    }
    assert robustness_parts.mean_corruption_error(by_name, "arrays", "cnn") == pytest.approx((0.25 + 1.5) / 2)
    assert robustness_parts.mean_corruption_error({"scale": by_name["scale"]}, "arrays", "cnn") is None


def test_two_processes_answer_as_one_does_and_in_the_same_order(model: str) -> None:
    jobs = [LookJob(model, "digit", as_it_is, (printed_digit(k), str(k))) for k in range(10)]
    with Lookers(1) as alone, Lookers(2) as pair:
        answers = alone.look(jobs, "one")
        assert pair.look(jobs, "two") == answers
    assert [one.text for one in answers] == list("0123456789")


def test_what_is_wrong_with_a_job_is_raised_from_a_process_as_from_here() -> None:
    jobs = [LookJob("nowhere.onnx", "digit", as_it_is, (printed_digit(1), "1"))]
    for processes in (1, 2):
        with Lookers(processes) as lookers, pytest.raises(ModelError, match=r"nowhere\.onnx"):
            lookers.look(jobs, "none")


def test_where_no_process_can_be_had_this_one_looks(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with Lookers(2) as lookers:
        (one,) = lookers.look([LookJob(model, "digit", as_it_is, (printed_digit(7), "7"))], "one")
    assert one.text == "7"


def telling(folder: str, digit: int) -> Specimen:
    """A picture whose maker holds a folder of its process until that ends."""
    hold(Path(folder) / str(os.getpid()))
    return as_it_is(printed_digit(digit), str(digit))


@cache
def hold(folder: Path) -> ExitStack:
    """Lock a folder; the system's lock ends with the process, however that ends."""
    held = ExitStack()
    held.enter_context(locked(folder))
    return held


BUSY = """
import sys, time
from digitry.evaluation.hard_pictures.look import Lookers, LookJob
from tests.unit.evaluation.test_robustness import telling
jobs = [LookJob(sys.argv[1], "digit", telling, (sys.argv[2], digit % 10)) for digit in range(200)]
with Lookers(2) as lookers:
    lookers.look(jobs, "busy")
    print("done", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_command_that_is_ended_leaves_no_process_behind(number: int, model: str, tmp_path: Path) -> None:
    folder = tmp_path / "processes"
    folder.mkdir()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", BUSY, model, str(folder)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as busy:
        assert busy.stdout is not None
        assert busy.stdout.readline() == "done\n"
        processes = list(folder.iterdir())
        assert processes
        assert str(busy.pid) not in [process.name for process in processes]
        assert all(map(is_held, processes))
        busy.send_signal(number)
    until = time.monotonic() + 30
    while any(map(is_held, processes)):
        assert time.monotonic() < until, "a process is left"
        time.sleep(0.02)


def is_held(folder: Path) -> bool:
    """Whether the process that locked the folder has not ended."""
    try:
        with locked(folder):
            return False
    except StorageError:
        return True


@pytest.mark.slow
def test_all_parts_in_small_give_figures_that_json_can_hold(digits: Split, model: str) -> None:
    heard: list[tuple[str, int, int]] = []
    parts: list[str] = []
    result = robustness(
        model,
        beside=model,
        sizes=SMALL,
        progress=lambda *report: heard.append(report),
        on_part=lambda name, _: parts.append(name),
    )
    assert parts == list(result.parts) == list(PARTS)
    facts = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert facts["parts"]["mnist"]["pictures"]["accuracy"] == 1.0
    assert facts["parts"]["corruptions"]["images"] == {"arrays": 40, "pictures": 4}
    assert set(facts["parts"]["corruptions"]["corruptions"]["fog"]) == {"reader", "beside"}
    assert len(facts["parts"]["corruptions"]["corruptions"]) == 15
    assert facts["parts"]["open_set"]["page"]["sets"]["Fashion-MNIST"]["pictures"] == 2
    assert (facts["seed"], facts["left_out"], facts["sizes"]["numbers"]) == (2019, {}, 2)
    assert [len(sha) for sha in (*facts["sha256"].values(), *facts["beside_sha256"].values())] == [64, 64]
    assert heard[0] == ("MNIST test, as PNG files", 1, 40)
    assert all(1 <= done <= total for _, done, total in heard)


def test_one_model_alone_has_no_corruption_error(digits: Split, model: str) -> None:
    part = robustness(model, parts=["corruptions"], sizes=SMALL).parts["corruptions"]
    assert set(part["corruptions"]["fog"]) == {"reader"}
    assert "mean_corruption_error" not in part


def test_where_fashion_mnist_cannot_be_had_it_is_left_out_and_the_reason_kept(
    digits: Split, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = specimen.test_split

    def offline(name: str) -> Split:
        if name == "fashion-mnist":
            raise DataError("cannot fetch fashion-mnist")
        return real(name)

    monkeypatch.setattr(specimen, "test_split", offline)
    monkeypatch.setattr(robustness_parts, "test_split", offline)
    result = robustness(model, parts=["open_set"], sizes=SMALL)
    assert result.left_out == {"Fashion-MNIST": "cannot fetch fashion-mnist"}
    assert "Fashion-MNIST" not in result.parts["open_set"]["digit"]["sets"]
    assert "letters" in result.parts["open_set"]["digit"]["sets"]


def test_a_tenth_is_a_tenth_of_everything() -> None:
    assert Sizes().tenth() == Sizes(1_000, 1_000, 200, 150, 40, 4, 50, 200)


def test_what_cannot_be_measured_is_refused_before_any_picture_is_made(
    digits: Split, model: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingError, match="did you mean 'photographs'"):
        robustness(model, parts=["photograps"])
    with pytest.raises(SettingError, match="jobs must be at least 1, not 0"):
        robustness(model, jobs=0)
    for arguments in ({"model": tmp_path / "nowhere.onnx"}, {"model": model, "beside": tmp_path / "nowhere.onnx"}):
        with pytest.raises(ModelError, match="nowhere"):
            robustness(**arguments)


@pytest.mark.slow
def test_the_whole_bench_in_small_writes_figures_page_and_pictures(
    digits: Split,
    model: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, str(Path(__file__).parents[3] / "bench")])
    import reading

    arguments = ["--quick", "--jobs", "1", "--model", model, "--baseline", model, "--out", str(tmp_path)]
    reading.main(arguments)
    figures = json.loads((tmp_path / "results" / "reading.json").read_text())
    assert list(figures["parts"]) == list(PARTS)
    assert figures["parts"]["mnist"]["pictures"]["accuracy"] == 1.0
    assert figures["parts"]["corruptions"]["images"] == {"arrays": 40, "pictures": 4}
    assert len(figures["model"]["sha256"]["model.onnx"]) == 64
    page = (tmp_path / "docs" / "robustness.md").read_text()
    for name in ("fog", "canny edges", "Fashion-MNIST", "letters unlike digits", "pencil"):
        assert name in page
    pictures = {path.name: path.stat().st_size for path in (tmp_path / "docs" / "robustness").iterdir()}
    assert {"corruptions.png", "photographs.jpg", "no-digits.jpg", "risk-coverage.svg"} <= set(pictures)
    assert sum(pictures.values()) < 600_000
    assert capsys.readouterr().out == ""

    # One part anew: the others stay as they are.
    before = figures["parts"]["open_set"]
    monkeypatch.setattr("reading_suite.sheets.draw", lambda *_: None)
    reading.main([*arguments, "--only", "mnist"])
    assert json.loads((tmp_path / "results" / "reading.json").read_text())["parts"]["open_set"] == before
