"""Who may ask, how every answer is protected, and what the log never holds."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from digitry.serve.children import Done, PictureJob
from digitry.serve.guard import Access
from tests.unit.serve.site import READING, Site, check_problem, on_a_port, post, send_raw

PROTECTION = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}

ANSWERS = {
    "a reading": ("POST", "/v1/read", {}, 200),
    "the models": ("GET", "/v1/model", {}, 200),
    "alive": ("GET", "/livez", {}, 200),
    "ready": ("GET", "/readyz", {}, 200),
    "figures": ("GET", "/metrics", {}, 200),
    "the description": ("GET", "/openapi.json", {}, 200),
    "no such address": ("GET", "/nothing", {}, 404),
    "no such method": ("GET", "/v1/read", {}, 405),
    "another host": ("GET", "/v1/model", {"Host": "evil.example"}, 421),
    "another site": ("POST", "/v1/read", {"Origin": "http://evil.example"}, 403),
    "an encoding": ("POST", "/v1/read", {"Content-Encoding": "gzip"}, 415),
    "a bad setting": ("POST", "/v1/read?expect=letter", {}, 422),
}


@pytest.mark.parametrize(("method", "path", "headers", "status"), ANSWERS.values(), ids=ANSWERS)
def test_every_answer_is_protected_and_has_an_id_of_its_own(
    method: str, path: str, headers: dict[str, str], status: int, site: Site
) -> None:
    answers = [site.client.request(method, path, headers=headers) for _ in range(2)]
    for answer in answers:
        assert answer.status_code == status
        assert {name: answer.headers[name] for name in PROTECTION} == PROTECTION
        policy = answer.headers["content-security-policy"].split("; ")
        assert "default-src 'none'" in policy
        assert not any(word in part for part in policy for word in ("http", "*", "unsafe", "eval"))
        assert not [name for name in answer.headers if name.startswith("access-control-")]
        assert "server" not in answer.headers
    assert len({answer.headers["x-request-id"] for answer in answers}) == 2


def test_a_fault_of_the_server_is_a_protected_500_that_tells_nothing_and_the_log_knows_where(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(job: PictureJob) -> Done:
        raise KeyError(job.picture.decode())

    site.children.answer = fail
    with caplog.at_level(logging.INFO, "digitry.serve"):
        answer = site.client.post("/v1/read", content=b"private")
    problem = check_problem(answer, "failed")
    assert {name: answer.headers[name] for name in PROTECTION} == PROTECTION
    assert "private" not in answer.text
    assert "KeyError" in caplog.text
    assert "in fail" in caplog.text
    assert problem["request_id"] in caplog.text
    assert "private" not in caplog.text


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/read/", "/v1/../etc/passwd", "/admin", "/v1/models", "/%00"])
def test_an_address_that_does_not_exist_is_404(path: str, site: Site) -> None:
    check_problem(site.client.get(path), "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/read", {"POST"}),
        ("PUT", "/v1/digits", {"POST"}),
        ("POST", "/v1/model", {"GET", "HEAD"}),
        ("DELETE", "/livez", {"GET", "HEAD"}),
        ("OPTIONS", "/v1/read", {"POST"}),
    ],
)
def test_a_method_that_does_not_exist_is_405_and_names_those_that_do(
    method: str, path: str, allowed: set[str], site: Site
) -> None:
    answer = site.client.request(method, path)
    check_problem(answer, "wrong-method")
    assert set(answer.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost:1", "LOCALHOST", "[::1]", "[::1]:8000"])
def test_the_server_answers_for_this_machine(host: str, site: Site) -> None:
    assert site.client.get("/v1/model", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost:8000.evil.example", "[::1"]
)
def test_the_server_answers_for_no_other_host(host: str, site: Site) -> None:
    check_problem(site.client.get("/v1/model", headers={"Host": host}), "wrong-host")
    check_problem(site.client.post("/v1/read", content=b"x", headers={"Host": host}), "wrong-host")
    assert site.children.jobs == []


def test_another_name_can_be_allowed(open_a_site: Callable[..., Site]) -> None:
    site = open_a_site(access=Access({"digits.example"}))
    assert site.client.get("/v1/model", headers={"Host": "digits.example:80"}).status_code == 200
    check_problem(site.client.get("/v1/model", headers={"Host": "127.0.0.1"}), "wrong-host")


def test_whoever_watches_over_the_server_may_ask_by_any_name_and_without_a_token(
    open_a_site: Callable[..., Site],
) -> None:
    site = open_a_site(access=Access(token="secret"))
    for path in ("/livez", "/readyz"):
        assert site.client.get(path, headers={"Host": "10.1.2.3:8000"}).status_code == 200


FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "http://127.0.0.1:9000"},
    {"Origin": "http://127.0.0.1:8000.evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "cross-site"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_page_of_another_site_cannot_post(headers: dict[str, str], site: Site) -> None:
    for path in ("/v1/read", "/v1/digits"):
        check_problem(site.client.post(path, content=b"x", headers=headers), "cross-origin")
    assert site.children.jobs == []


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "http://127.0.0.1:8000"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}]
)
def test_the_own_page_and_programs_can_post(headers: dict[str, str], site: Site) -> None:
    assert site.client.post("/v1/read", content=b"x", headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/v1/model", "/metrics"])
def test_with_a_token_only_who_knows_it_gets_an_answer(path: str, open_a_site: Callable[..., Site]) -> None:
    site = open_a_site(access=Access(token="secret"))
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "secret"}, {"Authorization": "Bearer "}):
        answer = site.client.get(path, headers=headers)
        check_problem(answer, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"
    for scheme in ("Bearer", "bearer"):
        assert site.client.get(path, headers={"Authorization": f"{scheme} secret"}).status_code == 200


def test_a_token_may_have_any_letters(open_a_site: Callable[..., Site]) -> None:
    site = open_a_site(access=Access(token="schlüssel"))
    assert site.client.get("/v1/model", headers={"Authorization": "Bearer schlüssel".encode()}).status_code == 200


def test_without_the_token_no_body_is_read(open_a_site: Callable[..., Site]) -> None:
    site = open_a_site(access=Access(token="secret"))
    check_problem(site.client.post("/v1/read", content=b"x"), "unauthorized")
    assert site.children.jobs == []


NOT_HTTP = {
    "noise": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
    "words": b"hello, are you there?\r\n\r\n",
    "a bad header": b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
    "two lengths": b"POST /v1/read HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "a length and chunks": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "a length beyond all": b"POST /v1/read HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "a length below none": b"POST /v1/read HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "a bad chunk": b"POST /v1/read HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "no address": b"CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
}


@pytest.mark.parametrize("data", NOT_HTTP.values(), ids=NOT_HTTP)
def test_what_is_no_http_is_a_protected_problem_and_the_end(data: bytes, open_port: Callable[..., int]) -> None:
    answer = send_raw(open_port(), data)
    assert answer is not None
    check_problem(answer, "bad-request")
    assert answer.headers["connection"] == "close"
    assert {name: answer.headers[name] for name in PROTECTION} == PROTECTION


NAMES = b'--x\r\nContent-Disposition: form-data; name="private-part"; filename="private-name.png"\r\n\r\nx\r\n--x--'


def test_no_picture_no_file_name_and_no_address_reaches_the_log(
    open_a_site: Callable[..., Site], caplog: pytest.LogCaptureFixture
) -> None:
    site = open_a_site(log_requests=True)
    site.children.answer = lambda job: Done([{**READING, "reason": "private-reason"}], None, [])
    with caplog.at_level(logging.DEBUG), on_a_port(site.app, site.service.limits) as port:
        kind = "Content-Type: multipart/form-data; boundary=x"
        answers = [
            send_raw(port, post("/v1/read", NAMES, kind, "User-Agent: private-agent")),
            send_raw(port, post("/private-path?private-query=1", b"")),
            send_raw(port, post("/v1/read?private-query=1", NAMES, kind)),
            send_raw(port, b"private noise\r\n\r\n"),
        ]
    assert [answer and answer.status for answer in answers] == [200, 404, 422, 400]
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("digitry")]
    assert "POST /v1/read 200" in ours[0]
    assert "POST other 404" in ours[1]
    assert not [line for line in ours if "private" in line or "127.0.0.1" in line]


def test_requests_are_not_logged_unless_that_is_wanted(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "digitry"):
        site.client.post("/v1/read", content=b"x")
    assert not [record for record in caplog.records if record.name.startswith("digitry")]
