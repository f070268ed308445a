"""results/serve.json and results/page.json → a section of docs/benchmarks.md."""

from __future__ import annotations

from typing import Any

Figures = dict[str, dict[str, Any]]

DIGITRY, KERAS, LITSERVE = "digitry", "FastAPI and Keras", "LitServe and ONNX Runtime"


def serving_section(serve: dict[str, Any], page: dict[str, Any] | None, surroundings: str) -> str:
    """Requests a second of three servers, what digitry does under too many, and how soon its page reads."""
    figures: Figures = serve["figures"]
    one, many = figures["digitry, 1 digit as bytes"], figures["digitry, 256 digits"]
    picture, overload = figures["digitry, a picture of a digit"], figures["digitry, four times too many pictures"]
    keras_one, keras_many = figures[f"{KERAS}, 1 digit as bytes"], figures[f"{KERAS}, 256 digits"]
    lit_one, lit_many = figures[f"{LITSERVE}, 1 digit as JSON"], figures[f"{LITSERVE}, 256 digits"]
    as_json = figures["digitry, 1 digit as JSON"]
    starts = [figures[f"{name}, start"]["seconds"] for name in (DIGITRY, LITSERVE, KERAS)]
    alone = figures["ONNX Runtime alone"]
    in_one_run = max(alone[f"{way}, 256 a run"] for way in ("one session", "a session a core"))
    lines = [
        "## Serving: `python -m bench serve`",
        "",
        f"{surroundings}.",
        "",
        "The tutorials' `cnn` behind three servers, the load from a process on the same two cores: 32 connections with "
        "one digit a request, 8 with 256. FastAPI with `model.predict` is what the tutorials' readers build; LitServe "
        "runs the same ONNX file as digitry.",
        "",
        "| | digitry | LitServe, ONNX Runtime | FastAPI, Keras `predict` |",
        "|---|---:|---:|---:|",
        f"| one digit, requests/s | **{one['per_s']:,.0f}** (JSON {as_json['per_s']:,.0f}) | {lit_one['per_s']:,.0f} | "
        f"{keras_one['per_s']:,.0f} |",
        f"| p50 / p99, ms | {_ms(one)} | {_ms(lit_one)} | {_ms(keras_one)} |",
        f"| 256 digits, digits/s | **{many['digits_per_s']:,.0f}** | {lit_many['digits_per_s']:,.0f} | "
        f"{keras_many['digits_per_s']:,.0f} |",
        f"| seconds to start | {' | '.join(f'{seconds:.1f}' for seconds in starts)} |",
        "",
        f"One digit a request: {one['per_s'] / keras_one['per_s']:,.0f} times FastAPI with Keras, "
        f"{as_json['per_s'] / lit_one['per_s']:.1f} times LitServe. With 256 digits a request digitry reaches "
        f"{many['digits_per_s'] / in_one_run:.0%} of what ONNX Runtime alone does in process on both cores when it "
        f"runs all 256 together ({in_one_run:,.0f} digits/s), and {many['share_of_onnx_runtime']:.0%} of what it does "
        f"in its best way, 32 a run, which fit into the cache ({alone['digits_per_s']:,.0f}); the load takes its share "
        "of the cores too.",
        "",
        "**Pictures**, 280×280 PNG, decoded and read in processes with limits: "
        f"{picture['per_s']:,.0f} requests/s, p50 / p99 {_ms(picture)} ms. **Four times as many** as that: "
        f"{overload['goodput_per_s']:,.0f} a second are answered, {overload['share_of_peak']:.0%} of the peak, "
        f"{overload['lost']:.0f} lost; the others are refused, p99 {overload['refused_p99_ms']:.0f} ms.",
        "",
    ]
    if page is not None:
        lines += _page(page)
    return "\n".join(lines)


def _page(page: dict[str, Any]) -> list[str]:
    times, ours, ort = (page["median"][name] for name in ("page", "ours", "ort"))
    return [
        f"**The page** (`python -m bench page`, {page['browser'].split(' built')[0].strip()}): "
        f"{times['ready'] / 1000:.1f} s from opening it in a fresh profile until it reads, "
        f"{times['digit']:.0f} ms from lifting the pen to a digit, {times['number']:.0f} ms to a number of three. "
        f"Its reader beside {page['peer']}, one thread each:",
        "",
        "| | digitry's modules | onnxruntime-web |",
        "|---|---:|---:|",
        f"| kB to load, models aside | {ours['engine_bytes'] / 1000:,.0f} | {ort['engine_bytes'] / 1000:,.0f} |",
        f"| ms from opening to the first answer | {ours['first_answer_ms']:.0f} | {ort['first_answer_ms']:.0f} |",
        f"| ms a digit | {ours['digit_ms']:.1f} | {ort['digit_ms']:.1f} |",
        f"| ms a strip of 200 pixels | {ours['strip_ms']:.0f} | {ort['strip_ms']:.0f} |",
        "",
    ]


def _ms(figures: dict[str, float]) -> str:
    return f"{figures['p50_ms']:,.0f} / {figures['p99_ms']:,.0f}"
