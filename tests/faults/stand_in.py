"""`python -m tests.faults.stand_in NAME PORT [LATENCY]`: one stand-in in a process of its own, until it is killed."""

import sys
import threading

import django

from tests.faults import mail_stand_in


def main(name: str, port: int, latency: float) -> None:
    django.setup()
    # Only now: the stand-ins of the apps read the settings when they are imported.
    from billing.sandbox import StripeSandbox
    from config.management.commands.sandbox import account
    from smartbill.providers.el_salvador.sandbox import SmartbillSandbox

    match name:
        case "mail":
            mail_stand_in.serve(port)
        case "stripe":
            with StripeSandbox(port):
                threading.Event().wait()
        case "smartbill":
            with SmartbillSandbox(port, accounts=[account()], latency=(latency, latency * 2), seed=1):
                threading.Event().wait()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 0.0)
