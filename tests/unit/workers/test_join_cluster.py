"""The way into a Ray cluster, without one: whose note is believed, and what of Ray is left as it was."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from digitry.errors import SettingError
from digitry.workers.join_cluster import joined_cluster

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files have no owner to ask for")


class StandIn(ModuleType):
    """Joins nothing, and notes what it was asked."""

    def __init__(self) -> None:
        super().__init__("ray")
        self.joined: list[str] = []
        self._private = ModuleType("ray._private")
        self._private.worker = ModuleType("ray._private.worker")  # type: ignore[attr-defined]
        self._private.worker.print_to_stdstream = print  # type: ignore[attr-defined]

    def init(self, place: str, **_: object) -> None:
        self.joined.append(place)

    def shutdown(self) -> None:
        self.joined.append("left")


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    ray = StandIn()
    for module in (ray, ray._private, ray._private.worker):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    for name in ("RAY_USAGE_STATS_ENABLED", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"):
        monkeypatch.setenv(name, "0")
    return ray


@pytest.fixture
def answers() -> Iterator[str]:
    """Where somebody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def note(answers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `ray start` leaves."""
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    note = tmp_path / "ray" / "ray_current_cluster"
    note.parent.mkdir()
    note.write_text(answers)
    note.chmod(0o644)
    return note


def test_auto_is_the_cluster_that_this_user_has_noted(ray: StandIn, note: Path, answers: str) -> None:
    with joined_cluster("auto"):
        pass
    assert ray.joined == [answers, "left"]


def test_a_note_of_another_user_is_not_believed(ray: StandIn, note: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = note.stat().st_uid + 1
    monkeypatch.setattr("os.fstat", lambda _: os.stat_result((0o100644, 0, 0, 1, theirs, 0, 0, 0, 0, 0)))
    with pytest.raises(SettingError, match=r"ray_current_cluster may .* another user, .*: --ray HOST:PORT$"):
        joined_cluster("auto").__enter__()
    assert ray.joined == []


def test_a_note_that_everybody_may_write_is_not_believed(ray: StandIn, note: Path) -> None:
    note.chmod(0o666)
    with pytest.raises(SettingError, match="may have been written by another user"):
        joined_cluster("auto").__enter__()
    assert ray.joined == []


def test_an_address_that_is_named_is_joined_whoever_noted_what(ray: StandIn, note: Path, answers: str) -> None:
    note.chmod(0o666)
    with joined_cluster(answers):
        assert ray.joined == [answers]


def test_what_ray_prints_is_kept_back_only_while_it_is_joined(ray: StandIn, answers: str) -> None:
    def joined_and_failed() -> None:
        with joined_cluster(answers):
            assert ray._private.worker.print_to_stdstream is not print
            raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - it is this one
        joined_and_failed()
    assert ray._private.worker.print_to_stdstream is print
    assert ray.joined == [answers, "left"]
