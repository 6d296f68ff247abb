"""What a page of the guide is made of. Rights, actions, problems and names of states are read from the code itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from django.utils.functional import Promise

from config.admin.texts import Text


class Words(Protocol):
    """What a state means and what comes next; the table of a document's states is made of these as well."""

    @property
    def meaning(self) -> Text | Promise: ...

    @property
    def next_step(self) -> Text | Promise: ...


@dataclass(frozen=True, slots=True)
class Told:
    """The words for one state."""

    meaning: Text
    next_step: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The help of one list. `states` tells, for each column that holds a state, every value that it can have."""

    what: Text
    todo: tuple[Text, ...]
    states: Mapping[str, Mapping[str, Words]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a day: what to do, and the list on which it is done."""

    text: Text
    model: str = ""
    query: str = ""
