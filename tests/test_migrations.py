"""The real migrations, dj-stripe's included, from nothing to the present tables; the rest of the suite skips them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

ROOT = Path(__file__).parents[1]


@pytest.fixture
def empty_database(tmp_path: Path) -> Iterator[dict[str, str]]:
    """An environment whose database has no table yet: of the server named by DATABASE_URL, else SQLite."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings.local", "SELLO_DATA_DIR": str(tmp_path)}
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield environment
        return
    name = f"sello_migrations_{os.getpid()}"
    server = urlunsplit(urlsplit(url)._replace(path="/postgres"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield environment | {"DATABASE_URL": urlunsplit(urlsplit(url)._replace(path=f"/{name}"))}
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def manage(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True
    )


def test_an_empty_database_is_brought_to_the_present_tables_with_their_guards(empty_database):
    migrated = manage(empty_database, "migrate", "--verbosity", "0")
    assert migrated.returncode == 0, migrated.stderr
    assert manage(empty_database, "migrate", "--check").returncode == 0
    assert (
        manage(
            empty_database, "makemigrations", "--check", "--dry-run", "config", "billing", "smartbill", "notifications"
        ).returncode
        == 0
    )
    code = (
        "from smartbill.models import *; from django.utils.timezone import now;"
        "i = Issuer.objects.create(slug='a', provider='el_salvador', name='A', tax_id='1', address='x', country='SV',"
        " email='a@b.c', currency='USD', time_zone='UTC');"
        "d = Document.objects.create(issuer=i, source='s', kind='factura', livemode=False, status='held',"
        " currency='USD', total=1, language='es', occurred_at=now());"
        "e = DocumentEvent.objects.create(document=d, after='held');"
        "DocumentEvent.objects.filter(pk=e.pk).update(reason='changed')"
    )
    refused = manage(empty_database, "shell", "--no-imports", "-c", code)
    assert "this row is frozen" in refused.stderr
