"""Gauges for Prometheus, read from the database at the moment of the scrape: no process keeps a count of its own."""

from collections.abc import Iterator, Mapping

from django.utils.timezone import now
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from config import vitals
from config.heartbeat import patience
from smartbill.breaker import State


class DatabaseCollector(Collector):
    """Names carry no customer, document or key: states, tables, hosts, jobs, and issuers by their number."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        at = now()
        beats = vitals.heartbeats()
        ages = {name: (at - beat_at).total_seconds() for name, beat_at in beats.items()}
        limits = {name: patience(name).total_seconds() for name in beats}
        yield _gauge("sello_heartbeat_age_seconds", "Time since the last sign of life.", "name", ages)
        yield _gauge("sello_heartbeat_limit_seconds", "Silence after which it is missed.", "name", limits)
        yield _gauge("sello_oldest_due_seconds", "Wait of the oldest due row.", "table", vitals.oldest_due(at))
        yield _gauge("sello_oldest_seconds", "Age of the oldest one that is not settled.", "what", vitals.oldest(at))
        yield _plain("sello_queue_age_seconds", "Wait of the oldest task that nobody took.", vitals.queue_age(at))
        yield _plain("sello_queued_tasks", "Tasks waiting or running.", vitals.queued_tasks())
        yield _plain("sello_failed_tasks_last_hour", "Tasks that failed.", vitals.recent_failures(at))
        yield _gauge("sello_open_alerts", "Alerts that go on.", "kind", vitals.open_alerts())
        yield from _breakers()
        for table, states in vitals.counts().items():
            yield _gauge(f"sello_{table}", f"Number of {table} by state that is not at rest.", "state", states)


def _breakers() -> Iterator[GaugeMetricFamily]:
    state_of = GaugeMetricFamily("sello_breaker", "1 for the state of the account.", labels=["issuer", "state"])
    limit_of = GaugeMetricFamily("sello_calls_limit", "Calls in flight while it recovers.", labels=["issuer"])
    for issuer, (state, limit) in vitals.breakers().items():
        for each in State.values:
            state_of.add_metric([issuer, each], float(each == state))
        if limit is not None:
            limit_of.add_metric([issuer], limit)
    yield state_of
    yield limit_of


def exposition() -> bytes:
    """Return all gauges in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(DatabaseCollector())
    return generate_latest(registry)


def _plain(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _gauge(name: str, text: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        gauge.add_metric([key], value)
    return gauge
