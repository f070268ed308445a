from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from digitry.cli import group
from digitry.cli import robustness as robustness_command
from digitry.errors import SettingError, StorageError
from digitry.evaluation import robustness as measured
from digitry.evaluation.hard_pictures.specimen import Specimen
from digitry.evaluation.robustness_parts import MEASURES, Sizes

MISTAKE = {"index": 0, "written": "42", "read": "7", "sure": True, "reason": None}
READ = {"accuracy": 0.9, "accuracy_interval_95": [0.8, 0.95], "sure": 0.5, "right_when_sure": None}
WRONG = {"arrays": 0.25, "pictures": 0.125}

KIND = {"labels": 1234, "recall": 0.75, "precision": 0.875, "sure_share": 0.375, "right_when_sure": 1.0}

SIGNED = READ | {"pictures": 12, "digits_accuracy": 0.95}


def refused(share: float) -> dict[str, Any]:
    return {"pictures": 1200, "refused_at_99": share, "not_sure": 0.75}


FIGURES: dict[str, Any] = {
    "mnist": {
        "arrays": {"images": 10_000, "accuracy": 0.995, "accuracy_interval_95": [0.99, 1]},
        "pictures": READ | {"pictures": 7},
        "cut": READ | {"pictures": 6},
        "stretched": READ | {"pictures": 5},
    },
    "corruptions": {
        "corruptions": {"fog": {"reader": WRONG | {"sure": 0.5, "right_when_sure": 1.0}, "beside": WRONG}},
        "mean_error": {"reader": WRONG, "beside": WRONG},
        "mean_corruption_error": {"arrays": 0.5, "pictures": None},
    },
    "photographs": READ | {"pictures": 8, "mistakes": []},
    "numbers": {
        "numbers": READ | {"pictures": 9, "mistakes": [MISTAKE]},
        "lists": {"numbers": 40, "accuracy": 0.5, "sure": 0.1, "right_when_sure": 1.0},
    },
    "signs": SIGNED | {"groups": {"kind": {"date": SIGNED | {"pictures": 4}}}, "mistakes": []},
    "pages": {"kinds": {"score_card": KIND}, "all": KIND},
    "open_set": {
        "digit": {"threshold": 0.4567, "sets": {"letters": refused(0.625)}},
        "page": {"sets": {"letters": refused(0.5)}},
    },
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the command asked to be measured; the answers are made up."""
    given: dict[str, Any] = {}

    def answer(model: str | None, **options: Any) -> measured.Robustness:
        given.update(options, model=model)
        parts = {name: FIGURES[name] | {"seconds": 5} for name in MEASURES if name in options["parts"]}
        return measured.Robustness(
            model, {"model.onnx": "a"}, options["beside"], {}, Sizes(), parts, {"clothes": "why"}
        )

    monkeypatch.setattr(measured, "robustness", answer)
    return given


@pytest.fixture(autouse=True)
def a_photograph(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every photograph is the same colour, 900 pixels wide."""
    grey = Specimen(np.full((300, 900, 3), 130, np.uint8), ("42",))
    monkeypatch.setattr("digitry.evaluation.hard_pictures.photographs.photographed_number", lambda _: grey)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(group, ["robustness", *arguments])


def test_the_table_has_a_line_for_everything_that_was_measured(asked: dict[str, Any]) -> None:
    result = run("runs/a", "--beside", "runs/b")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "runs/a, compared with runs/b",
        "",
        "                                          shown   right    95% interval   sure  right when sure",
        "MNIST test, as arrays                    10,000  99.50%  99.0% – 100.0%      –                –",
        "MNIST test, as PNG files                      7  90.00%   80.0% – 95.0%  50.0%                –",
        "MNIST test, cropped close                     6  90.00%   80.0% – 95.0%  50.0%                –",
        "MNIST test, cropped close and stretched       5  90.00%   80.0% – 95.0%  50.0%                –",
        "photographs of a digit                        8  90.00%   80.0% – 95.0%  50.0%                –",
        "photographs of a number                       9  90.00%   80.0% – 95.0%  50.0%                –",
        "numbers in photographed lists                40  50.00%               –  10.0%          100.00%",
        "photographs of a number with signs           12  90.00%   80.0% – 95.0%  50.0%                –",
        "",
        "wrong after  arrays  pictures   sure  right when sure  beside, arrays  beside, pictures",
        "fog           25.0%     12.5%  50.0%           100.0%           25.0%             12.5%",
        "mean          25.0%     12.5%      –                –           25.0%             12.5%",
        "Its errors for each 100 of the other model's, averaged over all corruptions: 50.0 on arrays, – on pictures",
        "",
        "kind  shown  right with signs  digits right   sure  right when sure",
        "date      4             90.0%         95.0%  50.0%                –",
        "all      12             90.0%         95.0%  50.0%                –",
        "",
        "numbers on  written  found  share of readings right  share of readings sure  right when sure",
        "score card    1,234  75.0%                    87.5%                   37.5%           100.0%",
        "all           1,234  75.0%                    87.5%                   37.5%           100.0%",
        "Drawn with test digits, by the code that makes the training pages",
        "",
        "kind of picture  pictures  refused  not sure  not sure, as a page",
        "letters             1,200    62.5%     75.0%                75.0%",
        "Refused: confidence below 0.457, which 99% of the digits reach",
    ]
    assert result.stderr == "digitry: clothes is left out: why\n"


def test_parts_and_sizes_are_passed_on(
    asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("digitry.cli.progress.SHOWN_AFTER_SECONDS", 0)
    result = run("--part", "numbers", "--part", "mnist", "--quick", "--jobs", "3", "--quiet")
    assert (asked["model"], asked["parts"], asked["quick"], asked["jobs"]) == (None, ("numbers", "mnist"), True, 3)
    asked["progress"]("reading", 1, 2)
    assert capsys.readouterr().err == "", "it is quiet"
    assert result.stdout.startswith("The networks that come with digitry\n\n")
    assert "wrong after" not in result.stdout


def test_a_page_has_the_tables_and_the_mistakes(asked: dict[str, Any], tmp_path: Path) -> None:
    page = tmp_path / "robust.html"
    result = run("runs/a", "--html", str(page))
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == f"Page: {page}"
    text = page.read_text(encoding="utf-8")
    for words in ("<h1>How robust it is</h1>", "photographs of a number", "fog", "42 read as 7, sure"):
        assert words in text, words
    assert "clothes is left out: why" in text
    assert "http://" not in text
    assert text.count("data:image/jpeg;base64,") == 1


def test_json_is_json_only(asked: dict[str, Any]) -> None:
    facts = json.loads(run("a.onnx", "--json").stdout)
    assert (facts["model"], facts["seed"], list(facts["parts"])) == ("a.onnx", 2019, list(MEASURES))


def test_the_parts_that_can_be_named_are_those_there_are() -> None:
    assert tuple(MEASURES) == robustness_command.PARTS


def test_an_unknown_part_names_near_matches_before_anything_is_loaded() -> None:
    error = run("--part", "photograhps", "nowhere.onnx").exception
    assert isinstance(error, SettingError)
    assert "unknown part 'photograhps'; did you mean 'photographs'" in str(error)


def test_a_page_that_cannot_be_written_is_told_before_the_quarter_of_an_hour(
    asked: dict[str, Any], tmp_path: Path
) -> None:
    result = run("runs/a", "--html", str(tmp_path))
    assert isinstance(result.exception, StorageError)
    assert not asked


def test_a_second_model_that_nothing_would_be_asked_of_is_refused(asked: dict[str, Any]) -> None:
    result = run("runs/a", "--beside", "runs/b", "--part", "pages")
    assert isinstance(result.exception, SettingError)
    assert not asked
