"""`manage.py reset_second_factor NAME --reason TEXT`: for whoever lost phone and recovery codes."""

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from config.sign_in.reset import reset_second_factor


class Command(BaseCommand):
    help = "Remove the second factor of a person and end their sessions; the trail keeps the reason."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="as the person signs in")
        parser.add_argument("--reason", required=True, help="why; who asked for it, and how you know it was them")

    def handle(self, *, name: str, reason: str, **_options: Any) -> None:
        user = User.objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is nobody of the name {name!r}.")
        try:
            ended = reset_second_factor(user, actor="manage.py reset_second_factor", reason=reason)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{name} sets up a new second factor at the next sign-in; {ended} sessions ended.")
