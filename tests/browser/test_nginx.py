"""The page of docs/deploy.md in front of a real server: its nginx blocks, word for word but for addresses."""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.nginx import configuration

from tests.functional.serving import Server, served
from tests.needs import need_all
from tests.unit.serve.site import picture_of, until

pytestmark = pytest.mark.browser

GUIDE = Path(__file__).parents[2] / "docs" / "deploy.md"
NAME = "digits.example.org"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def changes(folder: Path, plain: int, port: int, server: Server) -> dict[str, str]:
    """What the guide says, and what it is here."""
    return {
        "listen 80": f"listen 127.0.0.1:{plain}",
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "http://127.0.0.1:8000": server.address,
        f"/etc/ssl/{NAME}.pem": str(folder / "cert.pem"),
        f"/etc/ssl/{NAME}.key": str(folder / "key.pem"),
    }


@pytest.fixture(scope="module")
def plain() -> int:
    """The port where nginx speaks plain HTTP."""
    return free_port()


@pytest.fixture(scope="module")
def proxy(plain: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an nginx with a certificate of its own, before a server that knows its name."""
    nginx, openssl = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin"), shutil.which("openssl")
    need_all({"nginx": bool(nginx), "openssl": bool(openssl)})
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    made = f"{openssl} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN={NAME}"
    subprocess.run(
        [*made.split(), "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")],
        check=True,
        capture_output=True,
    )
    with served("--processes", "1", "--allow-host", NAME) as server:
        (block,) = re.findall(r"```\n(server \{.*?\n\})\n```", GUIDE.read_text("utf-8"), re.DOTALL)
        (folder / "nginx.conf").write_text(configuration(block, folder, changes(folder, plain, port, server)))
        process = subprocess.Popen([str(nginx), "-p", str(folder), "-c", str(folder / "nginx.conf")])
        try:
            until(lambda: is_open(port), 20)
            yield port
            assert not list((folder / "client_body").rglob("*.*")), "a picture was written to the disk"
        finally:
            process.terminate()
            process.wait(20)


def is_open(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    trusting = ssl._create_unverified_context()
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=trusting, timeout=20)
    sent = {"Host": f"{NAME}:{port}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    connection.request(method, path, body, sent)
    response = connection.getresponse()
    answer = response.status, response.read()
    connection.close()
    return answer


def test_a_page_behind_nginx_uploads_on_any_port(proxy: int) -> None:
    """A browser names the port in Origin; where nginx dropped it from Host, the upload looked like another site's."""
    page = {"Origin": f"https://{NAME}:{proxy}", "Sec_Fetch_Site": "same-origin", "Content_Type": "image/png"}
    status, answer = ask(proxy, "POST", "/v1/read?expect=digit", picture_of(7), **page)
    assert (status, b'"text":"7"' in answer.replace(b" ", b"")) == (200, True), answer


def test_nginx_passes_on_what_the_server_says_of_others(proxy: int) -> None:
    other = {"Origin": "https://evil.example", "Content_Type": "image/png"}
    assert ask(proxy, "POST", "/v1/read?expect=digit", picture_of(7), **other)[0] == 403
    assert ask(proxy, "GET", "/readyz")[0] == 200
    status, page = ask(proxy, "GET", "/")
    assert status == 200
    assert b"<html" in page
    assert ask(proxy, "POST", "/v1/read", b"0" * 9_000_000, Content_Type="image/png")[0] == 413


def test_what_stands_on_the_page_about_the_api_goes_by_https(proxy: int) -> None:
    """The examples there carry a token, which is not to go over the network in the clear."""
    said = ask(proxy, "GET", "/api")[1].decode()
    assert f"https://{NAME}:{proxy}/v1/read" in said
    assert f"http://{NAME}" not in said


def test_plain_http_is_sent_on_to_https(proxy: int, plain: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", plain, timeout=20)
    connection.request("GET", "/about?a=b", headers={"Host": f"{NAME}:{plain}"})
    response = connection.getresponse()
    assert (response.status, response.headers["Location"]) == (301, f"https://{NAME}/about?a=b")
    connection.close()
