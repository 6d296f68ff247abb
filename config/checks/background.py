"""Checks of the sizes of background work. Each rule was bought with doubled or lost tasks when it was broken.

quantity        where it is set                                   rule
call            SMARTBILL_CONNECT_TIMEOUT + _READ_TIMEOUT         —
late            DRAIN["late"]                                     begin of a call, at most so long after its claim
claim           call + DRAIN["margin"]                            margin >= late + 10: a claim outlives its call
drain           DRAIN["budget"] + call                            < timeout: a drain is never cut off
timeout         Q_CLUSTER["timeout"]                              a whole number
retry           Q_CLUSTER["retry"]                                >= (2 + queue_limit / workers) * timeout
guard_cycle     Q_CLUSTER["guard_cycle"]                          a binary fraction, or the count-down misses 0
quiet period    quiet.period of the provider's contract           >= read timeout; checked in smartbill/checks.py
silence         QWORKER["silence"]                                >= timeout + 60
grace           QWORKER["grace"]                                  >= (1 + queue_limit / workers) * drain
ceiling         QWORKER["ceiling"]                                >= number of DRAINS
"""

import os
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

ANSWER_TAIL = 10


@register
def check_broker(**_arguments: Any) -> list[CheckMessage]:
    """There is one broker, on our database or on Redis, and the cluster that is named exists."""
    found: list[CheckMessage] = []
    q = settings.Q_CLUSTER
    brokers = {"orm", "redis", "django_redis", "sqs", "iron_mq", "mongo", "broker_class"} & q.keys()
    if brokers not in ({"orm"}, {"redis"}):
        hint = "Keep 'orm' (default) or set Q_BROKER_URL for 'redis'; delivery differs, so it is never both."
        found.append(Error(f"Q_CLUSTER names the brokers {sorted(brokers)}.", hint=hint, id="sello.E020"))
    if "orm" in q and q["orm"] != "default":
        hint = "Set it to 'default': an enqueue must be part of the caller's transaction."
        found.append(Error("The queue lies in another database than the work.", hint=hint, id="sello.E021"))
    named = os.environ.get("Q_CLUSTER_NAME")
    if named and named != q["name"] and named not in q.get("ALT_CLUSTERS", {}):
        hint = "Add it to Q_CLUSTER['ALT_CLUSTERS'], or unset Q_CLUSTER_NAME."
        found.append(Error(f"There is no cluster {named!r}.", hint=hint, id="sello.E022"))
    return found


@register
def check_sizes(**_arguments: Any) -> list[CheckMessage]:
    """A task ends before it is cut off, and is cut off before it is delivered again."""
    return [*_cluster_sizes(), *_call_sizes(), *_worker_sizes()]


def drain_seconds() -> float:
    """Return how long a drain may take: its last claim at the end of the budget, and then a whole call."""
    call = settings.SMARTBILL_CONNECT_TIMEOUT + settings.SMARTBILL_READ_TIMEOUT + ANSWER_TAIL
    return float(settings.DRAIN["budget"] + call)


def _cluster_sizes() -> Iterator[CheckMessage]:
    q = settings.Q_CLUSTER
    if not isinstance(q["timeout"], int):
        hint = "signal.alarm() takes whole seconds."
        yield Error("Q_CLUSTER['timeout'] is not a whole number.", hint=hint, id="sello.E023")
    least = (2 + q["queue_limit"] / q["workers"]) * q["timeout"]
    if q["retry"] < least:
        hint = f"Set Q_CLUSTER['retry'] to {least:.0f} or more: its clock starts before the task does."
        yield Error("Tasks may be delivered again while they run.", hint=hint, id="sello.E024")
    cycle = float(q["guard_cycle"])
    if not 0 < cycle <= 1 or not (cycle * 1024).is_integer():
        hint = "Use 0.25, 0.5 or 1: the count-down has to meet zero exactly."
        yield Error("Q_CLUSTER['guard_cycle'] disables the hard time limit.", hint=hint, id="sello.E025")
    if q["max_attempts"] != 1 or not q["ack_failures"]:
        hint = "Set max_attempts to 1 and ack_failures to True: the tables count attempts, the queue cannot."
        yield Error("The queue would repeat failed tasks by itself.", hint=hint, id="sello.E026")
    if q["catch_up"]:
        hint = "Set catch_up to False: after a night's outage one sweep is enough."
        yield Error("Missed schedules would all be made up for.", hint=hint, id="sello.E027")
    if not 0 < q["save_limit"] <= 50 or q.get("save_limit_per") != "func":
        hint = "Set save_limit to 20 per 'func': every finished task reads all rows that are kept."
        yield Warning("Too many results of tasks are kept.", hint=hint, id="sello.W020")


def _call_sizes() -> Iterator[CheckMessage]:
    if drain_seconds() >= settings.Q_CLUSTER["timeout"]:
        hint = f"A drain may take {drain_seconds():.0f} s. Raise Q_CLUSTER['timeout'] or lower DRAIN['budget']."
        yield Error("A drain may be cut off in the middle of a call.", hint=hint, id="sello.E028")
    least = settings.DRAIN["late"] + ANSWER_TAIL
    if settings.DRAIN["margin"] < least:
        hint = f"Set DRAIN['margin'] to {least} or more seconds."
        yield Error("A claim may end before its call has.", hint=hint, id="sello.E029")


def _worker_sizes() -> Iterator[CheckMessage]:
    q, worker = settings.Q_CLUSTER, settings.QWORKER
    if worker["silence"] < q["timeout"] + 60:
        hint = f"Set QWORKER['silence'] to {q['timeout'] + 60} or more seconds."
        yield Error("The watchdog would take a long task for a hang.", hint=hint, id="sello.E031")
    least = (1 + q["queue_limit"] / q["workers"]) * drain_seconds()
    if worker["grace"] < least:
        hint = f"Set QWORKER['grace'] to {least:.0f} or more, and the supervisor's own limit above it."
        yield Error("A stop would cut off calls in flight.", hint=hint, id="sello.E032")
    if worker["ceiling"] < len(settings.DRAINS):
        hint = f"Set QWORKER['ceiling'] to {len(settings.DRAINS)} or more."
        yield Error("Some drains would never be rung.", hint=hint, id="sello.E033")


@register
def check_tasks(**_arguments: Any) -> list[CheckMessage]:
    """Every task that is named by a string exists."""
    found: list[CheckMessage] = []
    for name in settings.DRAINS:
        task = _found(name)
        if not callable(task) or not callable(getattr(task, "due", None)):
            hint = "Mend settings.DRAINS, or mark the function with config.queue.drain_task."
            found.append(Error(f"{name} is not a drain.", hint=hint, id="sello.E034"))
    for schedule, (name, minutes) in settings.SCHEDULES.items():
        if not callable(_found(name)) or minutes < 1:
            hint = "Mend settings.SCHEDULES: a task that exists, every so many minutes."
            found.append(Error(f"The schedule {schedule} cannot run {name}.", hint=hint, id="sello.E035"))
    return found


def _found(name: str) -> object:
    """Return what a dotted name stands for, or None; an error inside the module itself is not swallowed."""
    module, _dot, attribute = name.rpartition(".")
    try:
        return getattr(import_module(module), attribute, None)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        return None
