"""From readings to figures: lists, corruption error, refusals; and the whole bench in small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from digitry.arrays import Split
from reading_suite import measure, workers
from reading_suite.made import as_it_is
from reading_suite.workers import Job, Seen, Workers
from tests.unit.tiny_models import printed_digit


def seen(written: str, read: str, sure: bool = True, confidence: float = 0.9) -> Seen:
    numbers = tuple((text, confidence, sure) for text in read.split())
    return Seen(tuple(written.split()), {}, numbers, sure and bool(numbers), None)


def test_a_list_counts_the_numbers_that_are_right_and_in_their_place() -> None:
    figures = measure.list_figures([seen("12 34 56", "12 34 56"), seen("12 34 56", "12 99 56 7")])
    assert figures["all_right"] == 0.5
    assert figures["ten_numbers_found"] == 0.5
    assert figures["accuracy"] == pytest.approx(5 / 6)
    assert figures["extra"] == 1
    assert figures["right_when_sure"] == pytest.approx(5 / 7)
    assert figures["wrong"] == [1]


def test_numbers_out_of_order_are_not_in_their_place() -> None:
    assert measure.list_figures([seen("12 34", "34 12")])["accuracy"] == 0.5


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
    assert measure.mean_corruption_error(by_name, "arrays") == pytest.approx((0.25 + 1.5) / 2)
    assert measure.mean_corruption_error({"scale": by_name["scale"]}, "arrays") is None


def test_two_processes_answer_as_one_does_and_in_the_same_order(model: str) -> None:
    jobs = [Job(model, "digit", as_it_is, (printed_digit(k), str(k))) for k in range(10)]
    with Workers(1) as alone, Workers(2) as pair:
        answers = alone.look(jobs, "one")
        assert pair.look(jobs, "two") == answers
    assert [one.text for one in answers] == list("0123456789")


def test_progress_says_on_stderr_how_many_were_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(workers.progress(iter("abc"), 3, "letters")) == list("abc")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "letters: 3 in 0 s\n"


@pytest.mark.slow
def test_the_whole_bench_in_small_writes_figures_page_and_pictures(
    digits: Split,
    model: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import reading

    arguments = ["--quick", "--jobs", "1", "--model", model, "--baseline", model, "--out", str(tmp_path)]
    reading.main(arguments)
    figures = json.loads((tmp_path / "results" / "reading.json").read_text())
    assert list(figures["parts"]) == list(measure.PARTS)
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
