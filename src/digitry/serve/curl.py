"""A command line for every route, for people who try the API by hand."""

from __future__ import annotations

BASE = "http://127.0.0.1:8000"

LINES = {
    "/v1/read": f"curl --data-binary @photo.jpg -H 'Content-Type: image/jpeg' '{BASE}/v1/read?expect=page'",
    "/v1/digits": f"curl --data-binary @digits.bin -H 'Content-Type: application/octet-stream' {BASE}/v1/digits",
    "/v1/model": f"curl {BASE}/v1/model",
    "/v1/corrections": f"curl --data-binary @seven.png -H 'Content-Type: image/png' '{BASE}/v1/corrections?label=7'",
    "/v1/corrections/pages": 'curl -F picture=@marks.jpg -F \'numbers=[{"text": "65", "row": 0, "column": 0}]\' '
    f"{BASE}/v1/corrections/pages",
    "/livez": f"curl {BASE}/livez",
    "/readyz": f"curl {BASE}/readyz",
    "/metrics": f"curl {BASE}/metrics",
    "/openapi.json": f"curl {BASE}/openapi.json",
}
"""Path → a command that calls it."""
