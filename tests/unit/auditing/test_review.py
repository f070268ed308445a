"""An audit's page on loopback: answers land in the table, and nobody else is heard."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from digitry.auditing import correcting
from digitry.auditing.audit import TABLE, Audit
from digitry.auditing.review import MOST_BYTES, ReviewServer
from digitry.auditing.suspects import Suspect
from tests.conftest import make_dataset


def made_audit(folder: Path) -> Audit:
    suspects = tuple(Suspect(k, str(k), "7", 0.9, 0.01, ("taken for 7",)) for k in range(3))
    correcting.write_table(suspects, folder / TABLE)
    return Audit("made-up", "train", 200, 0, 0, 0.99, 3.0, suspects, folder)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ReviewServer]:
    server = ReviewServer(made_audit(tmp_path), make_dataset())
    thread = Thread(target=server.serve, daemon=True)
    thread.start()
    yield server
    server.close()
    thread.join()


def ask(server: ReviewServer, method: str, name: str = "", body: Any = None, **headers: str) -> HTTPResponse:
    place = urlsplit(server.address)
    connection = HTTPConnection(place.netloc, timeout=10)
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | {key.replace("_", "-"): value for key, value in headers.items()}
    connection.request(method, (name if name.startswith("/") else place.path + name), sent, headers)
    response = connection.getresponse()
    response.content = response.read()  # type: ignore[attr-defined]
    connection.close()
    return response


def table(server: ReviewServer) -> list[str]:
    text = (server.audit.folder / TABLE).read_text("utf-8-sig")
    return [row["correct"] for row in csv.DictReader(text.splitlines())]


def test_each_answer_is_in_the_table_at_once_and_on_the_page_when_it_is_opened_again(server: ReviewServer) -> None:
    for rank, correct in ((1, "7"), (2, "remove"), (3, "2"), (2, "")):
        assert ask(server, "POST", "answer", {"rank": rank, "correct": correct}).status == 204
    assert table(server) == ["7", "", "2"]
    assert server.answers == 4
    page = ask(server, "GET").content.decode()  # type: ignore[attr-defined]
    assert '"answer": "7"' in page
    assert "connect-src 'self'" in page


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"rank": 1, "correct": "eleven"}, "there is no class 'eleven'"),
        ({"rank": True, "correct": "7"}, "an answer needs a rank"),
        ({"rank": 1}, "an answer needs a rank"),
        ([1, "7"], "an answer needs a rank"),
        (b"{", "Expecting"),
        (b"[" * MOST_BYTES, ""),
        (b" " * (MOST_BYTES + 1), "at most"),
    ],
    ids=str,
)
def test_what_is_no_answer_is_refused_and_changes_nothing(server: ReviewServer, body: Any, words: str) -> None:
    said = ask(server, "POST", "answer", body)
    assert said.status == 400
    assert words in said.content.decode()  # type: ignore[attr-defined]
    assert table(server) == ["", "", ""]


def test_a_row_that_is_gone_is_said(server: ReviewServer) -> None:
    said = ask(server, "POST", "answer", {"rank": 4, "correct": "7"})
    assert (said.status, b"has no row 4" in said.content) == (409, True)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("/", {}),
        ("/wrong/answer", {}),
        ("other", {}),
        ("answer", {"Host": "evil.example"}),
        ("answer", {"Origin": "http://evil.example"}),
        ("answer", {"Origin": "null"}),
    ],
    ids=str,
)
def test_whoever_does_not_know_the_address_or_comes_from_elsewhere_finds_nothing(
    server: ReviewServer, name: str, headers: dict[str, str]
) -> None:
    assert ask(server, "POST", name, {"rank": 1, "correct": "7"}, **headers).status == 404
    if name != "answer":
        assert ask(server, "GET", name, **headers).status == 404
    assert table(server) == ["", "", ""]


def test_an_answer_that_is_no_json_by_its_type_is_refused(server: ReviewServer) -> None:
    """Forms of other pages can send text, and cannot send JSON without being asked first."""
    assert ask(server, "POST", "answer", {"rank": 1, "correct": "7"}, Content_Type="text/plain").status == 400
    assert table(server) == ["", "", ""]
