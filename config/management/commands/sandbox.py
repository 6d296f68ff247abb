"""`manage.py sandbox`: the stand-ins of Stripe and SmartBill alone, on loopback, until interrupted."""

import os
import signal
from collections.abc import Sequence
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.sandbox import StripeSandbox
from smartbill.providers.el_salvador.sandbox import DEMO_ACCOUNT, Account, ApiKey, SmartbillSandbox

ROLES = ("manager", "transmitter")


class Command(BaseCommand):
    help = "Serve the stand-ins of Stripe and SmartBill on loopback until interrupted."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--stripe-port", type=int, default=12111)
        parser.add_argument("--smartbill-port", type=int, default=12112)
        parser.add_argument(
            "--webhook-url", default="", help="where events are delivered; signed with STRIPE_WEBHOOK_SECRET"
        )
        parser.add_argument(
            "--latency", type=float, nargs=2, default=(0.7, 2.0), metavar=("MIN", "MAX"), help="of SmartBill, in s"
        )

    def handle(
        self, *, stripe_port: int, smartbill_port: int, webhook_url: str, latency: Sequence[float], **options: Any
    ) -> None:
        if not settings.SELLO_SANDBOX:
            raise CommandError("The stand-ins are refused by these settings: SELLO_SANDBOX is off.")
        secret = os.environ.get("STRIPE_WEBHOOK_SECRET", "")
        if webhook_url and not secret:
            raise CommandError("Set STRIPE_WEBHOOK_SECRET: deliveries are signed with it.")
        stop = Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        stripe = StripeSandbox(stripe_port, webhook_url, secret, delivery_workers=2)
        smartbill = SmartbillSandbox(smartbill_port, accounts=[account()], latency=(latency[0], latency[1]))
        with stripe, smartbill:
            self.stdout.write(f"STRIPE_API_BASE={stripe.url}")
            self.stdout.write(f"SMARTBILL_SV_BASE_URL={smartbill.url}")
            self.stdout.flush()
            stop.wait()


def account() -> Account:
    """Return the account whose key pairs the environment names, or the stand-in's own where it names none."""
    keys = [
        ApiKey(public_key=public, private_key=private, role=role)
        for role in ROLES
        if (public := os.environ.get(f"SMARTBILL_SV_{role.upper()}_PUBLIC_KEY"))
        and (private := os.environ.get(f"SMARTBILL_SV_{role.upper()}_PRIVATE_KEY"))
    ]
    return Account(name="sandbox", keys=keys) if keys else DEMO_ACCOUNT
