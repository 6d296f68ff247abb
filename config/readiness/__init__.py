"""What is missing before going live: one list, read from what is stored and set, for the page and for the command.

Nothing is guessed and nobody outside is asked: what cannot be known from here is said to be unknown.
"""

from config.readiness.checklist import Section, checklist
from config.readiness.item import Item, State

__all__ = ["Item", "Section", "State", "checklist"]
