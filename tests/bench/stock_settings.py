"""The product's settings with the stock admin in the place of the house's, which knows no second factor."""

from tests.bench.settings import *  # noqa: F403
from tests.bench.settings import MIDDLEWARE, TEMPLATES

ROOT_URLCONF = "tests.bench.stock_admin"
MIDDLEWARE = [each for each in MIDDLEWARE if not each.startswith("config.sign_in.")]
TEMPLATES = [{**TEMPLATES[0], "DIRS": []}]
