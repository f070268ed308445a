"""From readings to figures: lists, corruption error, refusals; and all parts in small."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from digitry.errors import DataError, ModelError, SettingError, StorageError
from digitry.evaluation import robustness_parts
from digitry.evaluation.hard_pictures import no_digits, signed_numbers, specimen
from digitry.evaluation.hard_pictures.corruptions import CORRUPTIONS
from digitry.evaluation.hard_pictures.look import Lookers, LookJob, Seen
from digitry.evaluation.hard_pictures.specimen import Specimen, as_it_is
from digitry.evaluation.robustness import Robustness, network_sha256, robustness
from digitry.evaluation.robustness_figures import list_figures, mean_corruption_error
from digitry.evaluation.robustness_parts import MEASURES, Sizes, Subject
from digitry.networks.model_files import shipped_model
from digitry.training.run_folder import locked
from digitry.types import Split
from tests.unit.tiny_models import printed_digit

SMALL = Sizes(
    digits=10,
    corrupted_arrays=20,
    corrupted_pictures=2,
    photographs=1,
    numbers=1,
    lists=1,
    pages=1,
    nothings=1,
    clothes=2,
    signed=1,
)


def seen(written: str, read: str, sure: bool = True, confidence: float = 0.9) -> Seen:
    numbers = tuple((text, confidence, sure) for text in read.split())
    return Seen(tuple(written.split()), {}, numbers, sure and bool(numbers), None)


def test_a_list_counts_the_numbers_that_are_right_and_in_their_place() -> None:
    figures = list_figures([seen("12 34 56", "12 34 56"), seen("12 34 56", "12 99 56 7")])
    assert figures["all_right"] == 0.5
    assert figures["ten_numbers_found"] == 0.5
    assert figures["accuracy"] == pytest.approx(5 / 6)
    assert figures["extra"] == 1
    assert figures["right_when_sure"] == pytest.approx(5 / 7)
    assert figures["wrong"] == [1]


def test_numbers_out_of_order_are_not_in_their_place() -> None:
    assert list_figures([seen("12 34", "34 12")])["accuracy"] == 0.5


def test_a_reading_is_right_only_when_it_is_all_that_is_written() -> None:
    assert seen("12", "12").right
    assert not seen("12", "1 2").right
    assert not seen("7", "").right
    assert seen("7", "").confidence == 0.0


def test_signs_and_digits_are_counted_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [
        replace(seen("2.5", "2.5"), facts={"kind": "decimal"}),
        replace(seen("3.75", "375"), facts={"kind": "decimal"}),
        replace(seen("10:45", "1045", sure=False), facts={"kind": "time"}),
        replace(seen("10:45", "10.46", sure=False), facts={"kind": "time"}),
    ]

    def reading(_: Subject, make: Callable[..., Specimen], count: int, expect: str, label: str) -> list[Seen]:
        assert (make, count, expect) == (signed_numbers.photographed_signed_number, 4, "number")
        return answers

    monkeypatch.setattr(Subject, "reading", reading)
    figures = robustness_parts.signs(Subject(Lookers(1), replace(SMALL, signed=4), None, None, 1))
    assert (figures["accuracy"], figures["digits_accuracy"]) == (0.25, 0.75)
    assert (figures["sure"], figures["right_when_sure"]) == (0.5, 0.5)
    kinds = figures["groups"]["kind"]
    assert (kinds["decimal"]["accuracy"], kinds["decimal"]["digits_accuracy"]) == (0.5, 1.0)
    assert (kinds["time"]["accuracy"], kinds["time"]["digits_accuracy"]) == (0.0, 0.5)
    first = {"index": 1, "written": "3.75", "read": "375", "sure": True, "reason": None}
    assert (figures["mistakes"][0], len(figures["mistakes"])) == (first, 3)


def test_what_comes_with_digitry_is_named_by_its_three_networks(tmp_path: Path) -> None:
    assert sorted(network_sha256(None)) == ["digit.onnx", "number.onnx", "page.onnx"]
    (tmp_path / "own.onnx").write_bytes(shipped_model("digit"))
    shipped = network_sha256(None)
    own = {"own.onnx": shipped.pop("digit.onnx")}
    assert network_sha256(str(tmp_path / "own.onnx")) == own | shipped


def test_mean_corruption_error_is_the_mean_of_the_ratios() -> None:
    by_name = {
        "fog": {"reader": {"arrays": 0.1}, "cnn": {"arrays": 0.4}},
        "stripe": {"reader": {"arrays": 0.3}, "cnn": {"arrays": 0.2}},
        "scale": {"reader": {"arrays": 0.3}, "cnn": {"arrays": 0.0}},
    }
    assert mean_corruption_error(by_name, "arrays", "cnn") == pytest.approx((0.25 + 1.5) / 2)
    assert mean_corruption_error({"scale": by_name["scale"]}, "arrays", "cnn") is None


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
from digitry.evaluation.hard_pictures.corruptions import CORRUPTIONS
from digitry.evaluation.hard_pictures.look import Lookers, LookJob
from tests.unit.evaluation.test_robustness import telling
jobs = [LookJob(sys.argv[1], "digit", telling, (sys.argv[2], digit % 10)) for digit in range(40)]
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


BENCH = str(Path(__file__).parents[3] / "bench")


class SmallBench(NamedTuple):
    """All parts in small, measured once: by `bench/reading.py`, which asks `robustness`."""

    folder: Path
    result: Robustness
    heard: list[tuple[str, int, int]]
    parts: list[str]
    stdout: str


@pytest.fixture(scope="module")
def small_bench(digits: Split, model: str, tmp_path_factory: pytest.TempPathFactory) -> SmallBench:
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [*sys.path, BENCH])
        import reading

        results: list[Robustness] = []
        heard: list[tuple[str, int, int]] = []
        parts: list[str] = []

        def overheard(*arguments: Any, progress: Any, on_part: Any, **options: Any) -> Robustness:
            def hear(*report: Any) -> None:
                heard.append(report)
                progress(*report)

            def note(name: str, figures: Any) -> None:
                parts.append(name)
                on_part(name, figures)

            results.append(robustness(*arguments, progress=hear, on_part=note, **options))
            return results[-1]

        patch.setattr(reading, "robustness", overheard)
        # Each kind of what is no digit has a test of its own.
        some = ("blank", "Fashion-MNIST", "letters", "shapes")
        patch.setattr(no_digits, "SETS", {name: no_digits.SETS[name] for name in some})
        arguments = ["--quick", "--jobs", "1", "--model", model, "--baseline", model, "--out", str(folder)]
        with contextlib.redirect_stdout(io.StringIO()) as stdout:
            reading.main(arguments)
    return SmallBench(folder, results[0], heard, parts, stdout.getvalue())


@pytest.mark.slow
def test_all_parts_in_small_give_figures_that_json_can_hold(small_bench: SmallBench) -> None:
    assert small_bench.parts == list(small_bench.result.parts) == list(MEASURES)
    facts = json.loads(json.dumps(small_bench.result.to_json(), allow_nan=False))
    digits, clothes = facts["sizes"]["digits"], facts["sizes"]["clothes"]
    assert facts["parts"]["mnist"]["pictures"]["accuracy"] == 1.0
    assert facts["parts"]["corruptions"]["images"] == {"arrays": 20, "pictures": 2}
    assert set(facts["parts"]["corruptions"]["corruptions"]["fog"]) == {"reader", "cnn"}
    assert len(facts["parts"]["corruptions"]["corruptions"]) == len(CORRUPTIONS)
    assert facts["parts"]["open_set"]["page"]["sets"]["Fashion-MNIST"]["pictures"] == clothes > 1
    assert (facts["seed"], facts["left_out"]) == (2019, {})
    assert {len(sha) for sha in (*facts["sha256"].values(), *facts["beside_sha256"].values())} == {64}
    assert small_bench.heard[0] == ("MNIST test, as PNG files", 1, digits)
    assert all(1 <= done <= total for _, done, total in small_bench.heard)


@pytest.mark.slow
def test_the_whole_bench_in_small_writes_figures_page_and_pictures(small_bench: SmallBench) -> None:
    folder = small_bench.folder
    figures = json.loads((folder / "results" / "reading.json").read_text())
    assert list(figures["parts"]) == list(MEASURES)
    for name, part in figures["parts"].items():
        assert part == json.loads(json.dumps(small_bench.result.parts[name])) | {"commit": figures["git_commit"]}
    assert len(figures["model"]["sha256"]["model.onnx"]) == 64
    page = (folder / "docs" / "robustness.md").read_text()
    for name in ("fog", "canny edges", "Fashion-MNIST", "letters", "pencil", "## Numbers with signs"):
        assert name in page
    pictures = {path.name: path.stat().st_size for path in (folder / "docs" / "robustness").iterdir()}
    assert {"corruptions.png", "photographs.jpg", "signs.jpg", "no-digits.jpg", "risk-coverage.svg"} <= set(pictures)
    assert sum(pictures.values()) < 600_000
    assert small_bench.stdout == ""


def test_one_part_anew_leaves_the_others_as_they_are(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, BENCH])
    import reading

    rounds: list[object] = []

    def measured(*_: object, parts: Sequence[str], on_part: Callable[..., None], **__: object) -> None:
        rounds.append(parts)
        for name in parts:
            on_part(name, {"round": len(rounds)})

    monkeypatch.setattr(reading, "robustness", measured)
    monkeypatch.setattr(reading, "write_page", lambda *_: None)
    monkeypatch.setattr("reading_suite.sheets.draw", lambda *_: None)
    arguments = ["--quick", "--model", model, "--baseline", model, "--out", str(tmp_path)]
    reading.main(arguments)
    file = tmp_path / "results" / "reading.json"
    figures = json.loads(file.read_text())
    del figures["sizes"]["signed"]  # as where it was measured before there was such a part
    file.write_text(json.dumps(figures))
    reading.main([*arguments, "--only", "mnist"])
    after = json.loads(file.read_text())["parts"]
    assert {name: part["round"] for name, part in after.items()} == dict.fromkeys(MEASURES, 1) | {"mnist": 2}


def test_one_model_alone_has_no_corruption_error(digits: Split, model: str) -> None:
    part = robustness(model, parts=["corruptions"], sizes=SMALL).parts["corruptions"]
    assert set(part["corruptions"]["fog"]) == {"reader"}
    assert "mean_corruption_error" not in part


def test_a_network_for_numbers_is_not_shown_single_digits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits: Split
) -> None:
    numbers = tmp_path / "numbers.onnx"
    numbers.write_bytes(shipped_model("number"))
    monkeypatch.setattr(Subject, "reading", lambda _, make, count, *__: [seen("42", "42")] * count)
    result = robustness(numbers, parts=["mnist", "numbers"], sizes=SMALL)
    assert list(result.parts) == ["numbers"]
    assert result.left_out == {"mnist": "the model reads whole numbers and is not tested"}
    with pytest.raises(SettingError, match="mnist: the model reads whole numbers"):
        robustness(numbers, parts=["mnist", "photographs"], sizes=SMALL)


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
    monkeypatch.setattr(Subject, "reading", lambda _, make, count, *__: [seen("", "7")] * count)
    result = robustness(model, parts=["open_set"], sizes=SMALL)
    assert result.left_out == {"Fashion-MNIST": "cannot fetch fashion-mnist"}
    assert "Fashion-MNIST" not in result.parts["open_set"]["digit"]["sets"]
    assert "letters" in result.parts["open_set"]["digit"]["sets"]


def test_letters_that_nobody_takes_for_digits_are_counted_apart_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def answers(_: Subject, make: Callable[..., Specimen], count: int, *__: str) -> list[Seen]:
        if make is not no_digits.SETS["letters"][0]:
            return [seen("7", "7")] * count
        like, unlike = ({"likeness": words} for words in ("looks like a digit", "no digit to anyone"))
        some = [replace(seen("", "1"), facts=like), replace(seen("", ""), facts=unlike)]
        return [*some, *[seen("", "1")] * (count - len(some))]

    monkeypatch.setattr(Subject, "reading", answers)
    sizes = replace(SMALL, nothings=4, clothes=0)
    sets = robustness_parts.open_set(Subject(Lookers(1), sizes, None, None, 1))["digit"]["sets"]
    assert (sets["letters"]["pictures"], sets["letters"]["no_digit"]) == (4, 0.25)
    assert (sets["letters unlike digits"]["pictures"], sets["letters unlike digits"]["no_digit"]) == (1, 1.0)
    assert [name for name in sets if name.endswith("unlike digits")] == ["letters unlike digits"]


def test_a_tenth_is_a_tenth_of_everything() -> None:
    assert Sizes().tenth() == Sizes(1_000, 1_000, 200, 150, 40, 4, 10, 50, 200, 30)


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
