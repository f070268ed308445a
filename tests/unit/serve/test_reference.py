"""The reference names every route, code, limit, parameter, header and field that the server really has."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from digitry.serve.guard import PREFLIGHT, PROTECTION, Access
from digitry.serve.limits import options
from digitry.serve.openapi_schemas import SCHEMAS
from digitry.serve.page_routes import page_routes
from digitry.serve.problems import CODES
from digitry.serve.web_page import page_config
from tests.unit.serve.site import Site

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "http.md").read_text(encoding="utf-8")


def test_every_route_stands_in_the_reference(open_a_site: Callable[..., Site], tmp_path: Path) -> None:
    site = open_a_site(collect=tmp_path)
    described = site.client.get("/openapi.json").json()["paths"]
    for path, methods in described.items():
        for method, about in methods.items():
            assert re.search(rf"^\| {method.upper()} \|.* `{re.escape(path)}`", PAGE, re.MULTILINE), path
            for one in about.get("parameters", ()):
                assert f"`{one['name']}`" in PAGE, one["name"]
            for kind in about.get("requestBody", {}).get("content", {}):
                assert kind.startswith(("image/", "text/")) or f"`{kind}`" in PAGE, kind
    routes, _ = page_routes(site.service, Access())
    for path in {route.path for route in routes}:
        assert ("`/static/…`" if path.startswith("/static/") else f"`{path}`") in PAGE, path


def test_every_code_and_every_limit_stands_in_the_reference() -> None:
    for code, (status, _) in CODES.items():
        assert f"\n| {status} | `{code}` |" in PAGE, code
    for name, default, _, _ in options():
        assert f"\n| `--{name.replace('_', '-')}` | {default:,.0f} |" in PAGE, name


def test_every_field_and_every_counter_stands_in_the_reference(open_a_site: Callable[..., Site]) -> None:
    site = open_a_site()
    answered = {name for name, _ in _fields(SCHEMAS)} | page_config(site.service, Access()).keys()
    counted = set(re.findall(r"^# TYPE (digitry_\w+)", site.client.get("/metrics").text, re.MULTILINE))
    counted = {name for name in counted if not name.endswith("_created")}
    for name in answered | counted | {*PROTECTION, *PREFLIGHT}:
        assert f"`{name}`" in PAGE, name


def _fields(schema: Any) -> Iterator[tuple[str, Any]]:
    """Yield every property of every object below."""
    for name, below in schema.items() if isinstance(schema, dict) else ():
        if name == "properties":
            yield from below.items()
        yield from _fields(below)
