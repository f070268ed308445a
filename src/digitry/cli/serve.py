"""digitry serve: an HTTP API, and a page that reads drawings on the device."""

from __future__ import annotations

import logging
import math
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import click

from digitry.errors import SettingError
from digitry.files import check_place
from digitry.packages import need
from digitry.serve.check_token import check_token

PACKAGES = ("starlette", "uvicorn", "httptools", "python_multipart", "prometheus_client", "orjson")

SITE = r"https?://([a-z0-9.\-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?"

HOST = r"[a-z0-9._\-]+|[0-9a-f]*:[0-9a-f.]*:[0-9a-f:.]*|\[[0-9a-f:.]+\]"
"""A name, an IPv4 address, or an IPv6 one, with or without brackets."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")

PROBE_SECONDS = 3.0
"""A server that takes longer is unhealthy."""


class Seconds(click.FloatRange):
    """A range that rejects nan, which passes every comparison."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Convert the argument to seconds; anything else is a usage error."""
        seconds = super().convert(value, param, ctx)
        if math.isnan(seconds):
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        return seconds


def _limit_options(command: Any) -> Any:
    from digitry.serve.limits import options

    for name, default, most, words in reversed(options()):
        kind = click.IntRange(1, most) if isinstance(default, int) else Seconds(0.01, most)
        option = f"--{name.replace('_', '-')}"
        command = click.option(option, type=kind, default=default, show_default=True, metavar="N", help=words)(command)
    return command


@click.command(short_help="Serve the reader: a page to draw on, and an HTTP API.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; any other needs a token.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 chooses a free one.")
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="[NAME=]RUN|FILE.onnx",
    help="A run folder, an ONNX file, or a network that comes with digitry (such as shipped or tiny), under a name; "
    "requests choose one of several by ?model=NAME, by default the first. Networks for digits, numbers and pages under "
    "the same name, or all without one, read together. SIGHUP reloads them. [default: the built-in ones]",
)
@click.option("--collect", type=click.Path(path_type=Path), metavar="DIR", help="Keep corrected drawings and pages.")
@click.option(
    "--token",
    envvar="DIGITRY_TOKEN",
    show_envvar=True,
    help="Required in every request to /v1; better set in the environment, hidden from other users.",
)
@click.option("--no-auth", is_flag=True, help="Listen on another address without a token.")
@click.option("--allow-host", multiple=True, metavar="NAME", help="Another name that the server is reached by.")
@click.option(
    "--allow-origin",
    multiple=True,
    metavar="https://…",
    help="Another site whose pages may send requests, such as https://example.org; or *, for all, without a token.",
)
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Servers on the same port.")
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    metavar="N",
    help="Reading processes per worker. [default: cores]",
)
@click.option(
    "--probe", is_flag=True, help="Start nothing: ask the server on --port whether it is ready; exit code 1 if not."
)
@click.option("--listener", type=int, hidden=True, help="A worker's: the number of the open socket.")
@click.option("--log-requests", is_flag=True, help="One line per request: no address, no name, nothing of the picture.")
@click.option("--quiet", is_flag=True, help="Nothing but errors.")
@_limit_options
def command(
    host: str,
    port: int,
    models: tuple[str, ...],
    collect: Path | None,
    token: str | None,
    no_auth: bool,
    allow_host: tuple[str, ...],
    allow_origin: tuple[str, ...],
    workers: int,
    processes: int | None,
    probe: bool,
    listener: int | None,
    log_requests: bool,
    quiet: bool,
    **limits: Any,
) -> None:
    """Serve the reader until it is stopped by SIGTERM or Ctrl-C.

    The page at / reads drawings in the browser, without sending them; /api describes the HTTP API. Nothing that is sent
    is stored, unless --collect says where, and the page then says so too.
    """
    if probe:
        sys.exit(_probe(host, port))
    if host not in LOOPBACK and not token and not no_auth:
        raise SettingError(
            f"listening on {host} lets others in: give a token in DIGITRY_TOKEN, or say --no-auth if that is meant"
        )
    origins = allowed_origins(allow_origin, has_token=bool(token))
    hosts = allowed_hosts(allow_host)
    check_token(token or "")
    if sys.platform == "win32":
        raise SettingError("serve needs a POSIX system: Linux, macOS, or WSL on Windows")
    need(*PACKAGES, by="serve", extra="serve")
    if collect is not None:
        check_place(collect)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until models can be reloaded; by default it would end the process
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.WARNING if quiet else logging.INFO,
        format="%(asctime)s %(message)s",
    )
    for name in ("uvicorn", "python_multipart"):  # they would log addresses, and bytes of what was sent
        logging.getLogger(name).setLevel(logging.CRITICAL)

    from digitry.serve.guard import LOOPBACK as LOOPBACK_NAMES
    from digitry.serve.guard import Access
    from digitry.serve.limits import Limits
    from digitry.serve.run_server import address_of, bind, inherit, run_server
    from digitry.serve.server_processes import run_workers
    from digitry.serve.service import Service
    from digitry.workers.usable_cores import usable_cores

    found = _models(models)
    if workers > 1:
        sock = bind(host, port)
        logging.getLogger("digitry.serve").info("%d workers on %s", workers, address_of(sock))
        sys.exit(run_workers(workers, sys.argv[2:], sock))
    names = {*LOOPBACK_NAMES, *hosts, f"[{host}]" if ":" in host else host}
    service = Service(found, processes=processes or usable_cores(), limits=Limits(**limits), collect=collect)
    sock = bind(host, port) if listener is None else inherit(listener)
    run_server(service, sock, Access(names, token, origins), log_requests=log_requests, is_worker=listener is not None)


def _probe(host: str, port: int) -> int:
    """Ask a running server whether it is ready, as a container's health check does; return 0 if it is, else 1."""
    from http.client import HTTPConnection, HTTPException

    connection = HTTPConnection({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", "/readyz")
        status = connection.getresponse().status
    except (OSError, HTTPException, UnicodeError) as error:  # UnicodeError: an impossible host name
        click.echo(f"digitry: no server answers on port {port}: {error}", err=True)
        return 1
    finally:
        connection.close()
    click.echo("ready" if status == 200 else f"not ready: {status}")
    return int(status != 200)


def allowed_hosts(given: tuple[str, ...]) -> frozenset[str]:
    """Return names of this server as browsers write them in the Host header, without the port. Raises SettingError for
    invalid ones.
    """
    for name in given:
        if not re.fullmatch(HOST, name.lower()):
            raise SettingError(
                f"--allow-host {name!r} must be a name or an address as browsers send it, without scheme and port: "
                "digits.example.org"
            )
    return frozenset(f"[{name}]" if ":" in name and not name.startswith("[") else name for name in given)


def allowed_origins(given: tuple[str, ...], *, has_token: bool) -> frozenset[str]:
    """Return the sites that may send requests, as browsers write them. Raises SettingError for anything that is not a
    site, and for `*` with a token, which is there to keep strangers out.
    """
    for origin in given:
        if origin == "*" and has_token:
            raise SettingError("--allow-origin * opens the server to every page, and a token shuts it; name the sites")
        if origin != "*" and not re.fullmatch(SITE, origin.lower()):
            raise SettingError(
                f"--allow-origin {origin!r} must be a site as browsers name it, scheme, host and perhaps port, and "
                "nothing after it: https://example.org"
            )
    return frozenset(origin.lower() for origin in given)


def _models(given: tuple[str, ...]) -> dict[str, tuple[Path, ...]]:
    """Parse NAME=PATH … → name → paths; none for the shipped models, which are also used if nothing is given."""
    if len(given) in (2, 3) and "=" not in "".join(given) and _read_together(given):
        return {_name_of(given[0]): tuple(map(Path, given))}
    found: dict[str, tuple[Path, ...]] = {}
    for text in given:
        name, equals, path = text.partition("=")
        if not equals or os.path.lexists(text):  # runs/lr=0.1
            name, equals, path = _name_of(text), "", text
        is_another = bool(equals) and path != "shipped" and 1 <= len(found.get(name, ())) < 3
        if not name or not name.isprintable() or not path or (name in found and not is_another):
            raise SettingError(f"--model {text!r}: give each model a name of its own, as in --model mine=runs/mine")
        found[name] = () if path == "shipped" else (*found.get(name, ()), Path(path))
    return found or {"shipped": ()}


def _name_of(path: str) -> str:
    return Path(path).name.removesuffix(".onnx")


def _read_together(given: tuple[str, ...]) -> bool:
    """Return whether these models read different things: digits, numbers, pages."""
    from digitry.networks.model import Model

    return "shipped" not in given and len({Model.open(one).reads for one in given}) == len(given)
