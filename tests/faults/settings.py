"""The product's settings for the fault runs: the same rules, with times so short that a run waits seconds, not hours.

Every relation between the times still holds (`config/checks` refuses to start the processes otherwise): a sender is too
late before its deadline ends, a drain ends before it is cut off, a task is cut off before it is delivered again.
"""

from config.settings.base import DRAIN, Q_CLUSTER, QWORKER, RESEND_API_KEY, SCHEDULES, env
from config.settings.local import *  # noqa: F403

# Tables of dj-stripe straight from its models: its migrations take minutes, and tests/test_migrations.py runs them.
MIGRATION_MODULES = {"djstripe": None}

DRAIN = {**DRAIN, "budget": 4, "late": 3, "margin": 13}
WORKERS = env.int("FAULTS_WORKERS", default=4)
Q_CLUSTER = {
    **Q_CLUSTER,
    "workers": WORKERS,
    "queue_limit": WORKERS,
    "poll": 0.1,
    "guard_cycle": 0.25,
    "timeout": 20,
    "retry": 60,
}
QWORKER = {**QWORKER, "pause": 0.3, "silence": 80, "grace": 40}
# Stripe's event list would mend what a run wants to see broken.
SCHEDULES = {name: value for name, value in SCHEDULES.items() if name != "sello.catch_up_events"}

if RESEND_API_KEY:
    ANYMAIL = {"RESEND_API_KEY": RESEND_API_KEY, "RESEND_API_URL": env("FAULTS_MAIL_URL")}
