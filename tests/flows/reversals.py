"""What the flows of reversals share: a sale that is stamped, and the passing of time until nothing is due."""

from datetime import timedelta

from django.utils.timezone import now

from billing.models import Reversal, Sale
from billing.sandbox.shop import Sold
from billing.services.pursue_due_reversals import pursue_due_reversals
from smartbill.models import Document
from tests.factories.billing import StripeEndpointFactory
from tests.flows.engine import issuer_with_keys, work
from tests.flows.purchases import announce, decide_all

COMPANY = {
    "legal_name": "Ferretería El Ñandú, S.A. de C.V.",
    "sv_nrc": "1234567",
    "sv_activity_code": "47300",
    "sv_activity": "Venta al por menor de artículos de ferretería",
    "sv_department": "06",
    "sv_municipality": "23",
    "sv_district": "14",
}


class Story:
    """One purchase at Stripe, its document, and what went back of it."""

    def __init__(self, shop, *, company=False, price=11300, corrections="automatic", roles=(), decided=True, **issuer):
        self.shop, self.told = shop, set()
        self.issuer = issuer_with_keys(*roles, corrections=corrections, **issuer)
        self.endpoint = StripeEndpointFactory(issuer=self.issuer)
        details = {}
        if company:
            details = {"tax_ids": [("sv_nit", "0614-010101-101-0")], "metadata": COMPANY}
            details["address"] = {"line1": "Calle Arce 1020", "city": "San Salvador"}
        customer = shop.customer("Ana López", "ana@example.com", **details)
        rate = shop.tax_rate("13", inclusive=True)["id"]
        self.invoice = shop.pay_invoice(customer["id"], [Sold("Licencia", price, quantity=1, tax_rates=(rate,))])
        self.tell()
        if decided:
            decide_all()

    @property
    def sale(self):
        return Sale.objects.get()

    @property
    def document(self):
        return Document.objects.get(corrects=None, replaces=None)

    @property
    def notes(self):
        return list(Document.objects.exclude(corrects=None).order_by("id"))

    @property
    def intent(self):
        return self.sale.aliases.get(kind="payment_intent").stripe_id

    def outcome(self):
        """Every reversal as state, reason and remedy, in order."""
        return [(row.state, row.code, row.remedy) for row in Reversal.objects.in_order()]

    def tell(self, **disorder):
        """Hand over the events that nobody was told of."""
        self.told |= announce(self.shop, self.endpoint, told=self.told, **disorder)

    def stamp(self):
        work()
        assert self.document.status == "stamped"
        return self

    def refund(self, amount=None, **more):
        return self.shop.refund(payment_intent=self.intent, amount=amount, **more)

    def credit(self, amount, **more):
        return self.shop.post("credit_notes", invoice=self.invoice["id"], amount=amount, **more)

    def too_late_to_invalidate(self):
        """Let the seal be so old that an invalidation is not safe any more, and a credit note is."""
        Document.objects.filter(corrects=None).update(stamped_at=now() - timedelta(days=30))


def look():
    """Let a worker look at every reversal now, whatever its time."""
    Reversal.objects.filter(next_at__isnull=False).update(next_at=now())
    pursue_due_reversals()


def settle_down():
    """Let workers do everything, until what went back is over or waits for a person."""
    for _round in range(4):
        look()
        work()
    look()
