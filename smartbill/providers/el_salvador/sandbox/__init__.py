"""A stand-in of smartbill.lat over real HTTP, stricter than documented, and the oracle of what was issued.

It reads our requests with rules of its own, never with the code that writes them, so that a mistake shows.
"""

from smartbill.providers.el_salvador.sandbox.accounts import DEMO_ACCOUNT, MANAGER, TRANSMITTER, Account, ApiKey, Issuer
from smartbill.providers.el_salvador.sandbox.control import ControlRefused, IssuedDocument, LoggedCall, SandboxControl
from smartbill.providers.el_salvador.sandbox.faults import FAULTS
from smartbill.providers.el_salvador.sandbox.server import SandboxRefused, SmartbillSandbox, serve

__all__ = [
    "DEMO_ACCOUNT",
    "FAULTS",
    "MANAGER",
    "TRANSMITTER",
    "Account",
    "ApiKey",
    "ControlRefused",
    "IssuedDocument",
    "Issuer",
    "LoggedCall",
    "SandboxControl",
    "SandboxRefused",
    "SmartbillSandbox",
    "serve",
]
