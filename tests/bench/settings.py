"""The product's settings for the bench: those of the suite, with all that is kept between requests in production."""

from config.settings.base import STRIPE_ENDPOINT_KEPT as KEPT
from config.settings.test import *  # noqa: F403
from config.settings.test import DATABASES, Q_CLUSTER, env


class _Unmigrated:
    """Every table straight from its model: dj-stripe's migrations alone take a minute."""

    def __contains__(self, app: str) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None


MIGRATION_MODULES = _Unmigrated()
STRIPE_ENDPOINT_KEPT = KEPT
DATABASES["default"].update(CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=True)
# The database of the form that a row is compared with.
if "BENCH_CONTROL_URL" in env.ENVIRON:
    DATABASES["control"] = {**DATABASES["default"], **env.db_url("BENCH_CONTROL_URL")}
STRIPE_API_HOST = STRIPE_API_BASE = env("STRIPE_API_BASE", default="http://127.0.0.1:1")
Q_CLUSTER = {**Q_CLUSTER, "log_level": "ERROR"}
LOGGING = {"version": 1, "disable_existing_loggers": False, "root": {"level": "ERROR"}}
