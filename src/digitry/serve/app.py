"""The routes: each a short function from a request to an answer."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from digitry.errors import SettingError
from digitry.images.grey import Grey
from digitry.reading import EXPECTATIONS
from digitry.reading.canonical_digits import judge_digits
from digitry.reading.certainty import MAX_ERROR
from digitry.serve import request_metrics
from digitry.serve.bodies import body_parts, content_type, images_of_bytes, images_of_json, read_body
from digitry.serve.children import Done, PictureJob
from digitry.serve.collected_pages import page_numbers
from digitry.serve.collecting import PAGES, check_page_numbers, place_of, what_to_write
from digitry.serve.engine import Engine, ServedModel
from digitry.serve.guard import Access, Guard
from digitry.serve.json_pictures import picture_of_text, pictures_of_json
from digitry.serve.openapi import openapi
from digitry.serve.page_routes import missing_page, page_routes, wants_page
from digitry.serve.parameters import OF_READING, asked_knowledge, asked_max_error, asked_page_options, taking
from digitry.serve.problems import ProblemError
from digitry.serve.service import Service
from digitry.types import Reading

log = logging.getLogger("digitry.serve")

JSON, JSON_LINES, BYTES, MULTIPART = (
    "application/json", "application/jsonl", "application/octet-stream", "multipart/form-data",
)  # fmt: skip


def create_app(service: Service, access: Access | None = None, *, log_requests: bool = False) -> Guard:
    """Return the ASGI app around a service; the caller starts and closes the service."""
    access = access or Access()
    handlers = Handlers(service)
    routes = [
        Route("/v1/read", taking(handlers.read, *OF_READING), methods=["POST"]),
        Route("/v1/digits", taking(handlers.digits, "max_error", "model"), methods=["POST"]),
        Route("/v1/model", taking(handlers.model, "model")),
        Route("/livez", handlers.livez),
        Route("/readyz", handlers.readyz),
        Route("/metrics", handlers.metrics),
        Route("/openapi.json", handlers.openapi),
    ]
    if service.collection is not None:
        routes += [
            Route("/v1/corrections", taking(handlers.correct, "label", "model"), methods=["POST"]),
            Route("/v1/corrections", taking(handlers.forget, "name"), methods=["DELETE"]),
            Route("/v1/corrections/pages", taking(handlers.correct_page, "model"), methods=["POST"]),
        ]

    pages, static = page_routes(service, access)
    routes += pages

    app = Starlette(
        routes=routes,
        exception_handlers={
            ProblemError: handlers.problem,
            HTTPException: handlers.http_error,
            ClientDisconnect: handlers.gone,
            Exception: handlers.failure,
        },
    )
    app.router.redirect_slashes = False
    labels = {route.path: "static" if route.path in static else route.path for route in routes}
    return Guard(app, access, service, labels, is_logging=log_requests)


class Handlers:
    """One method per route."""

    def __init__(self, service: Service) -> None:
        self._service, self._limits = service, service.limits

    async def read(self, request: Request) -> Response:
        """Read a picture from the body, or several, by default up to sixteen, from multipart or JSON → readings."""
        expect = request.query_params.get("expect", "page")
        if expect not in EXPECTATIONS:
            raise ProblemError("wrong-setting", f"expect must be one of {', '.join(EXPECTATIONS)}.")
        max_error, page, known = asked_max_error(request), asked_page_options(request, expect), asked_knowledge(request)
        with self._service.engine() as engine:
            model = self._model(request, engine)
            if expect not in model.expectations:
                raise ProblemError("wrong-setting", f"The model {model.name} does not read numbers; use expect=digit.")
            try:
                model.reader.check_expectation(expect, known, **page)
            except SettingError as error:
                raise ProblemError("wrong-setting", f"{error}.") from error
            async with self._body(request, self._limits.max_body_bytes) as body:
                pictures = self._pictures(request, body)
                words = {} if known is None else known.to_words()
                jobs = [PictureJob(data, model.name, expect, max_error, page, words) for _, data in pictures]
                found = await self._in_time(engine.children.read(*jobs))
        if all(done.error is not None and not done.readings for done in found):
            raise ProblemError("not-a-picture", "; ".join(str(done.error) for done in found))
        for done in found:
            self._service.metrics.readings(model.name, expect, done.readings)
        return _readings(request, [(name, done) for (name, _), done in zip(pictures, found, strict=True)])

    def _pictures(self, request: Request, body: bytes) -> list[tuple[str, bytes]]:
        """Return the pictures of a request, with their names."""
        kind = content_type(request)
        if kind == MULTIPART:
            pictures = [(part.file_name, part.data) for part in body_parts(request, body, self._limits.max_parts)]
            if not pictures:
                raise ProblemError("bad-multipart", "There is no part with a picture.")
            return pictures
        if kind == JSON:
            return [("", data) for data in pictures_of_json(body, self._limits.max_parts)]
        if body[:5].lower() == b"data:":  # no picture begins like this
            return [("", picture_of_text(body.decode("latin-1")))]
        return [("", body)]

    async def digits(self, request: Request) -> Response:
        """Read canonical digits: probabilities, and whether each is sure."""
        max_error = asked_max_error(request)
        with self._service.engine() as engine:
            model = self._model(request, engine)
            kind = content_type(request)
            if kind not in (JSON, BYTES):
                raise ProblemError("wrong-type", f"Send {JSON} or {BYTES}.")
            most = self._limits.max_json_bytes if kind == JSON else self._limits.max_body_bytes
            async with self._body(request, most) as body:
                images, also = (
                    images_of_json(body, self._limits)
                    if kind == JSON
                    else (images_of_bytes(body, self._limits.max_images), None)
                )
                found = await self._in_time(engine.batchers[model.name].weigh(images))
        rows, names = [one.probabilities for one in found], model.reader.class_names
        judged = judge_digits(found, model.reader.networks.with_max_error(max_error))
        answer: dict[str, Any] = {
            "model": model.name,
            "class_names": names,
            "labels": [names[one.best] for one in found],
            "confidences": (confidences := [row.item(one.best) for row, one in zip(rows, found, strict=True)]),
            "sure": [sure for sure, _ in judged],
            "reasons": [reason for _, reason in judged],
            "probabilities": rows,
        }
        if also is not None:
            answer[also] = rows
        self._service.metrics.digits(model.name, answer["sure"], confidences)
        return Response(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY), media_type=JSON)

    async def correct(self, request: Request) -> Response:
        """Keep a picture with its label: a digit, a number, or neither."""
        collection = self._service.collection
        assert collection is not None
        with self._service.engine() as engine:
            model = self._model(request, engine)
            label = request.query_params.get("label", "")
            place = place_of(label, model.reader)
            if place is None:
                raise ProblemError("wrong-setting", what_to_write(label, model.reader))
            async with self._body(request, self._limits.max_body_bytes) as body:
                pages = await self._decoded(body, model, engine)
        path = await asyncio.to_thread(collection.add, place, pages[0])
        answer = {"label": label, "kept": collection.count, "name": path.stem}
        return Response(orjson.dumps(answer), 201, media_type=JSON)

    async def correct_page(self, request: Request) -> Response:
        """Keep a picture of a page and all the numbers on it."""
        collection = self._service.collection
        assert collection is not None
        with self._service.engine() as engine:
            model = self._model(request, engine)
            if "page" not in model.expectations:
                raise ProblemError("wrong-setting", f"The model {model.name} does not read numbers.")
            if content_type(request) != MULTIPART:
                raise ProblemError("wrong-type", f"Send {MULTIPART}.")
            async with self._body(request, self._limits.max_body_bytes) as body:
                parts = {part.name: part.data for part in body_parts(request, body, 2)}
                if parts.keys() != {"picture", "numbers"}:
                    raise ProblemError("bad-multipart", "Send two parts, picture and numbers.")
                numbers = page_numbers(parts["numbers"])
                check_page_numbers(numbers, model.reader)
                pages = await self._decoded(parts["picture"], model, engine)
        if len(pages) != 1:
            raise ProblemError("not-a-picture", f"The file has {len(pages)} pages; send each as a separate picture.")
        path = await asyncio.to_thread(collection.add, Path(PAGES), pages[0], numbers)
        answer = {"numbers": len(numbers), "kept": collection.count, "name": path.stem}
        return Response(orjson.dumps(answer), 201, media_type=JSON)

    async def _decoded(self, picture: bytes, model: ServedModel, engine: Engine) -> list[Grey]:
        """Return the grey pages of a picture's file."""
        job = PictureJob(picture, model.name, "digit", MAX_ERROR, keep=True)
        done: Done
        [done] = await self._in_time(engine.children.read(job))
        if done.error is not None:
            raise ProblemError("not-a-picture", done.error)
        return done.pages

    async def forget(self, request: Request) -> Response:
        """Remove a picture that was kept, by the name it got, for a sender who has changed their mind."""
        collection = self._service.collection
        assert collection is not None
        if not await asyncio.to_thread(collection.forget, request.query_params.get("name", "")):
            raise ProblemError("not-found", "No picture of this name is kept.")
        return Response(orjson.dumps({"kept": collection.count}), media_type=JSON)

    async def model(self, request: Request) -> Response:
        """List the models: contract, figures, SHA-256."""
        with self._service.engine() as engine:
            if "model" in request.query_params:
                answer = self._model(request, engine).to_json()
            else:
                answer = {
                    "default": self._service.default_model,
                    "models": [model.to_json() for model in engine.models.values()],
                }
        return Response(json.dumps(answer).encode(), media_type=JSON)

    async def livez(self, _: Request) -> Response:
        """Tell whether the process runs, without using any model."""
        return Response(b'{"alive": true}', media_type=JSON)

    async def readyz(self, _: Request) -> Response:
        """Tell whether the self-test has passed and the server is not stopping."""
        if not self._service.is_ready:
            raise ProblemError("draining" if self._service.is_draining else "not-ready", headers={"Retry-After": "1"})
        return Response(b'{"ready": true}', media_type=JSON)

    async def metrics(self, _: Request) -> Response:
        """Return the metrics of this server in Prometheus' format."""
        return Response(self._service.metrics.text(), headers={"Content-Type": request_metrics.CONTENT_TYPE})

    async def openapi(self, _: Request) -> Response:
        """Return the OpenAPI description of this server."""
        return Response(json.dumps(openapi(self._service)).encode(), media_type=JSON)

    def _model(self, request: Request, engine: Engine) -> ServedModel:
        name = request.query_params.get("model", self._service.default_model)
        if name not in engine.models:
            raise ProblemError("unknown-model", f"The models are: {', '.join(engine.models)}.")
        return engine.models[name]

    @asynccontextmanager
    async def _body(self, request: Request, limit: int) -> AsyncIterator[bytes]:
        """Read the body; it counts as buffered until the block ends."""
        body = await read_body(request, limit, self._limits, self._service.buffered)
        try:
            yield body
        finally:
            self._service.buffered.bytes -= len(body)

    async def _in_time(self, answer: Any) -> Any:
        """Await and return an answer. Raises ProblemError if it takes longer than a request may."""
        try:
            async with asyncio.timeout(self._limits.request_seconds):
                return await answer
        except TimeoutError as error:
            raise ProblemError(
                "too-slow", f"No answer within {self._limits.request_seconds:g} s; send less."
            ) from error

    async def problem(self, request: Request, problem: Exception) -> Response:
        """Answer a request that has a problem."""
        assert isinstance(problem, ProblemError)
        return self._service.answer(problem, request.state.request_id)

    async def http_error(self, request: Request, error: Exception) -> Response:
        """Answer Starlette's own errors: an unknown path or method."""
        assert isinstance(error, HTTPException)
        if error.status_code == 404 and wants_page(request):
            self._service.metrics.problem("not-found")
            return missing_page()
        code = {404: "not-found", 405: "wrong-method"}.get(error.status_code, "bad-request")
        return self._service.answer(ProblemError(code, headers=error.headers), request.state.request_id)

    async def gone(self, _: Request, __: Exception) -> Response:
        """Return a response for a client that has disconnected, which nobody receives."""
        return Response(status_code=400)

    async def failure(self, request: Request, error: Exception) -> Response:
        """Answer an internal error: the log says where, but not with what message, which may contain what was sent."""
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error("%s failed: %s\n%s", request.state.request_id, type(error).__name__, where)
        return self._service.answer(
            ProblemError("failed", "Please report it with this request id."), request.state.request_id
        )


def _readings(request: Request, found: list[tuple[str, Done]]) -> Response:
    """Return the objects that `digitry read --json` prints, as a list, or one per line if the client asks for that."""
    objects = []
    for name, done in found:
        objects += [{**reading, "picture": name} for reading in done.readings]
        if done.error is not None:
            objects.append(Reading(name, reason=done.error).to_json() | {"page": None})
    if JSON_LINES in request.headers.get("accept", ""):
        return Response("".join(json.dumps(values) + "\n" for values in objects).encode(), media_type=JSON_LINES)
    return Response(orjson.dumps({"readings": objects}), media_type=JSON)
