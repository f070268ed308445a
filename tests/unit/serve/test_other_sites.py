"""Pages of sites that the server was told of may ask it; all others may not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from digitry.cli.serve import allowed_origins
from digitry.errors import SettingError
from digitry.serve.guard import Access
from digitry.serve.limits import Limits
from tests.unit.serve.site import Site, check_problem, on_a_port, post, send_raw

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


def test_a_preflight_names_every_method_that_some_address_takes(
    open_a_site: Callable[..., Site], tmp_path: Path
) -> None:
    site = open_a_site(access=Access(origins=frozenset({PAGE})), collect=tmp_path / "kept")
    taken = {method for path in site.client.get("/openapi.json").json()["paths"].values() for method in path}
    asked = site.client.options("/v1/corrections", headers=ASK | {"Access-Control-Request-Method": "DELETE"})
    named = asked.headers["access-control-allow-methods"].lower().split(", ")
    assert taken & {"get", "post", "put", "patch", "delete"} == set(named)
    gone = site.client.delete("/v1/corrections", params={"name": "7/none.png"}, headers=CROSS)
    check_problem(gone, "not-found")
    assert gone.headers["access-control-allow-origin"] == PAGE


def test_a_refusal_that_no_app_has_seen_is_seen_by_a_page_of_an_allowed_site(open_a_site: Callable[..., Site]) -> None:
    site = open_a_site(access=Access(origins=frozenset({PAGE})), limits=Limits(max_header_bytes=1000))
    site.children.is_full = True
    with on_a_port(site.app, site.service.limits) as port:
        busy = send_raw(port, post("/v1/read", b"picture", f"Origin: {PAGE}"))
        stranger = send_raw(port, post("/v1/read", b"picture", "Origin: https://example.com"))
        large = send_raw(port, post("/v1/read", b"picture", f"Origin: {PAGE}", f"X-Much: {'a' * 1000}"))
    assert busy
    assert stranger
    assert large
    for refused, code in ((busy, "busy"), (large, "headers-too-large")):
        check_problem(refused, code)
        assert refused.headers["access-control-allow-origin"] == PAGE
    check_problem(stranger, "busy")
    assert "access-control-allow-origin" not in stranger.headers


def test_where_every_site_is_allowed_each_may_ask(open_a_site: Callable[..., Site]) -> None:
    client = allowing(open_a_site, "*")
    assert client.options("/v1/read", headers=ASK).headers["access-control-allow-origin"] == "*"
    assert client.post("/v1/read", content=b"x", headers=CROSS).status_code == 200


def test_another_host_stays_refused_whatever_site_asks(open_a_site: Callable[..., Site]) -> None:
    answer = allowing(open_a_site, "*").post("/v1/read", content=b"x", headers=CROSS | {"Host": "evil.example"})
    check_problem(answer, "wrong-host")


def test_every_site_and_a_token_do_not_go_together() -> None:
    assert allowed_origins(("*",), has_token=False) == {"*"}
    with pytest.raises(SettingError, match="name the sites"):
        allowed_origins(("*",), has_token=True)


@pytest.mark.parametrize(
    "origin", ["example.org", "https://example.org/", "https://*.example.org", "ftp://a", "null", ""]
)
def test_what_is_no_site_is_refused(origin: str) -> None:
    with pytest.raises(SettingError, match="must be a site"):
        allowed_origins((origin,), has_token=False)


@pytest.mark.parametrize("origin", ["https://Example.org", "http://localhost:3000", "http://[::1]:8080"])
def test_sites_are_taken_as_browsers_name_them(origin: str) -> None:
    assert allowed_origins((origin,), has_token=True) == {origin.lower()}
