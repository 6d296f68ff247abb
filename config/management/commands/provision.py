"""`manage.py provision FILE.toml`: set up groups, schedules, issuers, keys, the Stripe endpoint and staff."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.provisioning.provision import provision
from config.provisioning.source import ProvisioningError


class Command(BaseCommand):
    help = "Make the house agree with FILE.toml. May be run again at any time; secrets come from the environment."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.toml")

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            lines = provision(file)
        except ProvisioningError as error:
            raise CommandError(f"{file.name}: {str(error).rstrip('.')}. Nothing was changed.") from error
        for line in lines:
            self.stdout.write(str(line))
