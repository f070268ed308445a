"""The server's metrics, in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import generate_latest

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)

_SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.995, 0.999, 1.0)


class Metrics:
    """The counters of one server; none of them contains a picture, a name or an address."""

    def __init__(
        self, in_flight: Callable[[], float], waiting: Callable[[], float], is_ready: Callable[[], float]
    ) -> None:
        """Set up; the three functions are called whenever the metrics are read."""
        self._registry = CollectorRegistry()
        self._requests = Counter("digitry_requests", "Requests answered.", ("route", "status"), registry=self._registry)
        self._errors = Counter(
            "digitry_errors", "Requests answered with a problem.", ("code",), registry=self._registry
        )
        self._seconds = Histogram(
            "digitry_request_seconds", "Time to an answer.", ("route",), registry=self._registry, buckets=_SECONDS
        )
        self._batch = Histogram(
            "digitry_batch_images",
            "Canonical digits in one run of the network.",
            registry=self._registry,
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
        )
        self._refused = Counter("digitry_refused", "Requests refused with 503.", registry=self._registry)
        Gauge(
            "digitry_requests_in_flight", "Requests to read something that have no answer yet.", registry=self._registry
        ).set_function(in_flight)
        Gauge("digitry_waiting_requests", "Requests in the queue.", registry=self._registry).set_function(waiting)
        Gauge("digitry_ready", "1 while the server accepts requests.", registry=self._registry).set_function(is_ready)
        self._reloads = Counter("digitry_reloads", "Model reloads.", ("result",), registry=self._registry)

        self._readings = Counter(
            "digitry_readings",
            "Pictures read, by what was expected in them: all sure, something unsure, or nothing found.",
            ("model", "expect", "result"),
            registry=self._registry,
        )
        self._digits = Counter("digitry_digits", "Canonical digits.", ("model", "result"), registry=self._registry)
        self._confidence = Histogram(
            "digitry_confidence",
            "Confidence of every number in pictures, and of every canonical digit (expect none).",
            ("model", "expect"),
            registry=self._registry,
            buckets=_SHARES,
        )
        ProcessCollector(registry=self._registry)

        # Looking up a child metric by its labels costs more than incrementing it.
        self._by_status = cache(lambda route, status: self._requests.labels(route, str(status)))
        self._by_route = cache(lambda route: self._seconds.labels(route))
        self._by_model = cache(
            lambda model: (
                self._digits.labels(model, "sure"),
                self._digits.labels(model, "unsure"),
                self._confidence.labels(model, "none"),
            )
        )

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count an answer and how long it took."""
        self._by_status(route, status).inc()
        self._by_route(route).observe(seconds)
        if status == 503:
            self._refused.inc()

    def problem(self, code: str) -> None:
        """Count a problem by its code."""
        self._errors.labels(code).inc()

    def batch(self, images: int) -> None:
        """Record the size of a batch."""
        self._batch.observe(images)

    def readings(self, model: str, expect: str, readings: Sequence[Mapping[str, Any]]) -> None:
        """Count the readings of a picture, one per page, and record the confidence of each number."""
        confidence = self._confidence.labels(model, expect)
        for reading in readings:
            result = "nothing" if not reading["numbers"] else "sure" if reading["sure"] else "unsure"
            self._readings.labels(model, expect, result).inc()
            for number in reading["numbers"]:
                confidence.observe(number["confidence"])

    def digits(self, model: str, sure: Sequence[bool], confidences: Sequence[float]) -> None:
        """Count canonical digits, and record their confidence."""
        sure_ones, others, confidence = self._by_model(model)
        sure_ones.inc(sum(sure))
        others.inc(len(sure) - sum(sure))
        for value in confidences:
            confidence.observe(value)

    def reloaded(self, result: str) -> None:
        """Count a reload by its result."""
        self._reloads.labels(result).inc()

    def text(self) -> bytes:
        """Return all metrics in Prometheus' format."""
        return generate_latest(self._registry)
