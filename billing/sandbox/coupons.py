"""Coupons become discounts: one discount object for each place where a coupon is applied."""

from collections.abc import Iterable
from decimal import Decimal

from billing.sandbox.arithmetic import Cut, Rate
from billing.sandbox.errors import Json, refused
from billing.sandbox.params import Params
from billing.sandbox.store import Store


def discounts_from(store: Store, params: Params, **place: str | None) -> list[str]:
    """Make the discounts that `discounts[][coupon]` asks for; `place` says what they are attached to."""
    wanted = params.children("discounts")
    found = [_coupon_of(store, entry) for entry in wanted]
    return [discount_on(store, coupon, **place)["id"] for coupon in found]


def _coupon_of(store: Store, entry: Params) -> Json:
    entry.refuse_others(("coupon", "discount"))
    if entry.has("discount"):
        source = store.named("discount", entry.needed("discount"), entry.name("discount"))["source"]
        return store.named("coupon", source["coupon"], entry.name("discount"))
    coupon = store.named("coupon", entry.needed("coupon"), entry.name("coupon"))
    if not coupon["valid"]:
        raise refused("This coupon is no longer valid.", code="coupon_expired", param=entry.name("coupon"))
    return coupon


def discount_on(store: Store, coupon: Json, **place: str | None) -> Json:
    """Redeem the coupon."""
    coupon["times_redeemed"] += 1
    limit = coupon["max_redemptions"]
    coupon["valid"] = limit is None or coupon["times_redeemed"] < limit
    source = {"coupon": coupon["id"], "type": "coupon"}
    return store.create("discount", source=source, start=store.clock.now(), **place)


def cuts_of(store: Store, discounts: Iterable[str]) -> tuple[Cut, ...]:
    """The arithmetic of these discounts, in their order."""
    return tuple(_cut(store, discount) for discount in discounts)


def _cut(store: Store, discount: str) -> Cut:
    coupon = store.past("coupon", store.past("discount", discount)["source"]["coupon"])
    percent = None if coupon["_percent"] is None else Decimal(coupon["_percent"])
    return Cut(discount, percent, coupon["amount_off"], frozenset(coupon["_applies_to"]["products"]))


def rates_of(store: Store, tax_rates: Iterable[str]) -> tuple[Rate, ...]:
    """The arithmetic of these tax rates."""
    rows = [store.get("tax_rate", identifier) for identifier in tax_rates]
    return tuple(Rate(row["id"], Decimal(row["_percentage"]), row["inclusive"]) for row in rows)


def named_rates(store: Store, params: Params, key: str = "tax_rates") -> list[str]:
    """The ids under `tax_rates`, each known and active."""
    found = params.texts(key)
    for identifier in found:
        if not store.named("tax_rate", identifier, params.name(key))["active"]:
            raise refused(f"The tax rate {identifier} is archived.", param=params.name(key))
    if len(set(found)) != len(found):
        raise refused("The same tax rate is given twice.", param=params.name(key))
    return found
