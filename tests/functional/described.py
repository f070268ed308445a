"""Requests made up from the server's own description, each held to what the description promises."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from tests.functional.serving import served
from tests.unit.serve.site import picture_of
from tests.unit.tiny_models import template_model_bytes

CHECKS = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
]

REAL_BODIES: list[tuple[str, str, bytes]] = [
    *(("POST /v1/read", "image/png", picture_of(digit)) for digit in (1, 2)),
    ("POST /v1/read", "image/jpeg", picture_of(7, ".jpg")),
    ("POST /v1/read", "application/octet-stream", picture_of(7, ".tif")[:2000]),
    ("POST /v1/corrections", "image/png", picture_of(7)),
    ("POST /v1/digits", "application/octet-stream", bytes(784)),
    ("POST /v1/digits", "application/octet-stream", bytes(range(256)) * 49),
    ("POST /v1/digits", "application/json", b'{"images": [' + b"0," * 783 + b"0]}"),
]
"""What no generator would find by itself."""

HEADERS: list[dict[str, str]] = [
    {},
    {"Accept": "application/jsonl"},
    {"Content-Encoding": "gzip"},
    {"Origin": "http://evil.example"},
    {"Host": "evil.example"},
    {"Sec-Fetch-Site": "cross-site"},
]
"""What the description says in words alone."""


def hold_to_the_description(folder: Path, count: int) -> Counter[int]:
    """Ask a real server `count` times; AssertionError or a failed check for the first wrong answer → how often each
    status came."""
    (folder / "tiny.onnx").write_bytes(template_model_bytes())
    options = ["--processes", "1", "--collect", str(folder / "kept"), "--model", str(folder / "tiny.onnx")]
    with served(*options, "--model", "shipped=shipped") as server:
        schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/openapi.json")
        statuses: Counter[int] = Counter()
        cases = st.one_of(*(schema.as_strategy(mode) for mode in GenerationMode))

        @settings(
            max_examples=count,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            database=None,
            derandomize=True,
        )
        @given(cases, st.sampled_from(HEADERS), st.none() | st.sampled_from(REAL_BODIES))
        def ask(case: Any, headers: dict[str, str], real: tuple[str, str, bytes] | None) -> None:
            expected = CHECKS
            if real is not None and real[0] == case.operation.label:
                _, case.media_type, case.body = real
            if real is not None or headers:
                expected = CHECKS[:-1]  # what was made to be wrong may be right now, or wrong in another way
            response = case.call(headers=headers, timeout=30)
            case.validate_response(response, checks=expected)
            statuses[response.status_code] += 1
            assert response.status_code < 500 or response.status_code in (503, 504, 507), response.status_code

        ask()
        assert server.process.poll() is None
    return statuses
