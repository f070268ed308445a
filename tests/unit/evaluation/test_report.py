"""What evaluate writes into the run: figures, plots and one page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from digitry.errors import StorageError
from digitry.evaluation import report
from digitry.evaluation.evaluate import evaluate, write_report
from digitry.evaluation.judging import Evaluation
from digitry.evaluation.report import GrowingChart, history_chart
from digitry.evaluation.report_page import confusions
from digitry.pages.number_words import percent
from digitry.types import Dataset

MakeRun = Callable[..., Path]
PLOTS = ("history", "confusion", "classes", "reliability", "mistakes", "predictions")


def read_metrics(run: Path) -> dict[str, object]:
    written = json.loads((run / "metrics.json").read_text())
    assert isinstance(written, dict)
    return written


@pytest.mark.usefixtures("blank_plots")
def test_metrics_json_holds_the_figures_that_evaluate_returns(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    run = make_run(swap=(3, 8))
    evaluation = evaluate(run, data=made_up_dataset)
    written = read_metrics(run)
    assert written == json.loads(json.dumps(evaluation.to_json()))
    assert written["splits"]["test"]["error_count"] == 10  # type: ignore[index]
    assert (written["data"], written["data_sha256"], written["trained_on_data"]) == ("made-up", "0" * 64, True)


@pytest.mark.usefixtures("blank_plots")
def test_figures_of_other_splits_stay_while_the_model_is_the_same(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    run = make_run(swap=(3, 8))
    evaluate(run, data=made_up_dataset)
    evaluate(run, split="validation", data=replace(made_up_dataset, name="the same from elsewhere"))
    assert set(read_metrics(run)["splits"]) == {"train", "validation", "test"}  # type: ignore[call-overload]

    other = make_run("other")
    (run / "model.onnx").write_bytes((other / "model.onnx").read_bytes())
    evaluate(run, split="validation", data=made_up_dataset)
    assert set(read_metrics(run)["splits"]) == {"train", "validation"}  # type: ignore[call-overload]


@pytest.mark.parametrize("old", ["", "[]", '{"splits": 3}', '{"model_sha256": null}'])
@pytest.mark.usefixtures("blank_plots")
def test_a_broken_metrics_file_is_replaced(make_run: MakeRun, made_up_dataset: Dataset, old: str) -> None:
    run = make_run()
    (run / "metrics.json").write_text(old)
    evaluate(run, data=made_up_dataset)
    assert set(read_metrics(run)["splits"]) == {"train", "validation", "test"}  # type: ignore[call-overload]


def test_the_report_is_one_page_that_needs_nothing_else_and_the_same_for_the_same_run(
    make_run: MakeRun, made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(swap=(3, 8))
    page = evaluate(run, data=made_up_dataset).report_path.read_text()
    assert not re.search(r"<script|<link|\b(src|href)=\"(?!data:|#)", page)
    # The history of the training is drawn figure by figure, what is read as what is a table with its pictures.
    assert page.count('<svg role="img"') == len(PLOTS) - 2 + 3
    assert page.count('<li><i style="--x:') == 10
    assert "3 read as 8: 5 pictures" in page
    assert all(figure in page for figure in ("80.00%", "of 50 images", "66.96–88.76%", "The most frequent mistakes"))
    plots = sorted(path.name for path in (run / "plots").iterdir())
    assert plots == sorted(f"{name}.{kind}" for name in PLOTS for kind in ("png", "svg"))
    monkeypatch.setattr("digitry.pages.style.to_png_bytes", lambda figure: b"")  # the page has the other kind
    assert evaluate(run, data=made_up_dataset).report_path.read_text() == page


@pytest.mark.usefixtures("blank_plots")
def test_names_from_strangers_are_escaped(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    names = ("<script>alert(1)</script>", *"123456789")
    data = replace(made_up_dataset, class_names=names)
    page = evaluate(make_run(class_names=names), data=data).report_path.read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.usefixtures("blank_plots")
def test_a_class_that_no_image_is_read_as_has_no_precision(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    test = made_up_dataset.test
    assert test is not None
    images = test.images.copy()
    images[test.labels == 7] = images[test.labels == 1][0]
    data = replace(made_up_dataset, test=replace(test, images=images))
    page = evaluate(make_run(), data=data).report_path.read_text()
    assert re.search(r'>7</th>\s*<td class="number">–</td>\s*<td class="number">0\.0000</td>', page)
    assert "a class that was never predicted has no precision" in page


@pytest.mark.usefixtures("blank_plots")
def test_a_perfect_run_without_history_or_validation_gets_a_page(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    run = make_run(validation_fraction=0.0)
    (run / "history.jsonl").unlink()
    page = evaluate(run, data=made_up_dataset).report_path.read_text()
    assert "It made no mistake here." in page
    assert "The most frequent mistakes" not in page


@pytest.mark.usefixtures("blank_plots")
def test_each_split_says_what_it_is_worth(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    run = make_run()
    for split, words in (
        ("test", "which its training never touched"),
        ("validation", "The test images were not used"),
        ("train", "not how well it reads"),
    ):
        assert words in evaluate(run, split=split, data=made_up_dataset).report_path.read_text()


@pytest.mark.usefixtures("blank_plots")
def test_other_data_never_overwrites_the_figures_of_the_run(make_run: MakeRun, made_up_dataset: Dataset) -> None:
    run = make_run()
    evaluate(run, data=made_up_dataset)
    before = (run / "metrics.json").read_bytes(), (run / "report.html").read_bytes()
    other = evaluate(run, data=replace(made_up_dataset, name="other", sha256="1" * 64))
    assert other.report_path == run / "on-other" / "report.html"
    assert "data that it was not trained on" in other.report_path.read_text()
    assert before == ((run / "metrics.json").read_bytes(), (run / "report.html").read_bytes())


@pytest.mark.usefixtures("blank_plots")
def test_training_ends_with_a_report_on_validation_or_else_on_train(
    make_run: MakeRun, made_up_dataset: Dataset
) -> None:
    without_test = replace(made_up_dataset, test=None)
    assert write_report(make_run("a"), data=without_test).split == "validation"
    assert write_report(make_run("b", validation_fraction=0.0), data=without_test).split == "train"


@pytest.mark.parametrize("name", ["history", "history.png", "history.svg"])
def test_the_history_chart_is_drawn_as_png_and_svg(tmp_path: Path, name: str) -> None:
    history_chart([{"epoch": 1, "loss": 1.0, "accuracy": 0.5}], tmp_path / "plots" / name)
    assert sorted(path.name for path in (tmp_path / "plots").iterdir()) == ["history.png", "history.svg"]


@pytest.mark.usefixtures("blank_plots")
def test_a_training_draws_its_chart_now_and_then_and_no_line_of_one_point(tmp_path: Path) -> None:
    history = [{"epoch": n, "loss": 1.0, "accuracy": 0.5} for n in (1.0, 2.0)]
    often, seldom = (GrowingChart(tmp_path / name, every_seconds=s) for name, s in (("often", 0), ("seldom", 1e9)))
    for chart in (often, seldom):
        chart.draw(history[:1])
    assert not list(tmp_path.iterdir())
    for chart in (often, seldom):
        chart.draw(history)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["often.png", "often.svg"]


@pytest.mark.usefixtures("blank_plots")
def test_a_failed_write_leaves_the_old_figures(
    make_run: MakeRun, made_up_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run()
    evaluate(run, data=made_up_dataset)
    before = (run / "metrics.json").read_bytes()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.write", full)
        with pytest.raises(StorageError, match="No space left"):
            report.write_run_report(replace(evaluate_only(run, made_up_dataset), split="train"))
    assert (run / "metrics.json").read_bytes() == before
    assert not list(run.glob(".*tmp*"))


def evaluate_only(run: Path, data: Dataset) -> Evaluation:
    from digitry.evaluation.judging import judge_run

    return judge_run(run, data=data)


def test_the_most_frequent_mistakes_come_first_and_hits_do_not_count() -> None:
    assert confusions(np.array([[9, 1, 0], [3, 9, 0], [0, 2, 9]])) == [(1, 0, 3), (2, 1, 2), (0, 1, 1)]
    assert confusions(np.array([[9, 1, 0], [3, 9, 0], [0, 2, 9]]), 1) == [(1, 0, 3)]
    assert confusions(np.eye(3, dtype=np.int64)) == []


@pytest.mark.parametrize(
    ("share", "text"), [(0.9917, "99.17%"), (59_999 / 60_000, ">99.99%"), (1.0, "100.00%"), (0.0, "0.00%")]
)
def test_one_mistake_in_many_never_reads_100_percent(share: float, text: str) -> None:
    assert percent(share) == text
