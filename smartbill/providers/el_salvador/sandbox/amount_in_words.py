"""The amount in words that every document carries (CIENTO TRECE 13/100 DOLARES)."""

from decimal import Decimal

# fmt: off
_SMALL = (
    "CERO", "UN", "DOS", "TRES", "CUATRO", "CINCO", "SEIS", "SIETE", "OCHO", "NUEVE", "DIEZ", "ONCE", "DOCE", "TRECE",
    "CATORCE", "QUINCE", "DIECISEIS", "DIECISIETE", "DIECIOCHO", "DIECINUEVE", "VEINTE", "VEINTIUN", "VEINTIDOS",
    "VEINTITRES", "VEINTICUATRO", "VEINTICINCO", "VEINTISEIS", "VEINTISIETE", "VEINTIOCHO", "VEINTINUEVE",
)
_TENS = ("TREINTA", "CUARENTA", "CINCUENTA", "SESENTA", "SETENTA", "OCHENTA", "NOVENTA")
_HUNDREDS = (
    "CIENTO", "DOSCIENTOS", "TRESCIENTOS", "CUATROCIENTOS", "QUINIENTOS", "SEISCIENTOS", "SETECIENTOS", "OCHOCIENTOS",
    "NOVECIENTOS",
)
# fmt: on


def in_words(amount: Decimal) -> str:
    """Write a positive amount of dollars with two decimals."""
    whole = int(amount)
    cents = int((amount - whole) * 100)
    return f"{_number(whole)} {cents:02d}/100 DOLARES"


def _number(value: int) -> str:
    for size, one, many in ((1_000_000, "UN MILLON", "MILLONES"), (1_000, "MIL", "MIL")):
        if value >= size:
            head, rest = divmod(value, size)
            words = one if head == 1 else f"{_number(head)} {many}"
            return f"{words} {_number(rest)}" if rest else words
    if value == 100:
        return "CIEN"
    if value > 100:
        rest = value % 100
        return _HUNDREDS[value // 100 - 1] + (f" {_number(rest)}" if rest else "")
    if value < 30:
        return _SMALL[value]
    ten, rest = divmod(value, 10)
    return _TENS[ten - 3] + (f" Y {_SMALL[rest]}" if rest else "")
