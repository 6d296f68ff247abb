"""`manage.py create_api_token NAME --scope read`: access for a machine, its secret printed once."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from config.tokens import READ_ALL, SCOPES, make_token
from config.trail import acting


class Command(BaseCommand):
    help = "Makes a token for the API and prints its secret, which cannot be read again later."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="who will use it, such as 'dashboard'")
        parser.add_argument(
            "--scope", action="append", choices=SCOPES, help=f"what it may read; repeatable (default: {READ_ALL})"
        )
        parser.add_argument("--days", type=int, help="how long it lives (default: until it is revoked)")

    def handle(self, *_arguments: Any, **options: Any) -> None:
        days = options["days"]
        if days is not None and not 1 <= days <= 3650:
            raise CommandError("--days is between 1 and 3650.")
        expires_at = now() + timedelta(days=days) if days else None
        try:
            with acting("manage.py create_api_token"):
                token, secret = make_token(
                    name=options["name"], scopes=options["scope"] or [READ_ALL], expires_at=expires_at
                )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        until = f"until {expires_at:%Y-%m-%d %H:%M} UTC" if expires_at else "until it is revoked"
        # The secret alone on standard output, so that it can be piped into a secret store.
        self.stderr.write(f"{token.name}: {', '.join(token.scopes)}, {until}. Shown once:")
        self.stdout.write(secret)
