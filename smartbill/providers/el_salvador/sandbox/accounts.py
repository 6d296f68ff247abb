"""The customers of the stand-in: who issues, and which key pairs may act for them in which role."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

MANAGER = "manager"
TRANSMITTER = "transmitter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """The data of the issuer that the platform prints on each document. All invented."""

    nit: str = "06140000000014"
    nrc: str = "9999991"
    name: str = "EMISOR DE PRUEBA, S.A. DE C.V."
    activity_code: str = "62010"
    activity_text: str = "Programación informática"
    department: str = "06"
    municipality: str = "23"
    district: str = "14"
    address: str = "Calle de prueba 1, San Salvador"
    phone: str = "22220000"
    email: str = "emisor@example.com"
    establishment: str = "M001"
    point_of_sale: str = "P001"
    responsible_name: str = "Persona Responsable"
    responsible_dui: str = "999999994"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """One key pair. A revoked pair is as unknown as a wrong one."""

    public_key: str
    private_key: str = field(repr=False)
    role: str = MANAGER
    revoked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account: its issuer, its keys and the environment of its documents (00 test, 01 production)."""

    name: str
    keys: Sequence[ApiKey]
    issuer: Issuer = field(default_factory=Issuer)
    environment: str = "00"
    disabled: bool = False


DEMO_ACCOUNT = Account(
    name="demo",
    keys=(
        ApiKey(public_key="pub_sandbox_manager", private_key="prv_sandbox_manager"),
        ApiKey(public_key="pub_sandbox_transmitter", private_key="prv_sandbox_transmitter", role=TRANSMITTER),
        ApiKey(public_key="pub_sandbox_revoked", private_key="prv_sandbox_revoked", revoked=True),
    ),
)


def find_key(accounts: Sequence[Account], public_key: str, private_key: str) -> tuple[Account, ApiKey] | None:
    """Return whose pair this is, or None when it is wrong, mixed or revoked."""
    for account in accounts:
        for key in account.keys:
            if key.public_key == public_key and not key.revoked:
                same = hmac.compare_digest(key.private_key.encode(), private_key.encode())
                return (account, key) if same else None
    return None
