"""The list in its order, by sections."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from config.admin.texts import Text
from config.readiness.house import background_work, settings_of_the_house
from config.readiness.item import Item, State
from config.readiness.outside import issuers, mail, stripe
from config.readiness.people import people

SECTIONS: Sequence[tuple[Text, Callable[[], Iterator[Item]]]] = (
    (_("Issuers"), issuers),
    (_("Stripe"), stripe),
    (_("Mail"), mail),
    (_("People and alerts"), people),
    (_("Background work and backups"), background_work),
    (_("Settings"), settings_of_the_house),
)


@dataclass(frozen=True, slots=True)
class Section:
    title: Text
    items: Sequence[Item]


def checklist() -> list[Section]:
    """Return every point, read now."""
    return [Section(title, list(items())) for title, items in SECTIONS]


def counted(sections: Sequence[Section]) -> dict[str, int]:
    """Return how many points are in each state."""
    found = Counter(str(item.state) for section in sections for item in section.items)
    return {state: found[state] for state in State.values}
