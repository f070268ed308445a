"""The API as a page for people, made from the OpenAPI description; it needs no script and nothing from elsewhere."""

from __future__ import annotations

import html
import json
from typing import Any

from digitry.serve.curl import LINES
from digitry.serve.openapi import openapi
from digitry.serve.page import TYPES, File
from digitry.serve.service import Service


def api_page(service: Service) -> File:
    """The page at /api."""
    description = openapi(service)
    routes = "".join(
        _route(path, method, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    )
    info = description["info"]
    body = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>digitry: the API</title>
<link rel="icon" href="/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/style.css">
</head>
<body class="api">
<header>
<h1>The API</h1>
<p>{_text(info["summary"])} Version {_text(info["version"])}. The same for programs:
<a href="/openapi.json">openapi.json</a>. Errors are
<code>application/problem+json</code>, with a code and a request id. <a href="/">Back to the page</a></p>
</header>
<main>{routes}</main>
</body>
</html>
"""
    return File(body.encode(), TYPES[".html"])


def _route(path: str, method: str, operation: dict[str, Any]) -> str:
    parts = [
        f"<h2><code>{method.upper()} {_text(path)}</code></h2>",
        f"<p><strong>{_text(operation['summary'])}.</strong>",
    ]
    parts.append(f" {_text(operation.get('description', ''))}</p>")
    if path in LINES:
        parts.append(_code(LINES[path]))
    if parameters := operation.get("parameters"):
        rows = "".join(_parameter(one) for one in parameters)
        parts.append(
            f"<table><thead><tr><th>Parameter</th><th>Values</th><th>Meaning</th></tr></thead><tbody>{rows}</tbody></table>"
        )
    if body := operation.get("requestBody"):
        parts.append(f"<p>Body: {', '.join(f'<code>{_text(kind)}</code>' for kind in body['content'])}</p>")
    for status, answer in operation["responses"].items():
        if status < "300":
            example = next((kind["example"] for kind in answer.get("content", {}).values() if "example" in kind), None)
            parts.append(f"<p>{status}: {_text(answer['description'])}</p>")
            if example is not None:
                parts.append(_code(json.dumps(example)))
    problems = {status: answer for status, answer in operation["responses"].items() if status >= "300"}
    items = "".join(f"<li>{status}: {_text(answer['description'])}</li>" for status, answer in problems.items())
    if items:
        parts.append(f"<details><summary>Problems</summary><ul>{items}</ul></details>")
    return f"<section>{''.join(parts)}</section>"


def _parameter(parameter: dict[str, Any]) -> str:
    schema = parameter["schema"]
    values = ", ".join(map(str, schema["enum"])) if "enum" in schema else schema["type"]
    if "minimum" in schema:
        values += f" from {schema['minimum']} to {schema['maximum']}"
    if "default" in schema:
        values += f"; without: {schema['default']}"
    name = f"<code>{_text(parameter['name'])}</code>"
    return f"<tr><td>{name}</td><td>{_text(values)}</td><td>{_text(parameter['description'])}</td></tr>"


def _code(text: str) -> str:
    return f'<pre tabindex="0"><code>{_text(text)}</code></pre>'


def _text(text: str) -> str:
    return html.escape(text)
