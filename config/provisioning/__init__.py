"""Idempotent set-up from one file; `manage.py provision` is its door."""
