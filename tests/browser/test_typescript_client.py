"""A client in TypeScript, with types that openapi-typescript makes of the server's description, compiles and reads."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.browser.test_page import HERE
from tests.functional.serving import served
from tests.needs import need_all
from tests.unit.serve.site import picture_of

pytestmark = pytest.mark.browser

MODULES = HERE / "node_modules"
STRICT = ("--strict", "--target", "es2022", "--module", "nodenext", "--moduleResolution", "nodenext")


def test_a_client_in_typescript_compiles_and_reads_a_picture(tmp_path: Path) -> None:
    node = shutil.which("node")
    there = {"node": bool(node), "tests/browser/node_modules": (MODULES / "typescript").exists()}
    need_all(there)
    assert node is not None
    (tmp_path / "node_modules").symlink_to(MODULES)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copy(HERE / "typescript_client.ts", tmp_path)

    def run(*command: str) -> str:
        done = subprocess.run([node, *command], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    with served("--processes", "1") as server:
        (tmp_path / "api.json").write_bytes(server.ask("GET", "/openapi.json").content)  # type: ignore[attr-defined]
        run(str(MODULES / "openapi-typescript" / "bin" / "cli.js"), "api.json", "-o", "api.d.ts")
        run(str(MODULES / "typescript" / "bin" / "tsc"), *STRICT, "typescript_client.ts")
        picture = base64.b64encode(picture_of(7)).decode()
        said = json.loads(run("typescript_client.js", server.address, picture))
    assert (said["text"], said["sure"], said["reason"]) == ("7", True, None)
    assert 0.9 < said["confidence"] <= 1
    assert set(said["others"]) <= set(range(10)) - {7}
    assert said["blank"] is False
