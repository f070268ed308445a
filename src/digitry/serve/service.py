"""The server without its routes: models, their engine, and reloading."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from starlette.responses import Response

from digitry.errors import DigitryError
from digitry.serve.bodies import Buffered
from digitry.serve.collecting import Collection
from digitry.serve.engine import Engine, ServedModel, load_served_model
from digitry.serve.limits import Limits
from digitry.serve.problems import ProblemError, problem_response
from digitry.serve.request_metrics import Metrics

log = logging.getLogger("digitry.serve")


class Service:
    """The models and the current engine."""

    def __init__(
        self,
        models: Mapping[str, Sequence[Path]],
        *,
        processes: int,
        limits: Limits | None = None,
        collect: Path | None = None,
    ) -> None:
        """Load `models`: name → run folders or ONNX files, of networks that read different things; empty for the
        shipped ones. The first is the default. Raises ModelError for one that cannot be used.
        """
        self.limits = limits or Limits()
        self.paths, self._processes = dict(models), processes
        self.default_model = next(iter(self.paths))
        self.collection = Collection(collect, self.limits.max_corrections) if collect else None
        self.buffered = Buffered()
        self.is_draining = False
        self.metrics = Metrics(
            lambda: self._engine.requests if self._engine else 0,
            lambda: self._engine.waiting if self._engine else 0,
            lambda: float(self.is_ready),
        )
        self._loaded = {name: load_served_model(name, path) for name, path in self.paths.items()}
        self._engine: Engine | None = None
        self._retiring: set[asyncio.Task[None]] = set()
        self._reloading = asyncio.Lock()

    @property
    def is_ready(self) -> bool:
        """Whether the self-test has passed and the server is not stopping."""
        return self._engine is not None and not self.is_draining

    def model(self, name: str) -> ServedModel:
        """Return the current model of this name."""
        return self._loaded[name]

    async def start(self) -> None:
        """Start and test the engine. Raises ModelError if the self-test fails."""
        async with self._reloading:  # a reload requested meanwhile comes afterwards
            self.switch_to(await self._start_engine(self._loaded))

    async def _start_engine(self, models: Mapping[str, ServedModel]) -> Engine:
        engine = Engine(models, self._processes, self.limits, self.metrics.batch)
        await engine.start()
        return engine

    def switch_to(self, engine: Engine) -> None:
        """Use this engine from now on; the previous one ends when its last request has been answered."""
        old, self._engine, self._loaded = self._engine, engine, engine.models
        if old is not None:
            task = asyncio.create_task(old.close())
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)

    @contextmanager
    def engine(self) -> Iterator[Engine]:
        """Provide the engine for the whole of one request."""
        engine = self._engine
        if engine is None:
            raise ProblemError("not-ready", headers={"Retry-After": "1"})
        engine.requests += 1
        try:
            yield engine
        finally:
            engine.requests -= 1

    def has_room(self) -> bool:
        """Tell whether one more picture would get its turn in time."""
        return self._engine is None or self._engine.children.has_room()

    def answer(self, problem: ProblemError, request_id: str) -> Response:
        """Count a problem, and return the answer to its request."""
        self.metrics.problem(problem.code)
        return problem_response(problem, request_id)

    async def reload(self) -> None:
        """Reload the model files. Valid ones are used from then on; for an invalid one, the old model stays."""
        async with self._reloading:
            loaded = {name: await asyncio.to_thread(self._reload_one, name) for name in self.paths}
            if all(loaded[name].sha256 == self._loaded[name].sha256 for name in loaded):
                log.info("reload: no model has changed")
                self.metrics.reloaded("same")
                return
            try:
                engine = await self._start_engine(loaded)
            except (DigitryError, OSError) as error:  # OSError: no process can be started
                log.error("reload: refused, the old models stay: %s", error)
                self.metrics.reloaded("refused")
                return
            self.switch_to(engine)
            log.info("reload: now %s", ", ".join(f"{name} {model.sha256[:12]}" for name, model in loaded.items()))
            self.metrics.reloaded("taken")

    def _reload_one(self, name: str) -> ServedModel:
        try:
            return load_served_model(name, self.paths[name])
        except DigitryError as error:
            log.error("reload: %s is refused, the old one stays: %s", name, error)
            self.metrics.reloaded("refused")
            return self._loaded[name]

    async def close(self) -> None:
        """Shut down once every request has been answered."""
        for task in list(self._retiring):
            await task
        if self._engine is not None:
            await self._engine.close()
