"""Set up a house from one file, in one transaction: all of it or nothing."""

from pathlib import Path

from config.provisioning import groups, rows, schedules, source
from config.provisioning.report import Line
from config.trail import acting


def provision(path: Path) -> list[Line]:
    """Make groups, schedules and the rows of the file; return what was done, or raise ProvisioningError."""
    root = source.read(path)
    root.accept(required=[], optional=["issuers", "stripe_endpoints", "users"])
    with acting("manage.py provision", reason=path.name):
        lines = [*groups.set_groups(), *schedules.set_schedules()]
        for entry in root.entries("issuers"):
            lines += rows.set_issuer(entry)
        lines += [rows.set_stripe_endpoint(entry) for entry in root.entries("stripe_endpoints")]
        lines += [rows.set_user(entry) for entry in root.entries("users")]
    return lines
