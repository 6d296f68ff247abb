"""The control of the webhook row: dj-stripe alone, as its own documentation sets it up."""

from config.settings.test import DATABASES, env

SECRET_KEY = "not-a-secret-this-is-the-bench-0123456789abcdefghijklm"
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "djstripe"]
ROOT_URLCONF = "tests.bench.djstripe_urls"
DATABASES["default"].update(CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
STRIPE_TEST_SECRET_KEY = "sk_test_" + "0" * 24
STRIPE_LIVE_MODE = False
STRIPE_API_HOST = env("STRIPE_API_BASE")
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
SILENCED_SYSTEM_CHECKS = ["djstripe.W002"]
