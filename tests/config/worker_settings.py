"""The suite's settings for a real worker in a process of its own, with drains that work off files."""

from config.settings.base import Q_CLUSTER
from config.settings.test import *  # noqa: F403
from config.settings.test import INSTALLED_APPS

Q_CLUSTER = {**Q_CLUSTER, "workers": 2, "queue_limit": 2, "poll": 0.1, "guard_cycle": 0.25}
DRAINS = ["tests.config.worker_tasks.quick", "tests.config.worker_tasks.slow", "tests.config.worker_tasks.endless"]
# Tables straight from the models: tests/test_migrations.py runs the migrations.
MIGRATION_MODULES = {
    app.rpartition(".")[2]: None for app in INSTALLED_APPS if not app.endswith("Config")
} | dict.fromkeys(["admin", "config", "billing", "smartbill", "notifications"])
SCHEDULES = {"sello.beat": ("config.tasks.beat", 1)}
