"""The control of the documents row: the stock cluster of Django-Q2 with four workers and one task per document."""

from tests.bench.settings import *  # noqa: F403
from tests.bench.settings import Q_CLUSTER

Q_CLUSTER = {**Q_CLUSTER, "workers": 4, "scheduler": False}
