"""Pages of sites that the server was told of may ask it; all others may not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from digitry.cli.serve import _origins
from digitry.errors import SettingError
from digitry.serve.guard import Access
from tests.unit.serve.site import Site, check_problem

PAGE = "https://example.org"
CROSS = {"Origin": PAGE, "Sec-Fetch-Site": "cross-site"}
ASK = {"Origin": PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}


def allowing(open_a_site: Callable[..., Site], *origins: str, token: str | None = None) -> Any:
    return open_a_site(access=Access(token=token, origins=frozenset(origins))).client


def test_a_page_of_an_allowed_site_reads_and_sees_the_answer(open_a_site: Callable[..., Site]) -> None:
    answer = allowing(open_a_site, PAGE).post("/v1/read", content=b"x", headers=CROSS)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == PAGE
    assert answer.headers["vary"] == "Origin"


def test_its_problems_are_seen_too(open_a_site: Callable[..., Site]) -> None:
    answer = allowing(open_a_site, PAGE).post("/v1/read?expect=letters", content=b"x", headers=CROSS)
    check_problem(answer, "wrong-setting")
    assert answer.headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize(
    "origin",
    ["https://example.com", "http://example.org", "https://example.org.evil.com", "https://example.org:8443", "null"],
)
def test_a_page_of_another_site_is_refused_and_sees_nothing(origin: str, open_a_site: Callable[..., Site]) -> None:
    client = allowing(open_a_site, PAGE)
    for answer in (
        client.post("/v1/read", content=b"x", headers=CROSS | {"Origin": origin}),
        client.get("/v1/model", headers={"Origin": origin}),
        client.options("/v1/read", headers=ASK | {"Origin": origin}),
    ):
        assert "access-control-allow-origin" not in answer.headers
    check_problem(client.post("/v1/read", content=b"x", headers=CROSS | {"Origin": origin}), "cross-origin")


def test_a_preflight_is_answered_before_any_token_is_known(open_a_site: Callable[..., Site]) -> None:
    client = allowing(open_a_site, PAGE, token="secret")
    answer = client.options("/v1/read", headers=ASK)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "Authorization" in answer.headers["access-control-allow-headers"]
    check_problem(client.post("/v1/read", content=b"x", headers=CROSS), "unauthorized")
    known = CROSS | {"Authorization": "Bearer secret"}
    assert client.post("/v1/read", content=b"x", headers=known).status_code == 200


def test_where_every_site_is_allowed_each_may_ask(open_a_site: Callable[..., Site]) -> None:
    client = allowing(open_a_site, "*")
    assert client.options("/v1/read", headers=ASK).headers["access-control-allow-origin"] == "*"
    assert client.post("/v1/read", content=b"x", headers=CROSS).status_code == 200


def test_another_host_stays_refused_whatever_site_asks(open_a_site: Callable[..., Site]) -> None:
    answer = allowing(open_a_site, "*").post("/v1/read", content=b"x", headers=CROSS | {"Host": "evil.example"})
    check_problem(answer, "wrong-host")


def test_every_site_and_a_token_do_not_go_together() -> None:
    assert _origins(("*",), has_token=False) == {"*"}
    with pytest.raises(SettingError, match="name the sites"):
        _origins(("*",), has_token=True)


@pytest.mark.parametrize(
    "origin", ["example.org", "https://example.org/", "https://*.example.org", "ftp://a", "null", ""]
)
def test_what_is_no_site_is_refused(origin: str) -> None:
    with pytest.raises(SettingError, match="must be a site"):
        _origins((origin,), has_token=False)


@pytest.mark.parametrize("origin", ["https://Example.org", "http://localhost:3000", "http://[::1]:8080"])
def test_sites_are_taken_as_browsers_name_them(origin: str) -> None:
    assert _origins((origin,), has_token=True) == {origin.lower()}
