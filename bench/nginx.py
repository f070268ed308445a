"""A server block of ours → a whole nginx.conf for any folder and port, for a bench and a test of the proxy."""

from __future__ import annotations

from pathlib import Path

KINDS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
"""What nginx keeps temporary files for."""


def configuration(block: str, folder: Path, changes: dict[str, str]) -> str:
    """Return the configuration, with changes in the block so that everything nginx writes is in `folder`.

    Raises ValueError if the block no longer contains what is to be changed.
    """
    for said, here in changes.items():
        if said not in block:
            raise ValueError(f"the server block no longer says {said}")
        block = block.replace(said, here)
    places = "\n".join(f"{kind}_temp_path {folder / kind};" for kind in KINDS)
    return f"""
daemon off; pid {folder / "pid"}; error_log {folder / "error.log"}; worker_processes 1;
events {{}}
http {{ access_log off; {places}
{block}
}}"""
