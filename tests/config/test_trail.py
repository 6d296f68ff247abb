"""The trail of configuration: nothing goes around it, nobody edits it, and no secret stands in it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from config.models import ApiToken, Change
from config.tokens import make_token
from config.trail import acting
from config.trail_triggers import WATCHED, install_trail
from smartbill.models import Holiday, Issuer
from tests.factories.billing import ExchangeRateFactory, StripeEndpointFactory
from tests.factories.config import make_admin_page_hostile  # noqa: F401
from tests.factories.people import make_staff, signed_in
from tests.factories.smartbill import ApiKeyFactory, IssuerFactory

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script> {{ x }} ' OR 1=1 --"


def told(kind: str, row: object) -> list[Change]:
    return list(Change.objects.filter(kind=kind, row=str(row)).order_by("id"))
