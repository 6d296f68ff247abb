"""One machine: demonstration and development. Keys are made on first use and kept in the data directory."""

import secrets

from config.settings.base import *  # noqa: F403
from config.settings.base import ALLOWED_HOSTS, DATA_DIR, FIELD_ENCRYPTION_KEYS, SECRET_KEY, STORAGES, env

DEBUG = env.bool("DEBUG", default=False)
SELLO_SANDBOX = True
SELLO_ENVIRONMENT = "local"


def _kept(name: str) -> str:
    """Return the random key of this name, made once for this data directory."""
    path = DATA_DIR / name
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


SECRET_KEY = SECRET_KEY or _kept("secret_key")
FIELD_ENCRYPTION_KEYS = FIELD_ENCRYPTION_KEYS or [_kept("field_key")]
ALLOWED_HOSTS = ALLOWED_HOSTS or ["127.0.0.1", "localhost", "[::1]"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
