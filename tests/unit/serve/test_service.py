"""The self-test, and how new model files take over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from digitry.errors import ModelError
from digitry.reading import Reader
from digitry.serve import engine as engine_module
from digitry.serve.children import Done, PictureJob
from digitry.serve.engine import ServedModel, self_test
from digitry.serve.limits import Limits
from digitry.serve.problems import busy
from digitry.serve.service import Service
from tests.unit.tiny_models import template_model_bytes

pytestmark = pytest.mark.filterwarnings("ignore:the model for single digits knows only 9, 8, 7")

GOOD = template_model_bytes()
OTHER = template_model_bytes(class_names=tuple("987"))


class InProcess:
    """In place of `Children`: reads right here."""

    def __init__(self, models: Mapping[str, Sequence[bytes]], count: int, limits: Limits) -> None:
        self._readers = {name: Reader(data) for name, data in models.items()}
        self.waiting = 0
        self.is_closed = False

    async def start(self) -> None:
        pass

    async def read(self, *jobs: PictureJob) -> list[Done]:
        return [
            Done([self._readers[job.model].read(job.picture, expect=job.expect).to_json()], None, []) for job in jobs
        ]

    async def close(self) -> None:
        self.is_closed = True


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "Children", InProcess)


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(story())  # type: ignore[arg-type]


def model_of(service: Service, name: str = "tiny") -> ServedModel:
    with service.engine() as engine:
        return engine.models[name]


def taken(service: Service) -> dict[str, float]:
    """How reloads ended, by result."""
    lines = service.metrics.text().decode().splitlines()
    found = [line for line in lines if line.startswith("digitry_reloads_total{")]
    return {line.split('"')[1]: float(line.split()[-1]) for line in found}


def test_the_shipped_model_passes_the_stored_self_test() -> None:
    async def story() -> None:
        service = Service({"shipped": []}, processes=1)
        assert not service.is_ready
        await service.start()
        assert service.is_ready
        await service.close()

    run(story)


@pytest.mark.parametrize("change", ["texts", "confidences"])
def test_another_answer_than_the_stored_one_is_a_model_error_of_one_line(
    change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, stored = self_test()
    if change == "texts":
        stored["number"]["texts"] = ["1"]
    else:
        stored["number"]["confidences"] = [confidence - 0.02 for confidence in stored["number"]["confidences"]]
    monkeypatch.setattr(engine_module, "self_test", lambda: (picture, stored))

    async def story() -> None:
        service = Service({"shipped": []}, processes=1)
        with pytest.raises(ModelError, match=r"^model shipped: the self-test reads .* as number, the stored answer is"):
            await service.start()
        assert not service.is_ready

    run(story)


def test_a_process_that_reads_otherwise_than_the_server_is_a_model_error(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lie(self: InProcess, *jobs: PictureJob) -> list[Done]:
        return [Done([{"numbers": []}], None, []) for _ in jobs]

    monkeypatch.setattr(InProcess, "read", lie)

    async def story() -> None:
        with pytest.raises(ModelError, match="model tiny: the self-test reads nothing"):
            await Service({"tiny": [tiny_model]}, processes=1).start()

    run(story)


def test_a_process_that_cannot_read_the_picture_is_a_model_error(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(self: InProcess, *jobs: PictureJob) -> list[Done]:
        return [Done([], "it is broken", []) for _ in jobs]

    monkeypatch.setattr(InProcess, "read", fail)

    async def story() -> None:
        with pytest.raises(ModelError, match="model tiny: the self-test fails: it is broken"):
            await Service({"tiny": [tiny_model]}, processes=1).start()

    run(story)


def test_a_process_that_has_gone_before_the_self_test_is_a_model_error_and_a_reload_that_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(self: InProcess, *jobs: PictureJob) -> list[Done]:
        raise busy()

    async def story(service: Service, path: Path) -> None:
        monkeypatch.setattr(InProcess, "read", gone)
        path.write_bytes(OTHER)
        await service.reload()
        assert taken(service) == {"refused": 1}
        with pytest.raises(ModelError, match="no process that reads pictures is left; is there enough memory"):
            await Service({"tiny": [path]}, processes=1).start()

    reloading(tmp_path, story)


def test_a_network_that_answers_otherwise_every_time_is_a_model_error(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service({"tiny": [tiny_model]}, processes=1)
    rows = iter(np.eye(10, dtype=np.float32)[:, np.newaxis])
    reader = service.model("tiny").reader
    real = reader.read_digits
    monkeypatch.setattr(reader, "read_digits", lambda images: real(images) if images.any() else next(rows))

    async def story() -> None:
        with pytest.raises(ModelError, match="the self-test on a blank digit gives a different answer every time"):
            await service.start()

    run(story)


def reloading(
    tmp_path: Path, story: Callable[[Service, Path], Awaitable[None]], others: dict[str, bytes] | None = None
) -> None:
    """Tell a story with a service whose models lie in `tmp_path`; the first is tiny.onnx."""

    async def whole() -> None:
        files = {"tiny": GOOD, **(others or {})}
        for name, data in files.items():
            (tmp_path / f"{name}.onnx").write_bytes(data)
        service = Service({name: [tmp_path / f"{name}.onnx"] for name in files}, processes=1)
        await service.start()
        await story(service, tmp_path / "tiny.onnx")
        await service.close()

    run(whole)


def test_a_good_new_file_takes_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story(service: Service, path: Path) -> None:
        before = model_of(service).sha256
        path.write_bytes(OTHER)
        await service.reload()
        after = model_of(service)
        assert (after.data, after.sha256 != before) == ((OTHER,), True)
        assert service.model("tiny").reader.class_names == tuple("987")
        assert taken(service) == {"taken": 1}
        assert f"reload: now tiny {after.sha256[:12]}" in caplog.text

    with caplog.at_level(logging.INFO):
        reloading(tmp_path, story)


def test_the_same_file_changes_nothing(tmp_path: Path) -> None:
    async def story(service: Service, path: Path) -> None:
        with service.engine() as before:
            await service.reload()
            with service.engine() as after:
                assert after is before
        assert taken(service) == {"same": 1}

    reloading(tmp_path, story)


BAD: dict[str, Callable[[Path], object]] = {
    "gone": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(GOOD[:-100]),
    "noise": lambda path: path.write_bytes(b"no model at all"),
    "another shape": lambda path: path.write_bytes(template_model_bytes(side=32)),
    "no probabilities": lambda path: path.write_bytes(template_model_bytes(softmax=False)),
    "no contract": lambda path: path.write_bytes(template_model_bytes(contract="")),
    "operators of others": lambda path: path.write_bytes(template_model_bytes(domain="com.example")),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD)
def test_a_bad_new_file_is_refused_with_a_line_and_the_old_one_stays(
    spoil: Callable[[Path], object], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(service: Service, path: Path) -> None:
        spoil(path)
        await service.reload()
        assert model_of(service).data == (GOOD,)
        assert service.is_ready
        assert taken(service)["refused"] == 1

    with caplog.at_level(logging.INFO, "digitry.serve"):
        reloading(tmp_path, story)
    [line] = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert line.startswith("reload: tiny is refused, the old one stays: ")
    assert "\n" not in line


def test_a_new_file_that_fails_the_self_test_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(service: Service, path: Path) -> None:
        path.write_bytes(OTHER)

        def fail(*_: Any) -> None:
            raise ModelError("it reads otherwise")

        monkeypatch.setattr(engine_module, "check_answer", fail)
        await service.reload()
        assert model_of(service).data == (GOOD,)
        assert taken(service) == {"refused": 1}

    reloading(tmp_path, story)


def test_a_new_file_that_no_process_can_be_started_for_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(service: Service, path: Path) -> None:
        path.write_bytes(OTHER)

        async def fail(_: InProcess) -> None:
            raise BlockingIOError(11, "Resource temporarily unavailable")

        monkeypatch.setattr(InProcess, "start", fail)
        await service.reload()
        assert model_of(service).data == (GOOD,)
        assert taken(service) == {"refused": 1}

    reloading(tmp_path, story)


def test_of_two_files_the_good_one_takes_over_and_the_bad_one_does_not(tmp_path: Path) -> None:
    async def story(service: Service, path: Path) -> None:
        path.write_bytes(b"no model at all")
        path.with_name("more.onnx").write_bytes(OTHER)
        await service.reload()
        assert model_of(service).data == (GOOD,)
        assert model_of(service, "more").data == (OTHER,)

    reloading(tmp_path, story, {"more": GOOD})


def test_a_request_under_way_ends_with_the_model_that_it_began_with(tmp_path: Path) -> None:
    async def story(service: Service, path: Path) -> None:
        with service.engine() as old:
            children: Any = old.children
            path.write_bytes(OTHER)
            await service.reload()
            assert model_of(service).data == (OTHER,)
            await asyncio.sleep(0.1)
            assert not children.is_closed
            [row] = await old.batchers["tiny"].weigh(np.zeros((1, 28, 28), np.uint8))
            assert row.probabilities.shape == (10,)
        await asyncio.wait_for(service.close(), 10)
        assert children.is_closed

    reloading(tmp_path, story)


def test_new_models_that_are_asked_for_while_it_starts_are_taken_afterwards(tmp_path: Path) -> None:
    async def story() -> None:
        path = tmp_path / "tiny.onnx"
        path.write_bytes(GOOD)
        service = Service({"tiny": [path]}, processes=1)
        starts = asyncio.create_task(service.start())
        await asyncio.sleep(0)
        path.write_bytes(OTHER)
        await asyncio.gather(starts, service.reload())
        with service.engine() as engine:
            assert engine.models["tiny"].data == (OTHER,)
        await service.close()

    run(story)


def test_two_reloads_at_once_come_one_after_the_other(tmp_path: Path) -> None:
    async def story(service: Service, path: Path) -> None:
        path.write_bytes(OTHER)
        await asyncio.gather(service.reload(), service.reload())
        assert taken(service) == {"taken": 1, "same": 1}
        assert model_of(service).data == (OTHER,)

    reloading(tmp_path, story)
