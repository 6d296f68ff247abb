"""What a document of a contingency says about its cause: the type of catalogue CAT-005 and a sentence."""

from collections.abc import Mapping
from decimal import Decimal

from smartbill.providers.el_salvador import jsontext

CAUSES = range(1, 6)
LONGEST_TEXT = 500


def stated_cause(document: bytes) -> tuple[int, str] | None:
    """Return type and sentence of the authority's JSON, in either generation; None where it states no known type."""
    try:
        tree = jsontext.from_bytes(document)
    except jsontext.Unreadable:
        return None
    head = tree.get("identificacion") if isinstance(tree, Mapping) else None
    if not isinstance(head, Mapping):
        return None
    stated = head.get("tipoContingencia")
    if not isinstance(stated, Decimal) or stated not in CAUSES:
        return None
    # The older export invoice spells it without the second "n".
    text = head.get("motivoContin") or head.get("motivoContigencia")
    return int(stated), text.strip()[:LONGEST_TEXT] if isinstance(text, str) else ""
