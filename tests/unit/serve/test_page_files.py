"""The page's files as the server hands them out; what the page does with them is tested in a browser."""

from __future__ import annotations

import base64
import csv
import hashlib
import html
import io
import json
import posixpath
import re
import subprocess
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from digitry.networks.model_files import run_or_shipped, shipped_runs
from digitry.pages.table_cells import file_cell, number_cell, text_cell
from digitry.reading.certainty import NO_SCALE
from digitry.runs import METRICS
from digitry.serve import web_page as page
from digitry.serve.curl import LINES
from digitry.serve.guard import Access
from digitry.serve.openapi import openapi
from digitry.serve.web_page import page_files
from tests.unit.serve.node import needs_node
from tests.unit.serve.site import Site, check_problem
from tests.unit.tiny_models import template_model_bytes

ADDRESS = re.compile(r"(?:https?:)?//[a-z][^\s\"'`<>)]*", re.IGNORECASE)

NAMES_ONLY = ("http://www.w3.org/2000/svg", "http://schemas.openxmlformats.org")
"""Addresses that name a language of XML; nothing is fetched from there."""


def texts_of_files() -> dict[str, str]:
    return {path: file.body.decode() for path, file in page_files().items() if not path.endswith(".png")}


def test_no_file_names_an_address_elsewhere() -> None:
    for path, text in texts_of_files().items():
        code = re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)
        found = [one for one in ADDRESS.findall(code) if not one.startswith(NAMES_ONLY)]
        assert not found, path


def test_no_file_holds_what_the_policy_forbids() -> None:
    for path, file in page_files().items():
        if path == "/" or path.endswith((".js", ".html")):
            text = file.body.decode()
            assert not re.search(
                r"\beval\(|new Function|WebAssembly|\son[a-z]+=|style=\"|<script>|javascript:", text
            ), path


def test_every_module_that_is_imported_is_served() -> None:
    files = texts_of_files()
    for path, text in files.items():
        for name in re.findall(r'from "(\./[^"]+|\.\./[^"]+)"', text if path.endswith(".js") else ""):
            assert posixpath.normpath(posixpath.join(posixpath.dirname(path), name)) in files, f"{path} imports {name}"


def test_every_module_is_asked_for_at_once_and_none_waits_for_another() -> None:
    files = page_files()
    asked = set(re.findall(r'<link rel="modulepreload" href="([^"]+)">', files["/"].body.decode()))
    assert asked == {path for path in files if path.endswith(".js") and path != "/sw.js"}


def test_the_page_keeps_every_file_for_when_there_is_no_network() -> None:
    files = page_files()
    kept = json.loads(re.search(r"const FILES = (\[.*\]);", files["/sw.js"].body.decode())[1])  # type: ignore[index]
    pictures = {path for path in files if path.endswith(".png")}  # of others' pages and screens
    assert set(kept) == (set(files) - {"/sw.js"} - pictures) | {"/config.json", "/about", "/api"}


def test_the_kept_files_have_a_name_that_changes_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def name() -> str:
        worker = page_files()["/sw.js"].body.decode()
        assert "VERSION" not in worker
        return re.search(r'const NAME = "digitry-([0-9a-f]{16})";', worker)[1]  # type: ignore[index]

    before = name()
    assert name() == before
    real = page.static_file
    monkeypatch.setattr(page, "static_file", lambda name, body: real(name, body + b" " * (name == "desk.js")))
    assert name() != before


@pytest.mark.parametrize("path", ["/", "/about", "/api", "/nowhere"])
def test_a_page_is_shown_as_soon_as_it_is_there_and_its_policy_allows_what_it_holds(path: str, site: Site) -> None:
    answer = site.client.get(path, headers={"Accept": "text/html"})
    assert "stylesheet" not in answer.text
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    held = re.findall(r'<(style|script)(?: type="module" blocking="render")?>(.*?)</', answer.text, re.DOTALL)
    assert [name for name, _ in held] == (["style", "script"] if path == "/" else ["style"])
    for name, text in held:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy[f"{name}-src"].split()


def test_a_token_can_be_given_without_a_picture_for_corrections_need_it_too() -> None:
    page = page_files()["/"].body.decode()
    assert page.index('id="token"') < page.index('<form id="chosen"')
    assert page.count("<form", 0, page.index('id="token"')) == page.count("</form>", 0, page.index('id="token"'))


def test_no_browser_restores_a_mode_that_the_page_does_not_start_with() -> None:
    modes = re.findall(r'<input [^>]*name="mode"[^>]*>', page_files()["/"].body.decode())
    assert len(modes) == 2
    assert all('autocomplete="off"' in mode for mode in modes)


def test_every_file_is_served_with_its_type(site: Site) -> None:
    for path, file in page_files().items():
        answer = site.client.get(path)
        assert answer.status_code == 200
        assert answer.content == file.body or path == "/", path
        assert answer.headers["content-type"] == file.content_type


def test_the_page_gets_the_model_that_the_server_reads_with(site: Site, tiny_model: Path) -> None:
    assert site.client.get("/models/digit.onnx").content == tiny_model.read_bytes()


def test_a_network_may_be_kept_for_good_by_the_address_that_changes_with_it(site: Site) -> None:
    networks = site.client.get("/config.json").json()["networks"]
    assert set(networks) == {"digit", "number"}
    for network in networks.values():
        answer = site.client.get(network["address"])
        assert len(answer.content) == network["bytes"]
        assert "immutable" in answer.headers["cache-control"]
        path, _, version = network["address"].partition("?v=")
        assert hashlib.sha256(answer.content).hexdigest().startswith(version)
        for other in (path, f"{path}?v={'0' * 16}"):
            assert site.client.get(other).headers["cache-control"] == "no-store"


def test_a_model_of_other_things_asks_for_no_network_for_numbers(
    open_a_site: Callable[..., Site], tmp_path: Path
) -> None:
    (tmp_path / "things.onnx").write_bytes(template_model_bytes(class_names=tuple("abcdefghij")))
    told = open_a_site({"things": [tmp_path / "things.onnx"]}).client.get("/config.json").json()
    assert (set(told["networks"]), told["reads_numbers"]) == ({"digit"}, False)


def test_the_page_holds_what_it_has_to_know_whatever_classes_are_called(
    open_a_site: Callable[..., Site], tmp_path: Path
) -> None:
    names = ("</script><b>", *(f"thing {k}" for k in range(9)))
    (tmp_path / "things.onnx").write_bytes(template_model_bytes(class_names=names))
    client = open_a_site({"things": [tmp_path / "things.onnx"]}).client
    text = client.get("/").text
    [known] = re.findall(r'<script type="application/json" id="config">(.*?)</script>', text)
    assert json.loads(known) == client.get("/config.json").json()
    assert f'href="{json.loads(known)["networks"]["digit"]["address"]}"' in text


def test_the_page_says_how_well_the_shipped_network_reads_and_nothing_of_others(
    open_a_site: Callable[..., Site],
) -> None:
    shipped = open_a_site({"shipped": []}).client
    assert shipped.get("/config.json").json()["accuracy"] == 0.9963
    about = html.unescape(" ".join(shipped.get("/about").text.split()))
    assert "99.63% of MNIST's 10,000 test digits, 37 wrong" in about
    assert "half in synthetic photographs" in about
    assert '<th scope="row">Not for</th><td>Decisions about people without human review' in about
    assert about.count('<th scope="row">Weak spots</th>') == 3
    assert "rely only on <code>sure</code> readings" in about
    assert "reads the rest as digits" in about
    other = open_a_site().client
    assert other.get("/config.json").json()["accuracy"] is None
    assert "10,000 test digits" not in other.get("/about").text
    assert other.get("/about").text.count(">Weak spots<") == 2, "those of numbers and pages are still the shipped ones"


@pytest.mark.parametrize("name", shipped_runs())
def test_a_small_network_that_ships_is_shown_with_its_test_figures_not_as_one_of_the_server(
    open_a_site: Callable[..., Site], name: str
) -> None:
    client = open_a_site({name: [Path(name)]}).client
    test = json.loads((run_or_shipped(name) / METRICS).read_bytes())["splits"]["test"]
    assert client.get("/config.json").json()["accuracy"] == test["accuracy"]
    about = html.unescape(" ".join(client.get("/about").text.split()))
    assert f"MNIST's 10,000 test digits, {test['error_count']} wrong" in about
    assert f"<code>{name}</code>; it comes with digitry" in about
    assert "server's own" not in about
    assert "never seen a picture without a digit" in about


def test_who_looks_for_what_is_not_there_is_told_kindly_and_programs_get_a_problem(site: Site) -> None:
    person = site.client.get("/nowhere", headers={"Accept": "text/html,application/xhtml+xml;q=0.9"})
    assert (person.status_code, person.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert 'href="/"' in person.text
    check_problem(site.client.get("/nowhere"), "not-found")


def test_the_page_about_the_api_calls_the_server_by_the_name_that_its_reader_uses(site: Site) -> None:
    assert "http://127.0.0.1:8000/v1/read" in site.client.get("/api").text
    other = site.client.get("/api", headers={"Host": "localhost:9123"}).text
    assert "http://localhost:9123/v1/read" in other
    assert "127.0.0.1:8000" not in other
    behind = site.client.get("/api", headers={"Host": "localhost", "X-Forwarded-Proto": "https"}).text
    assert "https://localhost/v1/read" in behind


def test_a_preview_of_the_page_has_a_picture_whose_whole_address_is_there(site: Site) -> None:
    page = site.client.get("/", headers={"Host": "localhost:9123", "X-Forwarded-Proto": "https"}).text
    [address] = re.findall(r'property="og:image" content="(.*?)"', page)
    assert address.startswith("https://localhost:9123/static/")
    assert site.client.get(address.removeprefix("https://localhost:9123")).headers["content-type"] == "image/png"


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
    assert client.get("/models/shipped.onnx").status_code == 200
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
    assert "<code>digitry read --json</code>" in text
    assert "`" not in text


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
      const desk = new Desk({ networks: { digit: { address: "/models/digit.onnx", bytes: 1 } } });
      console.log(await desk.read(new Uint8Array(1), 1, 1, "digit").catch((error) => error.message));
    """
    assert in_node(script) == "the reader cannot start in this browser"


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
        const request = {{ method: "GET", url: "http://here/config.json" }};
        const event = {{ request, waitUntil: (one) => waits.push(one), respondWith: (one) => waits.push(one) }};
        handlers.fetch(event);
        await Promise.all(waits);
      }}
      console.log(kept.join(" "));
    """
    assert in_node(script) == "/config.json new"


@needs_node
def test_what_is_kept_for_good_is_not_asked_for_again_and_a_new_network_takes_the_old_ones_place(
    tmp_path: Path,
) -> None:
    (tmp_path / "sw.js").write_bytes(page_files()["/sw.js"].body)
    script = f"""
      const [handlers, kept, asked] = [{{}}, new Map([["/models/digit.onnx?v=1", "old"]]), []];
      globalThis.self = {{ addEventListener: (name, handler) => {{ handlers[name] = handler; }} }};
      globalThis.location = {{ origin: "http://here" }};
      globalThis.caches = {{ open: async () => ({{
        match: async (address) => kept.get(address),
        put: async (address, copy) => kept.set(address, await copy.text()),
        delete: async (path) => {{ for (const one of [...kept.keys()]) if (one.startsWith(path)) kept.delete(one); }},
      }}) }};
      await import("{(tmp_path / "sw.js").as_uri()}");
      globalThis.fetch = async (address) => {{ asked.push(address); return new Response("new"); }};
      for (const version of [1, 2, 2]) {{
        let answer;
        const request = {{ method: "GET", url: `http://here/models/digit.onnx?v=${{version}}` }};
        handlers.fetch({{ request, respondWith: (one) => {{ answer = one; }} }});
        await answer;
      }}
      console.log(asked.join(), [...kept].join());
    """
    assert in_node(script) == "/models/digit.onnx?v=2 /models/digit.onnx?v=2,new"


@needs_node
def test_what_is_not_sure_is_probable_or_a_question_mark_by_its_confidence_and_its_doubt() -> None:
    script = """
      const { certaintyOf } = await import("STATIC/words.js");
      const low = "a confidence of 96.4% is too low to keep errors within 0.5%";
      const given = [[0.976, true], [0.964, false, low], [0.99, true], [0.992, false, low],
        [0.79, false, low], [0.85, false, "it is a solid spot"],
        [0.85, false, "there is more in the drawing than could be read"]];
      console.log(given.map(([confidence, sure, reason]) => certaintyOf({ confidence, sure, reason })).join(" "));
    """
    assert in_node(script) == "sure likely sure likely unsure unsure likely"


@needs_node
@pytest.mark.parametrize("network", ["digit", "number", "page"])
def test_the_page_calls_sure_what_the_shipped_networks_scale_is_sure_of_and_nothing_else(network: str) -> None:
    model = resources.files("digitry") / "models" / f"{network}.onnx"
    script = f"""
      import {{ readFileSync }} from "node:fs";
      const {{ CERTAINTY, certaintyOf }} = await import("STATIC/words.js");
      const {{ weighConfidence }} = await import("STATIC/reading/certainty.js");
      const {{ certainty, contract }} = await import("STATIC/reading/constants.js");
      const {{ parseModel }} = await import("STATIC/reading/protobuf.js");
      const {{ buffer }} = new Uint8Array(readFileSync({json.dumps(str(model))}));
      const scale = JSON.parse(parseModel(buffer).metadata.get(contract.METADATA_KEY)).confidence_scale;
      const bound = scale.least[scale.max_errors.indexOf(certainty.MAX_ERROR)];
      const owns = [0, 0.5 * bound, bound - 1e-6, bound, 0.5 * (1 + bound), 1];
      console.log(owns.map((own) => CERTAINTY[certaintyOf(weighConfidence(scale, own, certainty.MAX_ERROR))]).join());
    """
    assert re.fullmatch("Not sure,(Not sure|Probably),Probably,Sure,Sure,Sure", in_node(script))


@needs_node
def test_of_a_network_that_nobody_measured_the_page_says_plainly_that_nothing_is_sure() -> None:
    script = f"""
      const elements = {{}};
      const element = () => ({{
        classList: {{ toggle() {{}} }}, style: {{ setProperty() {{}} }}, replaceChildren() {{}},
      }});
      globalThis.document = {{ getElementById: (id) => (elements[id] ??= element()), createElement: element }};
      const {{ showReading }} = await import("STATIC/answer.js");
      const {{ wordsOn }} = await import("STATIC/pictures/numbers.js");
      const {{ certaintyOf }} = await import("STATIC/words.js");
      const read = (text, confidence) =>
        ({{ text, confidence, sure: false, reason: {json.dumps(NO_SCALE)}, given: null, box: [0, 0, 1, 1] }});
      const numbers = [read("7", 0.9999), read("4", 0.4)];
      for (const some of [numbers.slice(0, 1), numbers]) {{
        showReading({{ numbers: some }});
        console.log(elements.verdict.textContent);
      }}
      console.log(numbers.map(certaintyOf).join(), wordsOn(numbers[0]));
    """
    why = "this network's confidence was not measured, so nothing is sure"
    assert in_node(script).splitlines() == [
        f"Perhaps 7: {why}.",
        f"2 numbers: perhaps 7; perhaps 4: {why}.",
        "likely,unsure 7, perhaps",
    ]


@needs_node
def test_what_is_taken_away_is_a_workbook_that_spreadsheets_open_and_compute_nothing_of(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    rows = [["12", "007", ""], ["=1+1", "3.5", 'a & "b" <c>'], ["1234567890123456", "-4", "٣"]]
    tables = json.dumps([{"name": "list.jpg", "rows": rows}, {"name": "list.png", "rows": [["1"]]}])
    file = tmp_path / "numbers.xlsx"
    in_node(f"""
      import {{ writeFileSync }} from "node:fs";
      const {{ workbook }} = await import("STATIC/pictures/xlsx.js");
      writeFileSync({json.dumps(str(file))}, workbook({tables}));
    """)
    book = openpyxl.load_workbook(file)
    assert book.sheetnames == ["list", "list (2)"]
    cells = [[cell.value for cell in row] for row in book["list"].iter_rows()]
    assert cells == [[12, "007", None], ["=1+1", 3.5, 'a & "b" <c>'], ["1234567890123456", -4, "٣"]]
    assert book["list"]["A2"].data_type != "f"


@needs_node
def test_cells_of_tables_are_those_that_python_writes() -> None:
    texts = ["", "7", "-", "=", "-5,3", "-8", "-1,250.00", "-8-3", "-8+A1", "--8", "-8\n", "-٨", "+49", "=😀", "\u2028"]
    texts += ['a "b", c\td', "=\n"]
    texts += [f"{quotes}{start}cmd.png" for quotes in ("", "'", "''") for start in "=+-@\t\r\n＝＋－＠/"]
    script = f"""
      const {{ fileCell, lineOf, numberCell, textCell }} = await import("STATIC/pictures/table_cells.js");
      const texts = {json.dumps(texts)};
      console.log(JSON.stringify([[textCell, numberCell, fileCell].map((cell) => texts.map(cell)),
        [",", "\\t"].map((between) => lineOf(texts, between))]));
    """
    cells, lines = json.loads(in_node(script))
    assert cells == [[cell(text) for text in texts] for cell in (text_cell, number_cell, file_cell)]
    for line, between in zip(lines, ",\t", strict=True):
        assert list(csv.reader(io.StringIO(line, newline=""), delimiter=between)) == [texts]


@needs_node
def test_neither_the_csv_nor_what_is_copied_holds_a_formula() -> None:
    script = """
      const [pressed, taken] = [{}, []];
      globalThis.document = {
        getElementById: (id) => ({ addEventListener: (_, handler) => { pressed[id] = handler; } }),
        createElement: () => ({ click() {} }),
      };
      const clipboard = { writeText: (text) => taken.push(text) };
      Object.defineProperty(globalThis, "navigator", { value: { clipboard } });
      URL.createObjectURL = (blob) => taken.push(blob.text());
      const { Tables } = await import("STATIC/pictures/tables.js");
      const number = (text, column) => ({ text, given: null, table: 0, row: 0, column });
      const numbers = ["=1+1", "-5,3", "＠x"].map(number);
      const readings = [{ numbers, tables: [{ rows: 1, columns: numbers.length }] }];
      new Tables().pictures = ["=cmd.png", "b.png"].map((name) => ({ name, readings }));
      for (const id of ["copy", "csv"]) pressed[id]();
      console.log(JSON.stringify(await Promise.all(taken)));
      process.exit();
    """
    copied, saved = json.loads(in_node(script))
    row = "'=1+1\t-5,3\t'＠x\n"
    assert copied == f"./=cmd.png\n{row}\nb.png\n{row}"
    assert saved == copied.replace("-5,3", '"-5,3"').replace("\t", ",")


def test_what_may_be_kept_for_good_has_an_address_that_changes_with_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasting = {path for path, file in page_files().items() if file.is_lasting}
    assert len(lasting) > 20
    for path in page_files():
        kept = "immutable" in site.client.get(path).headers["cache-control"]
        assert kept == (path in lasting), path
    real = page.static_file
    monkeypatch.setattr(page, "static_file", lambda name, body: real(name, body + b" " * (name == "desk.js")))
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
