"""The suite: any database and cache named by the environment, no outside socket, no waiting."""

import os
import tempfile

os.environ.setdefault("SELLO_DATA_DIR", tempfile.mkdtemp(prefix="sello-test-"))

from config.settings.base import *  # noqa: F403
from config.settings.base import DATABASES, STORAGES

SELLO_SANDBOX = True
SELLO_ENVIRONMENT = "test"
SECRET_KEY = "not-a-secret-this-is-the-test-suite-0123456789abcdefghij"
FIELD_ENCRYPTION_KEYS = ["test-field-key-that-protects-nothing-at-all"]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# A thread of the live server must not hold its session for as long as the browser holds the socket.
DATABASES["default"]["CONN_MAX_AGE"] = 0
STRIPE_API_KEY = STRIPE_SECRET_KEY = "sk_test_" + "0" * 24
STRIPE_LIVE_MODE = False
STRIPE_ENDPOINT_KEPT = 0.0
# One migration of dj-stripe costs 40 s a database; tests/test_migrations.py runs the real ones once.
MIGRATION_MODULES = {"djstripe": None}
