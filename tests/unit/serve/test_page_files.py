"""The page's files as the server hands them out; what the page does with them is tested in a browser."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from digitry.serve import web_page as page
from digitry.serve.curl import LINES
from digitry.serve.guard import Access
from digitry.serve.openapi import openapi
from digitry.serve.web_page import page_files
from tests.unit.serve.node import needs_node
from tests.unit.serve.site import Site

ADDRESS = re.compile(r"(?:https?:)?//[a-z][^\s\"'`<>)]*", re.IGNORECASE)


def test_no_file_names_an_address_elsewhere() -> None:
    for path, file in page_files().items():
        if not path.endswith(".onnx"):
            text = re.sub(r"^\s*//.*$", "", file.body.decode(), flags=re.MULTILINE)
            found = [one for one in ADDRESS.findall(text) if "www.w3.org/2000/svg" not in one]
            assert not found, path


def test_no_file_holds_what_the_policy_forbids() -> None:
    for path, file in page_files().items():
        if path == "/" or path.endswith((".js", ".html")):
            text = file.body.decode()
            assert not re.search(
                r"\beval\(|new Function|WebAssembly|\son[a-z]+=|style=\"|<script>|javascript:", text
            ), path


def test_every_module_that_is_imported_is_served() -> None:
    files = page_files()
    for path, file in files.items():
        for name in re.findall(r'from "(\./[^"]+|\.\./[^"]+)"', file.body.decode() if path.endswith(".js") else ""):
            assert str((Path(path).parent / name).as_posix()).replace("/./", "/") in files, f"{path} imports {name}"


def test_the_page_keeps_every_file_for_when_there_is_no_network() -> None:
    files = page_files()
    kept = json.loads(re.search(r"const FILES = (\[.*\]);", files["/sw.js"].body.decode())[1])  # type: ignore[index]
    assert set(kept) == (set(files) - {"/sw.js"}) | {"/models/digit.onnx", "/config.json"}


def test_the_kept_files_have_a_name_that_changes_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def name() -> str:
        worker = page_files()["/sw.js"].body.decode()
        assert "VERSION" not in worker
        return re.search(r'const NAME = "digitry-([0-9a-f]{16})";', worker)[1]  # type: ignore[index]

    before = name()
    assert name() == before
    real = page._file
    monkeypatch.setattr(page, "_file", lambda name, body: real(name, body + b" " * (name == "desk.js")))
    assert name() != before


def test_a_token_can_be_given_without_a_picture_for_corrections_need_it_too() -> None:
    page = page_files()["/"].body.decode()
    assert page.index('id="token"') < page.index('<form id="chosen"')
    assert page.count("<form", 0, page.index('id="token"')) == page.count("</form>", 0, page.index('id="token"'))


def test_every_file_is_served_with_its_type(site: Site) -> None:
    for path, file in page_files().items():
        answer = site.client.get(path)
        assert (answer.status_code, answer.content) == (200, file.body), path
        assert answer.headers["content-type"] == file.content_type


def test_the_page_gets_the_model_that_the_server_reads_with(site: Site, tiny_model: Path) -> None:
    assert site.client.get("/models/digit.onnx").content == tiny_model.read_bytes()


def test_the_page_is_told_what_this_server_does(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    plain = open_a_site().client.get("/config.json").json()
    other = open_a_site(collect=tmp_path / "kept", access=Access(token="x")).client
    told = other.get("/config.json").json()

    assert (plain["collects"], plain["wants_token"], plain["is_shipped"]) == (False, False, False)
    assert plain["class_names"] == list("0123456789")
    assert (told["collects"], told["wants_token"]) == (True, True)


def test_the_page_needs_no_token_where_the_api_does(open_a_site: Callable[..., Site]) -> None:
    client = open_a_site(access=Access(token="x")).client

    assert client.get("/").status_code == 200
    assert client.get("/models/string.onnx").status_code == 200
    assert client.get("/v1/model").status_code == 401


def test_the_page_about_the_api_names_every_route_with_a_call_of_it(
    open_a_site: Callable[..., Site], tmp_path: Path
) -> None:
    site = open_a_site(collect=tmp_path / "kept")
    text = site.client.get("/api").text

    for path in openapi(site.service)["paths"]:
        assert f"<code>POST {path}</code>" in text or f"<code>GET {path}</code>" in text
        assert path in LINES
    assert "<script" not in text


def in_node(script: str) -> str:
    """What a module prints that Node runs beside the page's static files."""
    static = resources.files("digitry") / "serve" / "static"
    command = ["node", "--input-type=module", "--eval", script.replace("STATIC", Path(str(static)).as_uri())]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


@needs_node
def test_a_worker_that_failed_before_anybody_asked_is_told_of_to_who_asks_later() -> None:
    script = """
      globalThis.Worker = class { constructor() { queueMicrotask(() => this.onerror()); } postMessage() {} };
      const slowly = () => new Promise((resolve) => setTimeout(resolve, 20));
      globalThis.fetch = async () => { await slowly(); return { ok: true, arrayBuffer: slowly, json: slowly }; };
      const { Desk } = await import("STATIC/desk.js");
      const desk = new Desk({ is_shipped: true });
      console.log(await desk.read(new Uint8Array(1), 1, 1, "digit").catch((error) => error.message));
    """
    assert in_node(script) == "the reader does not start in this browser"


@needs_node
def test_what_the_server_gives_takes_the_place_of_what_was_kept_and_a_failure_does_not(tmp_path: Path) -> None:
    (tmp_path / "sw.js").write_bytes(page_files()["/sw.js"].body)
    script = f"""
      const [handlers, kept] = [{{}}, []];
      globalThis.self = {{ addEventListener: (name, handler) => {{ handlers[name] = handler; }} }};
      globalThis.location = {{ origin: "http://here" }};
      globalThis.caches = {{ open: async () => ({{ put: async (path, copy) => kept.push(path, await copy.text()) }}) }};
      await import("{(tmp_path / "sw.js").as_uri()}");
      for (const [body, status] of [["new", 200], ["no", 500]]) {{
        globalThis.fetch = async () => new Response(body, {{ status }});
        const waits = [];
        const request = {{ method: "GET", url: "http://here/models/digit.onnx" }};
        const event = {{ request, waitUntil: (one) => waits.push(one), respondWith: (one) => waits.push(one) }};
        handlers.fetch(event);
        await Promise.all(waits);
      }}
      console.log(kept.join(" "));
    """
    assert in_node(script) == "/models/digit.onnx new"


def test_what_may_be_kept_for_good_has_an_address_that_changes_with_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasting = {path for path, file in page_files().items() if file.is_lasting}
    assert len(lasting) > 20
    for path in page_files():
        kept = "immutable" in site.client.get(path).headers["cache-control"]
        assert kept == (path in lasting), path
    real = page._file
    monkeypatch.setattr(page, "_file", lambda name, body: real(name, body + b" " * (name == "desk.js")))
    assert lasting.isdisjoint(page_files())


def test_the_plain_address_serves_the_same_and_is_not_kept(site: Site) -> None:
    [path] = [path for path in page_files() if path.endswith("/page.js")]
    plain = site.client.get("/static/page.js")
    assert plain.content == site.client.get(path).content
    assert plain.headers["cache-control"] == "no-store"


def test_text_is_packed_for_who_takes_that_and_for_nobody_else(site: Site) -> None:
    [path] = [path for path in page_files() if path.endswith("/page.js")]
    packed = site.client.get(path, headers={"Accept-Encoding": "br, gzip;q=0.8"})
    plain = site.client.get(path, headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content == page_files()[path].body
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


def test_files_are_counted_under_one_label(site: Site) -> None:
    for path in page_files():
        site.client.get(path)
    text = site.client.get("/metrics").text
    routes = set(re.findall(r'digitry_requests_total\{route="([^"]+)"', text))
    assert routes == {"static", "/"}
