"""`digitry evaluate`: evaluate one run or file, print the figures, say where the report is."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digitry.cli.options import view_options, with_view
from digitry.errors import SettingError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from digitry.evaluation.judge_model import FileEvaluation
    from digitry.evaluation.judging import Evaluation
    from digitry.evaluation.number_runs import NumberEvaluation


@click.command("evaluate")
@click.argument("run", metavar="RUN|FILE.onnx|NAME", type=click.Path(path_type=Path))
@click.option("--split", default="test", show_default=True, metavar="NAME", help="train, validation or test.")
@click.option("--data", metavar="DATASET", help="Judge on other data: a name, a folder or a file.")
@view_options
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON and nothing else.")
@click.option("--quiet", is_flag=True, help="No progress.")
def command(
    run: Path,
    split: str,
    data: str | None,
    transpose: bool,
    rotate: str | None,
    invert: bool | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Judge a run on data it has not seen.

    RUN is the folder of a finished training. Writes metrics.json, plots/ and report.html into it. A network that reads
    numbers is judged on numbers written with the digits of the split, without a report. For an ONNX file, such as an
    adopted one, and for the NAME of a network that comes with digitry (such as shipped or tiny), the figures are
    printed and nothing is written.
    """
    from digitry.cli.progress import Bar
    from digitry.evaluation.evaluate import evaluate
    from digitry.evaluation.judge_model import FileEvaluation
    from digitry.evaluation.number_runs import NumberEvaluation
    from digitry.networks.model_files import is_shipped
    from digitry.packages import need

    if data is not None:
        data = with_view(data, transpose, rotate, invert)
    elif transpose or rotate or invert is not None:
        raise SettingError(
            "--transpose, --rotate and --invert are for --data; a run knows the orientation of its own data"
        )
    if not run.is_file() and not is_shipped(run):
        need("matplotlib", by="evaluate")
    with Bar(quiet=quiet) as progress:
        evaluation = evaluate(run, split=split, data=data, progress=partial(progress, "reading images"))
    if as_json:
        import json

        click.echo(json.dumps(evaluation.to_json(), allow_nan=False))
        return
    if isinstance(evaluation, NumberEvaluation):
        _print_numbers(evaluation)
    elif isinstance(evaluation, FileEvaluation):
        _print_file(evaluation)
    else:
        _print(evaluation)


def _print_numbers(evaluation: NumberEvaluation) -> None:
    from digitry.pages.number_words import interval, percent

    run, parameters = evaluation.run, evaluation.parameters
    size = "" if parameters is None else f", {parameters:,} parameters"
    print(f"{run.name}: recipe {run.recipe}{size}, reads numbers, on {evaluation.data_name}")
    print(
        f"{evaluation.right:,} of {evaluation.strips:,} numbers written with digits of the {evaluation.split} split "
        f"are read to the last digit: {percent(evaluation.accuracy)} (95%: {interval(evaluation.interval)})"
    )
    print(f"Figures: {evaluation.metrics_path}")


def _print(evaluation: Evaluation) -> None:
    from rich.console import Console

    from digitry.pages.number_words import percent

    less = evaluation.without_doubtful
    console = Console(highlight=False, markup=False)
    parameters = "" if evaluation.parameters is None else f", {evaluation.parameters:,} parameters"
    console.print(f"{evaluation.run.name}: recipe {evaluation.run.recipe}{parameters}, on {evaluation.data_name}")
    console.print(_table(evaluation))
    if less:
        console.print(
            f"Without {less.left_out} doubtful test labels: {percent(less.accuracy)}, "
            f"{less.error_count:,} errors of {less.images:,}"
        )
    _print_scores(console, evaluation)
    console.print(f"Report: {evaluation.report_path}", soft_wrap=True)


def _print_file(evaluation: FileEvaluation) -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    console.print(f"{evaluation.path}: {evaluation.recipe}, on {evaluation.data_name}", soft_wrap=True)
    console.print(_table(evaluation))
    _print_scores(console, evaluation)


def _print_scores(console: Console, evaluation: Evaluation | FileEvaluation) -> None:
    from digitry.evaluation.report_page import confusions

    names, scores = evaluation.class_names, evaluation.scores
    console.print(
        f"Precision {scores.macro_precision:.2%}, recall {scores.macro_recall:.2%}, F1 {scores.macro_f1:.2%} "
        "(means of the classes)"
    )
    console.print(f"Calibration: ECE {scores.ece:.4f}, Brier {scores.brier:.4f}")
    common = [f"{names[a]} as {names[b]} ({n}×)" for a, b, n in confusions(scores.confusion, 4)]
    if common:
        console.print(f"Most often read wrongly: {', '.join(common)}")


def _table(evaluation: Evaluation | FileEvaluation) -> Table:
    from rich import box
    from rich.table import Table

    from digitry.pages.number_words import interval, percent

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("split")
    for name in ("images", "loss", "accuracy", "95% interval", "errors"):
        table.add_column(name, justify="right")
    for name, judged in evaluation.splits.items():
        scores = judged.scores
        table.add_row(
            name,
            f"{scores.images:,}",
            f"{scores.nll:.4f}",
            percent(scores.accuracy),
            interval(scores.interval),
            f"{scores.error_count:,}",
            style="bold" if name == evaluation.split else "",
        )
    return table
