"""The cache's statistics for Prometheus, read when they are asked for: a hit costs nothing more."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from telemetra.cache.base import Cache

_COUNTERS = {
    "hits": "Cached answers used.",
    "misses": "Answers not in the cache.",
    "stores": "Answers stored.",
    "refused": "Answers outdated before they were stored.",
    "evictions": "Answers that made room for others.",
    "invalidations": "Patterns invalidated.",
}
_GAUGES = {"entries": "Answers held.", "bytes": "Bytes of the answers held."}


class CacheCollector(Collector):
    """Registered once for each process: `metrics.registry.register(CacheCollector(cache))`."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def collect(self) -> Iterable[Metric]:
        tiers = self._cache.statistics()
        for name, text in _COUNTERS.items():
            counter = CounterMetricFamily(f"telemetra_cache_{name}", text, labels=["tier"])
            for tier in tiers:
                counter.add_metric([tier.tier], getattr(tier, name))
            yield counter
        for name, text in _GAUGES.items():
            gauge = GaugeMetricFamily(f"telemetra_cache_{name}", text, labels=["tier"])
            for tier in tiers:
                gauge.add_metric([tier.tier], getattr(tier, name))
            yield gauge
