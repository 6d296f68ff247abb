"""Measures one row in a process of its own: `python -m tests.bench.measure webhooks --short`."""

import argparse
import json
import sys
from importlib import import_module

import django

ROWS = ("webhooks", "documents", "many", "backlog", "lists")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("row", choices=ROWS)
    parser.add_argument("--short", action="store_true")
    asked = parser.parse_args()
    django.setup()
    lines = import_module(f"tests.bench.{asked.row}").measure(short=asked.short)
    json.dump([line.as_json() for line in lines], sys.stdout)


if __name__ == "__main__":
    main()
