"""Who decides about corrections, and what the provider saw."""

import pytest
from django.contrib.auth.models import Group

from config.provisioning.groups import set_groups
from smartbill.providers.el_salvador.sandbox import SandboxControl
from tests.factories.people import make_staff


@pytest.fixture
def oracle(smartbill_sandbox):
    return SandboxControl(smartbill_sandbox.url)


@pytest.fixture
def manager():
    return member("Finance manager")


def member(group):
    set_groups()
    person = make_staff()
    person.groups.add(Group.objects.get(name=group))
    return person
