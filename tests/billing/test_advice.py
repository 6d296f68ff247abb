"""Every reason that the sources can give has words for how to mend it, and a place; a new code without them fails."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from billing.advice import ADVICE, PLACES
from billing.drafts import _explained
from billing.stripe_purchases import _differences
from smartbill.legal_limits import EMAIL, IDENTITY

ROOT = Path(__file__).resolve().parents[2]
ELSEWHERE = {
    "smartbill/services/compare.py": "says where a remote document differs; shown with the doubt itself",
    "smartbill/providers/el_salvador/answer_reader.py": "passes on the codes of the authority's refusal",
}
"""Files whose problems are none of the codes listed here, and why."""
DOUBTS = {"billing/taxes.py"}
"""Where a code stands first in a pair with its sentence and becomes a problem in `billing/lines.py`."""


def sources() -> list[Path]:
    found = [path for app in ("billing", "smartbill") for path in sorted((ROOT / app).rglob("*.py"))]
    return [path for path in found if not {"sandbox", "migrations", "admin"} & set(path.parts)]


def constants() -> dict[str, str]:
    """Return the texts that the sources name in capitals."""
    return {
        target.id: node.value.value
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id.isupper()
    }


CONSTANTS = constants()


def codes_in(path: Path) -> Iterator[str]:
    """Yield the codes of a file; one that is no literal is looked up among the constants."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "spoken" and node.args:
            assert isinstance(node.args[0], ast.Constant), path
            yield node.args[0].value
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Problem" and len(node.args) > 1:
            code = node.args[1]
            if isinstance(code, ast.Constant):
                yield code.value
            elif isinstance(code, ast.Name) and code.id in CONSTANTS:
                yield CONSTANTS[code.id]
            elif isinstance(code, ast.JoinedStr):
                yield from (f"{demand}_asked" for demand in (IDENTITY, EMAIL))
            elif isinstance(code, ast.Name):
                yield f"<{code.id}>"


def names_passed(path: str, function: str, place: int) -> set[str]:
    """Return the literals that calls of a function in this file give at a place."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return {
        node.args[place].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == function and len(node.args) > place
        and isinstance(node.args[place], ast.Constant)
    }  # fmt: skip


def all_codes() -> set[str]:
    found = {code for path in sources() if str(path.relative_to(ROOT)) not in ELSEWHERE for code in codes_in(path)}
    found |= names_passed("billing/rules.py", "_held", 1) | names_passed("billing/rules.py", "_not_applicable", 0)
    found |= names_passed("billing/taxes.py", "_unknown", 1)
    for path in DOUBTS:
        for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
            if isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.elts[0], ast.Constant):
                said = node.elts[1]
                if isinstance(said, ast.BinOp) or getattr(getattr(said, "func", None), "id", "") == "_":
                    found.add(node.elts[0].value)
    return found | set(differences())


def differences() -> list[str]:
    invoice = {
        "ending_balance": 1, "pre_payment_credit_notes_amount": 1, "post_payment_credit_notes_amount": 1,
        "amount_overpaid": 1, "total_pretax_credit_amounts": [{"amount": 1, "type": "credit_balance_transaction"}],
    }  # fmt: skip
    return list(_differences(invoice, {"intents": {"pi": {"amount_details": {"tip": {"amount": 1}}}}}))


NAMED = {"<name>", "<code>", "<code_>"}
"""Variables in the sources whose values are gathered above."""


def test_the_sources_are_read_at_all() -> None:
    found = all_codes()
    assert {"ccf_or_factura", "tax_missing", "rate_missing", "void", "several_taxes", "tip", "identity_asked"} <= found
    assert {"maybe_manual", "gave_up", "too_many_lines", "unknown_property", "held_by_rule", "more"} <= found
    assert len(found) > 80


@pytest.mark.parametrize("code", sorted(all_codes() - NAMED))
def test_every_reason_says_how_and_where_it_is_mended(code: str) -> None:
    advice = ADVICE[code]
    assert str(advice.how).endswith(".")
    assert len(str(advice.how)) > 20
    assert str(PLACES[advice.place])


def test_no_row_is_about_a_code_that_nothing_gives() -> None:
    assert sorted(set(ADVICE) - all_codes()) == []


@pytest.mark.parametrize("name", differences())
def test_every_difference_is_explained(name: str) -> None:
    assert "%(amount)s" in _explained(name)
