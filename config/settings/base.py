"""What every environment shares. Values come from the environment; `config/checks` says what is missing."""

import os
from pathlib import Path
from typing import Any

import environ
from django.utils.translation import gettext_lazy as _

from config.settings.people import *  # noqa: F403
from config.settings.people import SIGN_IN_APPS

env = environ.Env()
# An empty variable of an env file counts as not set.
env.ENVIRON = {name: value for name, value in os.environ.items() if value != ""}

BASE_DIR = Path(__file__).resolve().parents[2]
DATA_DIR = Path(env("SELLO_DATA_DIR", default=str(BASE_DIR / "var"))).resolve()
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

DEBUG = False
SECRET_KEY = env("SECRET_KEY", default="")
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[])
PUBLIC_BASE_URL = env("PUBLIC_BASE_URL", default="http://127.0.0.1:8000").rstrip("/")
SELLO_SANDBOX = False
# local and test say so themselves; whatever else imports this file is held to production's rules by config/checks.
SELLO_ENVIRONMENT = "production"
# Lets a machine read /readyz and /metrics in full; without it only loopback may.
OPERATIONS_TOKEN = env("OPERATIONS_TOKEN", default="")

INSTALLED_APPS = [
    "config.apps.GlueConfig",
    "config.apps.SelloAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    *SIGN_IN_APPS,
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "django_q",
    "djstripe",
    "anymail",
    "notifications.apps.NotificationsConfig",
    "smartbill.apps.SmartbillConfig",
    "billing.apps.BillingConfig",
]

MIDDLEWARE = [
    "config.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "config.sign_in.middleware.StaffDoorMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Storage -------------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'sello.sqlite3'}")}
DATABASES["default"]["CONN_MAX_AGE"] = 60
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE and WAL: the default mode loses concurrent writers with "database is locked".
    # FULL: the mark "submitting" must survive a power cut.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;",
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A server that vanishes without a word must not hold a worker for the kernel's two minutes or two hours.
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        connect_timeout=5, keepalives_idle=30, keepalives_interval=10, keepalives_count=3
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}

STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "files", "file_permissions_mode": 0o600},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]

# Languages and time --------------------------------------------------------------------------------------------------
LANGUAGE_CODE = env("LANGUAGE_CODE", default="en")
LANGUAGES = [("en", "English"), ("es", "Español"), ("ro", "Română")]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
USE_TZ = True
TIME_ZONE = env("TIME_ZONE", default="UTC")

# Requests ------------------------------------------------------------------------------------------------------------
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

# Names of Django 6, served by config/csp.py until then.
SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
    "object-src": ["'none'"],
}

# Stripe --------------------------------------------------------------------------------------------------------------
STRIPE_API_VERSION = "2026-08-26.dahlia"
STRIPE_API_KEY = env("STRIPE_API_KEY", default="")
STRIPE_API_BASE = env("STRIPE_API_BASE", default="")
STRIPE_LIVE_MODE = STRIPE_API_KEY.startswith(("sk_live_", "rk_live_"))
STRIPE_TIMEOUT = 10
STRIPE_WEBHOOK_TOLERANCE = 300
# Seconds for which a web process goes by an endpoint as it read it: a secret taken back counts no longer than that.
STRIPE_ENDPOINT_KEPT = 1.0
STRIPE_SECRET_KEY = STRIPE_API_KEY
if STRIPE_API_BASE:
    STRIPE_API_HOST = STRIPE_API_BASE
# "STRIPE_API_HOST is set without DEBUG": right in demo and tests; sello.E011 refuses it in production.
SILENCED_SYSTEM_CHECKS = ["djstripe.W002"]
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
DJSTRIPE_SUBSCRIBER_CUSTOMER_KEY = None

# SmartBill -----------------------------------------------------------------------------------------------------------
SMARTBILL_SV_BASE_URL = env("SMARTBILL_SV_BASE_URL", default="https://api.smartbill.lat/v1").rstrip("/")
SMARTBILL_CONNECT_TIMEOUT = env.int("SMARTBILL_CONNECT_TIMEOUT", default=5)
SMARTBILL_READ_TIMEOUT = env.int("SMARTBILL_READ_TIMEOUT", default=60)
# What opens the breaker of a channel, in seconds and counts: the names of smartbill/breaker.py's Rules.
SMARTBILL_BREAKER = env.json("SMARTBILL_BREAKER", default={})
# Where the record of what was sent last is kept; several hosts may share one. Empty: in the data directory.
SELLO_SENT_RECORD = env("SELLO_SENT_RECORD", default="")
# Changes one row of the contract table of smartbill/providers/el_salvador/contract.py each.
SMARTBILL_SV_CONTRACT = env.json("SMARTBILL_SV_CONTRACT", default={})

# Mail ----------------------------------------------------------------------------------------------------------------
RESEND_API_KEY = env("RESEND_API_KEY", default="")
EMAIL_URL = env("EMAIL_URL", default="")
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="billing@sello.localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 20
if RESEND_API_KEY:
    EMAIL_BACKEND = "notifications.backends.resend.ResendBackend"
    ANYMAIL = {"RESEND_API_KEY": RESEND_API_KEY}
elif EMAIL_URL:
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "notifications.backends.files.FileBackend"
    EMAIL_FILE_PATH = str(DATA_DIR / "mail")

# Background work: config/checks/background.py holds the sizing rule that each of these figures obeys. -----------------
Q_CLUSTER: dict[str, Any] = {
    "name": "sello",
    "label": _("Background work"),
    "orm": "default",
    "workers": 4,
    "queue_limit": 4,
    "bulk": 1,
    "poll": 0.2,
    "timeout": 120,
    "retry": 420,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": 20,
    "save_limit_per": "func",
    "recycle": 500,
    "max_rss": 300_000,
    "guard_cycle": 0.5,
    "catch_up": False,
    "compress": False,
    "log_level": "INFO",
    "scheduler": True,
}
Q_BROKER_URL = env("Q_BROKER_URL", default="")
if Q_BROKER_URL:
    del Q_CLUSTER["orm"]
    Q_CLUSTER["redis"] = Q_BROKER_URL

# A drain claims work for `budget` seconds and lets its calls end. The first byte of a call leaves at most `late`
# seconds after its claim: a process that slept longer could send what was given up and replaced. A claim outlives a
# call by `margin` seconds.
DRAIN = {"budget": 20, "late": 10, "margin": 30, "threads": 128}

# `manage.py qworker`: the bell looks at every drain each `interval`, rings one at most once per `pause`, lets at most
# `per_task` of it and `ceiling` tasks in all wait or run. No sign of life for `silence`: abort. On SIGTERM the tasks in
# hand get `grace` seconds to end.
QWORKER = {"interval": 0.25, "pause": 1.0, "per_task": 2, "ceiling": 20, "silence": 240, "grace": 195}

# Every task that works off a table: rung by config/bell.py while the table has work that is due.
DRAINS = [
    "billing.tasks.drain_events",
    "billing.tasks.drain_sales",
    "billing.tasks.drain_buyers",
    "billing.tasks.drain_tax_requests",
    "billing.tasks.drain_reversals",
    "billing.tasks.drain_corrections",
    "billing.tasks.drain_approvals",
    "billing.tasks.drain_simulations",
    "smartbill.tasks.drain_submissions",
    "smartbill.tasks.drain_overdue_attempts",
    "smartbill.tasks.drain_readings",
    "smartbill.tasks.drain_doubt_alarms",
    "smartbill.tasks.drain_renditions",
    "smartbill.tasks.drain_outages",
    "notifications.tasks.drain_messages",
    "notifications.tasks.drain_overdue_messages",
    "notifications.tasks.drain_webhook_posts",
    "config.tasks.drain_jobs",
]

# name -> (task, every so many minutes). Written to the database by `manage.py provision` and by `manage.py qworker`.
SCHEDULES = {
    "sello.beat": ("config.tasks.beat", 1),
    "sello.raise_alarms": ("config.tasks.raise_alarms", 1),
    "sello.sweep_events": ("billing.tasks.sweep_events", 1),
    "sello.sweep_attempts": ("smartbill.tasks.sweep_attempts", 1),
    "sello.sweep_messages": ("notifications.tasks.sweep_messages", 1),
    "sello.tally_days": ("smartbill.tasks.tally_days", 1),
    "sello.watch_windows": ("smartbill.tasks.watch_windows", 15),
    "sello.watch_proposals": ("billing.tasks.watch_proposals", 15),
    "sello.catch_up_events": ("billing.tasks.catch_up_events", 15),
}

# API -----------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["config.api.ApiTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["config.api.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.api.AlwaysJson",
    "DEFAULT_FILTER_BACKENDS": ["config.api.DeclaredFilters"],
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_PAGINATION_CLASS": "config.api.NewestFirst",
    "DEFAULT_SCHEMA_CLASS": "config.api_schema.Schema",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"user": "600/min"},
    "PAGE_SIZE": 50,
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Sello",
    "DESCRIPTION": "Read-only figures for dashboards: sales, fiscal documents and messages.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "DocumentStatus": "smartbill.lifecycle.Status",
        "MessageStatus": "notifications.lifecycle.Status",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"links": {"()": "config.redaction.LinkFilter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["links"]}},
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", default="INFO")},
    # The SDK tells each of its requests as INFO, between the lines of a command that a person reads.
    "loggers": {"stripe": {"level": "WARNING"}},
}
