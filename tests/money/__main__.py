"""`make money`: 100,000 invoices followed to the cent, and how many documents a core builds and validates per second.

Ends with status 1 when a figure differs from another, or a schema of the authority has something against a document.
"""

import argparse
import sys
from importlib import import_module

import django


def main() -> int:
    parser = argparse.ArgumentParser(prog="make money")
    parser.add_argument("--invoices", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first invoice")
    parser.add_argument("--schemas", type=int, default=25, help="validate every so many documents by both schemas")
    asked = parser.parse_args()
    django.setup()
    is_right: bool = import_module("tests.money.run").prove_all(asked.invoices, asked.first, asked.schemas)
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
