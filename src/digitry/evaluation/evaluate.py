"""A run and labelled images → figures, plots and a report in the run's folder."""

from __future__ import annotations

import os
from pathlib import Path

from digitry.evaluation.judge_model import FileEvaluation, judge_model
from digitry.evaluation.judging import CountProgress, Evaluation, judge_run
from digitry.evaluation.number_runs import NumberEvaluation, evaluate_numbers
from digitry.networks.model_files import is_shipped
from digitry.runs import Run
from digitry.types import Dataset


def evaluate(
    run: str | os.PathLike[str],
    *,
    split: str = "test",
    data: Dataset | str | Path | None = None,
    progress: CountProgress | None = None,
) -> Evaluation | NumberEvaluation | FileEvaluation:
    """Evaluate a run on `train`, `validation` or `test`, and write metrics.json, plots/ and report.html to its folder.

    A run that reads numbers is evaluated on 5,000 numbers written with the digits of the split: on how many every digit
    is right; it gets no report. The model is the run's model.onnx. The images it was trained on, and those held back,
    are evaluated too; the test split is read only if requested. `data` may name other data than the run's own: then
    only `split` is evaluated, and the report goes to a folder `on-<data>` in the run. `progress` is called with (images
    done, images in all). `run` may also be an ONNX file, such as an adopted one, or the name of a shipped model: these
    are evaluated on `train` or `test` alone, and nothing is written.

    Raises SettingError for an unknown split, DataError for data that is not the run's or does not fit, ModelError for a
    folder that is not a finished run, StorageError when the report cannot be written.
    """
    from digitry.evaluation import report
    from digitry.packages import need

    if Path(run).is_file() or is_shipped(run):
        return judge_model(run, split=split, data=data, progress=progress)
    if Run.open(run).model().reads == "number":
        return evaluate_numbers(run, split=split, data=data, progress=progress)
    need("matplotlib", by="a report")
    evaluation = judge_run(run, split=split, data=data, progress=progress)
    report.write_run_report(evaluation)
    return evaluation


def write_report(run: str | os.PathLike[str], *, data: Dataset | str | Path | None = None) -> Evaluation:
    """Write the report at the end of a training: on the validation part, or on the training images if nothing was held
    back.

    The test split is not read.
    """
    from digitry.evaluation import report

    split = "validation" if Run.open(run).held_back.fraction else "train"
    evaluation = judge_run(run, split=split, data=data)
    report.write_run_report(evaluation)
    return evaluation
