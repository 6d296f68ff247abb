"""The product's settings with the stock admin in the place of the house's."""

from tests.bench.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.stock_admin"
