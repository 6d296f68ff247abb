"""The lists of the set-up, and Stripe's objects as they are mirrored."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from config.admin.texts import Text
from config.guide import states
from config.guide.entry import Entry, Words

ENTRIES: dict[str, Entry] = {
    "smartbill.Issuer": Entry(
        what=_("Who issues: the company's tax data, its choices, and the channel to the provider."),
        todo=(
            _("A stopped channel: its page says why, since when, and what comes next."),
            _("“Stop sending” holds everything back without losing anything; “Let it send” goes on."),
        ),
    ),
    "smartbill.ApiKey": Entry(
        what=_("The keys with which documents are sent. They are kept sealed and shown by their last characters."),
        todo=(
            _("Add the new key before you revoke the old one."),
            _("A key that was stopped after a refusal goes on with “resume”, when its cause is mended."),
        ),
    ),
    "billing.StripeEndpoint": Entry(
        what=_("Where Stripe's events come in, with the secrets by which they are known to be Stripe's."),
        todo=(_("A new secret: add it beside the old one, switch at Stripe, then take the old one out."),),
    ),
    "billing.Rule": Entry(
        what=_("What the house itself asks of each sale: hold, block, print terms, choose the kind, or tell managers."),
        todo=(
            _("Write it, try it on the last 90 days, look at what it would have touched, then switch it on."),
            _("A rule that is on does not change: copy it, try the copy, exchange the two."),
        ),
        states={"state": states.RULES},
    ),
    "billing.RuleSimulation": Entry(
        what=_("Each try of a rule on the sales of the last 90 days. A try changes nothing."),
        todo=(_("Look at how many sales it would have touched, and at what they came to."),),
        states={"state": states.SIMULATIONS},
    ),
    "billing.SimulatedSale": Entry(
        what=_("The sales that a tried rule would have touched, beside what really became of them."),
        todo=(_("Many that ended well: the rule is too strict. Many whose money went back: it finds the right ones."),),
        states={"verdict": states.VERDICTS, "outcome": states.SALES},
    ),
    "billing.ExchangeRate": Entry(
        what=_("The rates by which sales in another currency are converted, each with its day and source."),
        todo=(
            _("Enter or import the rate of the day that the issuer has chosen; sales that wait for it go on."),
            _("A rate that was wrong is entered once more. The old one stays to be seen."),
        ),
    ),
    "config.ApiToken": Entry(
        what=_("Access of dashboards to the figures: each reads what its scopes name, and changes nothing."),
        todo=(_("One token for each dashboard. Revoke it when the dashboard is gone: the secret is shown only once."),),
    ),
    "smartbill.LegalLimit": Entry(
        what=_("Amounts from which the law asks for more, by country and kind, each with its source."),
        todo=(_("A new amount is a new row with its first day. Rows are never changed or taken away."),),
    ),
    "smartbill.Holiday": Entry(
        what=_("Single days that are no business days, beside those of the calendar. Legal times count by them."),
        todo=(_("Add a day as soon as it is decreed."),),
    ),
}

LOOK: tuple[Text, ...] = (
    _("Search by Stripe's id and read what Stripe sent. Nothing can be changed here."),
    _("Something is missing: look for its event in the inbox."),
)
MIRRORED: dict[str, Text] = {
    "Customer": _("Stripe's customers."),
    "Invoice": _("Stripe's invoices. A paid one becomes one sale."),
    "PaymentIntent": _("Stripe's payment intents. One that succeeds without an invoice becomes one sale."),
    "Charge": _("Single takings of money by card or another method."),
    "Session": _("Stripe's checkout pages that customers went through."),
    "Subscription": _("Stripe's subscriptions. Each of their invoices becomes one sale."),
    "Product": _("What is sold at Stripe."),
    "Price": _("The prices of the products at Stripe."),
    "Event": _("Stripe's events as mirrored. What was done about each stands in the inbox."),
}
MIRRORED_STATES: dict[str, dict[str, dict[str, Words]]] = {"Charge": {"status": dict(states.CHARGES)}}

ENTRIES |= {
    f"djstripe.{name}": Entry(
        what=format_lazy("{} {}", text, _("As they are at Stripe, copied here to look at.")),
        todo=LOOK,
        states=MIRRORED_STATES.get(name, {}),
    )
    for name, text in MIRRORED.items()
}
