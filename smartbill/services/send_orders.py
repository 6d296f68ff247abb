"""Carry out what people asked for many documents at once, batch by batch, each with its progress in one transaction."""

from time import monotonic

from django.conf import settings
from django.db import transaction
from django.utils.timezone import now

from smartbill.models import SendOrder
from smartbill.services.send import BATCH, release


def carry_out_orders() -> None:
    """Work off the open orders for the budget of a drain; what is left is found again."""
    end = monotonic() + settings.DRAIN["budget"]
    while monotonic() < end and _carry_out_batch():
        pass


def _carry_out_batch() -> bool:
    """Release the next documents of the oldest order that no other worker has in hand; False when there is none."""
    with transaction.atomic(durable=True):
        orders = SendOrder.objects.open().order_by("id")
        order = orders.select_for_update(skip_locked=True, of=("self",)).select_related("actor").first()
        if order is None:
            return False
        keys = order.keys[order.position : order.position + BATCH]
        release(keys, actor=order.actor)
        order.position += len(keys)
        if order.position >= len(order.keys):
            order.done_at = now()
        order.save(update_fields=["position", "done_at"])
    return True
