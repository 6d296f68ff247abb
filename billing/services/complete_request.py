"""The customer's answer behind the link: checked against every document that waits, stored once, and used at once."""

from collections.abc import Mapping

from django.db import transaction
from django.utils.timezone import now
from django.utils.translation import gettext as _

from billing.errors import InvalidProfile, RequestOver
from billing.models import TaxRequest, profile_of
from billing.profiles import CUSTOMER
from billing.services.redraft import MOST_SALES, buyer_problems, waiting_sales
from billing.services.save_profile import entries_from, save_profile


def complete_request(request: TaxRequest, *, values: Mapping[str, str], is_confirmed: bool = False) -> None:
    """Store what the customer typed and have everything that waits for them looked at again.

    `is_confirmed`: the customer was asked about a number whose check digit does not fit, and stands by it.
    Of two answers at once the first wins; the second raises RequestOver, as does one after the deadline. Raises
    InvalidProfile with every problem that would be left; then nothing is stored.
    """
    confirmed = CUSTOMER if is_confirmed else ""
    with transaction.atomic():
        open_one = TaxRequest.objects.select_for_update(no_key=True).open().filter(pk=request.pk)
        locked = open_one.filter(ends_at__gt=now()).first()
        if locked is None:
            raise RequestOver
        before = profile_of(locked.customer_id, livemode=locked.livemode)
        after = before.with_values(entries_from(values, before, source=CUSTOMER, confirmed=confirmed))
        sales = list(waiting_sales(locked.customer_id, livemode=locked.livemode)[:MOST_SALES])
        if problems := buyer_problems(sales, after):
            raise InvalidProfile(problems)
        save_profile(
            customer_id=locked.customer_id,
            livemode=locked.livemode,
            values=values,
            source=CUSTOMER,
            confirmed=confirmed,
            reason=_("Completed through the link of request %(number)s.") % {"number": locked.pk},
        )
        TaxRequest.objects.filter(pk=locked.pk).update(
            state=TaxRequest.State.COMPLETED, ended_at=now(), next_at=None, note=_("The customer completed the data.")
        )
