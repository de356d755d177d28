"""What Prometheus reads at ``/metrics``."""

from __future__ import annotations

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

NAMESPACE = "image_embedding"
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64)
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180)


class Metrics:
    """The numbers of one server; threads may write them."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        counter = partial(Counter, namespace=NAMESPACE, registry=self._registry)
        histogram = partial(Histogram, namespace=NAMESPACE, registry=self._registry)
        gauge = partial(Gauge, namespace=NAMESPACE, registry=self._registry)
        self._images = counter("images", "Images answered", ["embedder", "outcome"])
        self._known = counter("known", "Images not computed: cached", ["embedder"])
        self._batches = histogram(
            "batch_size", "Images in a batch", ["embedder"], buckets=BATCH_SIZES
        )
        self._waiting = gauge("waiting", "Images waiting for the network", ["embedder"])
        self._requests = histogram(
            "request_seconds", "Time from request to answer", ["route"], buckets=SECONDS
        )
        self._key_requests = counter("key_requests", "Requests by API key", ["key"])
        self._key_images = counter("key_images", "Images answered, by API key", ["key"])
        self._answers = counter("answers", "Answers", ["route", "status"])

    def note_batch(self, embedder: str, n_images: int) -> None:
        """Count a batch that is begun."""
        self._batches.labels(embedder).observe(n_images)

    def note_known(self, embedder: str, n_images: int) -> None:
        """Count images whose vectors were known."""
        self._known.labels(embedder).inc(n_images)

    def note_images(self, embedder: str, n_good: int, n_bad: int) -> None:
        """Count images that are answered."""
        self._images.labels(embedder, "embedded").inc(n_good)
        self._images.labels(embedder, "failed").inc(n_bad)

    def note_key_request(self, key: str) -> None:
        """Count a request with a key, by its name."""
        self._key_requests.labels(key).inc()

    def note_key_images(self, key: str, n_images: int) -> None:
        """Count images that are answered to the owner of a key."""
        self._key_images.labels(key).inc(n_images)

    def note_answer(self, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._answers.labels(route, str(int(status))).inc()
        self._requests.labels(route).observe(seconds)

    def text(self, waiting: dict[str, int]) -> bytes:
        """Get all numbers in the format of Prometheus.

        Parameters
        ----------
        waiting : dict of str to int
            Embedder → images that wait now.
        """
        for embedder, n_images in waiting.items():
            self._waiting.labels(embedder).set(n_images)
        return generate_latest(self._registry)
