"""A stand-in for Stripe, served over real HTTP on loopback for the demo, the tests and the load runs.

It speaks API version 2026-08-26.dahlia: form bodies, expansion, pages, idempotency keys, events and signed webhooks.
Unlike recorded examples its figures add up. What it does not implement it refuses, it never pretends.
"""

from billing.sandbox.server import NotLoopback, StripeSandbox, serve

__all__ = ["NotLoopback", "StripeSandbox", "serve"]
