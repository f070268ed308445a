"""Google's store is asked as its own tools ask it: with which credentials, with none, and where."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")

from digitry.errors import DataError
from digitry.reading import google_store
from digitry.reading.google_store import google_words, is_anonymous
from digitry.reading.object_store import pictures_in_store, read_from_store
from tests.unit.reading.store import store_of


@pytest.fixture(autouse=True)
def nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of nobody's, on which nobody has logged in."""
    for name in (google_store.EMULATOR, google_store.NO_CREDENTIALS, google_store.CREDENTIALS):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(google_store, "PRODUCT_NAME", tmp_path / "product_name")


def test_without_credentials_it_is_asked_for_what_is_public() -> None:
    assert is_anonymous()


@pytest.mark.parametrize("folder", [".config/gcloud", "gcloud"])
def test_credentials_are_those_of_a_login(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux" if folder.startswith(".") else "win32")
    (tmp_path / folder).mkdir(parents=True)
    (tmp_path / folder / "application_default_credentials.json").touch()
    assert not is_anonymous()


@pytest.mark.parametrize(("product", "anonymous"), [("Google Compute Engine\n", False), ("Standard PC\n", True)])
def test_credentials_are_those_of_a_machine_of_googles(product: str, anonymous: bool, tmp_path: Path) -> None:
    (tmp_path / "product_name").write_text(product)
    assert is_anonymous() == anonymous


def test_credentials_are_those_of_a_named_file_unless_none_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "key.json")
    assert not is_anonymous()
    monkeypatch.setenv("CLOUDSDK_AUTH_DISABLE_CREDENTIALS", "True")
    assert is_anonymous()


def test_credentials_are_not_sent_to_an_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "key.json")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "localhost:9023")
    assert is_anonymous()


def test_an_emulator_needs_no_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    with store_of({"a/7.png": b"seven"}, monkeypatch, "gs"):
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", os.environ["STORAGE_EMULATOR_HOST"].partition("//")[2])
        assert read_from_store("gs://scans/a/7.png") == b"seven"


@pytest.mark.parametrize(
    ("content", "reason"), [(None, "Cannot open credentials file .*key.json$"), ("{}", "Unsupported credential type")]
)
def test_credentials_that_are_none_are_told_at_once(
    content: str | None, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "key.json"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    since = time.monotonic()
    with pytest.raises(DataError, match=f"^gs://scans/a cannot be listed: {reason}"):
        pictures_in_store("gs://scans/a")
    assert time.monotonic() - since < 5


def test_a_store_that_cannot_be_reached_is_given_up_after_some_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(google_store, "RETRY_SECONDS", 1)
    with store_of({}, monkeypatch, "gs"):
        pass  # nobody listens there any more
    since = time.monotonic()
    with pytest.raises(DataError, match=r"^gs://scans/a cannot be listed: Could not connect to server$"):
        pictures_in_store("gs://scans/a")
    assert time.monotonic() - since < 10


def test_what_is_not_public_is_told_with_how_to_have_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    with store_of({}, monkeypatch, "gs"), pytest.raises(DataError, match=r"does not have .* access") as told:
        pictures_in_store("gs://private/a")
    assert str(told.value).endswith(
        "(without credentials; `gcloud auth application-default login` makes some, "
        "GOOGLE_APPLICATION_CREDENTIALS names a file)"
    )


@pytest.mark.parametrize(
    ("arrow", "words"),
    [
        (
            "google::cloud::Status(UNAVAILABLE: Retry policy exhausted, with a last message of PerformWork() - CURL "
            "error [6]=Could not resolve hostname error_info={reason=, domain=, metadata={gcloud-cpp.retry.original-"
            "message=PerformWork() - CURL error [6]=Could not resolve hostname}})",
            "Could not resolve hostname",
        ),
        ("google::cloud::Status(NOT_FOUND: gone). Detail: [errno 2] No such file or directory", "gone"),
        ("google::cloud::Status(INTERNAL: broken (again))", "broken (again)"),
        ("No such file or directory 'scans/a'", "No such file or directory 'scans/a'"),
    ],
)
def test_its_words_are_those_of_the_store_alone(arrow: str, words: str) -> None:
    assert google_words(OSError(arrow)) == words
