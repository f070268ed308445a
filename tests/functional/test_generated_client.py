"""A client that openapi-python-client makes of the server's own description reads a picture, with types all through."""

from __future__ import annotations

import importlib
import io
import json
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from tests.functional.serving import served
from tests.unit.serve.site import picture_of

MAKE = ("generate", "--path", "api.json", "--output-path", "digitry_api", "--meta", "none")

pytest.importorskip("openapi_python_client")
pytestmark = pytest.mark.slow


def test_a_generated_client_reads_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served("--processes", "1") as server:
        description = server.ask("GET", "/openapi.json").content  # type: ignore[attr-defined]
        (tmp_path / "api.json").write_bytes(description)
        subprocess.run(
            [sys.executable, "-m", "openapi_python_client", *MAKE],
            check=True,
            cwd=tmp_path,
            capture_output=True,
            timeout=120,
        )
        monkeypatch.syspath_prepend(str(tmp_path))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what the client is made with
            api = {
                name: importlib.import_module(f"digitry_api.{name}")
                for name in ("client", "types", "models", "api.default.read")
            }
            body = api["types"].File(payload=io.BytesIO(picture_of(7)), file_name="7.png")
            expect = api["models"].ReadExpect.DIGIT
            with api["client"].Client(base_url=server.address) as client:
                readings = api["api.default.read"].sync(client=client, body=body, expect=expect)
            text = json.loads(description)["paths"]["/v1/read"]["post"]["requestBody"]["content"]
    [reading] = readings.readings
    [number] = reading.numbers
    assert (number.text, reading.sure) == ("7", True)
    assert [type(one).__name__ for one in number.alternatives] == ["OtherNumber"] * len(number.alternatives)
    assert {type(one).__name__ for one in number.digits[0].alternatives} == {"OtherDigit"}
    assert "application/json" in text
