"""Who issues: the seller's fiscal identity and the choices that only the seller can make."""

from decimal import Decimal
from zoneinfo import ZoneInfo

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Issuer(models.Model):
    """A taxpayer at one provider in one mode; test and live are two issuers, so that they can never be mixed up."""

    class Provider(models.TextChoices):
        EL_SALVADOR = "el_salvador", _("SmartBill El Salvador")

    class Untaxed(models.TextChoices):
        HOLD = "hold", _("Hold and ask")
        INCLUDED = "included", _("The price contains the tax")

    class LateBuyer(models.TextChoices):
        DESK = "desk", _("Wait for a person")
        CONSUMER = "consumer", _("Issue as to a final consumer")

    class Rounding(models.TextChoices):
        HOLD = "hold", _("Hold and explain")
        LINE = "line", _("Add a non-taxed rounding line of at most one cent")

    class ZeroTotal(models.TextChoices):
        NONE = "none", _("No document")
        DOCUMENT = "document", _("Issue a document over zero")

    class RateDay(models.TextChoices):
        HOLD = "hold", _("Hold and ask")
        PAYMENT = "payment", _("The rate of the day of payment")
        DAY_BEFORE = "day_before", _("The rate of the day before the payment")
        MONTH = "month", _("The rate of the first day of the month of payment")

    class Corrections(models.TextChoices):
        PROPOSE = "propose", _("Propose and wait for a person")
        AUTOMATIC = "automatic", _("Carry out by itself")

    slug = models.SlugField(_("short name"), unique=True)
    provider = models.CharField(_("provider"), max_length=20, choices=Provider)
    livemode = models.BooleanField(_("live mode"), default=False)
    name = models.CharField(_("legal name"), max_length=250)
    commercial_name = models.CharField(_("commercial name"), max_length=150, blank=True)
    tax_id = models.CharField(_("tax id"), max_length=20)
    nrc = models.CharField(_("NRC"), max_length=8, blank=True)
    activity_code = models.CharField(_("activity code"), max_length=6, blank=True)
    activity_text = models.CharField(_("activity"), max_length=150, blank=True)
    address = models.CharField(_("address"), max_length=200)
    department = models.CharField(_("department"), max_length=2, blank=True)
    municipality = models.CharField(_("municipality"), max_length=2, blank=True)
    district = models.CharField(_("district"), max_length=2, blank=True)
    country = models.CharField(_("country"), max_length=2)
    email = models.EmailField(_("e-mail"), max_length=100)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    time_zone = models.CharField(_("time zone"), max_length=60)
    language = models.CharField(_("language of customers who state none"), max_length=2, default="es")
    untaxed_lines = models.CharField(
        _("lines without tax information"), max_length=10, choices=Untaxed, default=Untaxed.HOLD
    )
    default_description = models.CharField(
        _("wording of lines without description"),
        max_length=150,
        blank=True,
        help_text=_("For payments that say nothing about what was bought. When empty, such a sale is held."),
    )
    rounding = models.CharField(_("unreachable cents"), max_length=10, choices=Rounding, default=Rounding.HOLD)
    zero_total = models.CharField(
        _("sales with a total of zero"), max_length=10, choices=ZeroTotal, default=ZeroTotal.NONE
    )
    manual_match_days = models.PositiveSmallIntegerField(
        _("days in which a payment may belong to a document made by hand"),
        default=30,
        validators=[MaxValueValidator(365)],
        help_text=_(
            "A payment of the same amount and buyer waits for a person to say whether it is the one of that document. "
            "0: nobody is asked."
        ),
    )
    rate_day = models.CharField(
        _("sales in another currency"),
        max_length=10,
        choices=RateDay,
        default=RateDay.HOLD,
        help_text=_("By which stored exchange rate they are converted."),
    )
    rate_days_old = models.PositiveSmallIntegerField(
        _("how old a rate may be, in days"),
        default=4,
        validators=[MaxValueValidator(31)],
        help_text=_("For weekends and holidays, on which none is published. Older: the sale is held."),
    )
    buyer_days = models.PositiveSmallIntegerField(
        _("days a customer has to complete tax data"),
        default=5,
        validators=[MaxValueValidator(30)],
        help_text=_("0: customers are not asked by themselves; a person can still send the link."),
    )
    late_buyer = models.CharField(
        _("tax data not completed in time"),
        max_length=10,
        choices=LateBuyer,
        default=LateBuyer.DESK,
        help_text=_(
            "A document for a final consumer carries no tax credit for the customer. It is issued only below the "
            "amount from which the law wants the buyer named, and never to a buyer abroad."
        ),
    )
    provider_mails_customer = models.BooleanField(
        _("the provider mails the customer too"),
        default=False,
        help_text=_("When set, the customer's address is sent to the provider, which then mails the document itself."),
    )
    in_flight = models.PositiveSmallIntegerField(
        _("calls in flight"), default=8, validators=[MinValueValidator(1), MaxValueValidator(128)]
    )
    calls_per_period = models.PositiveSmallIntegerField(
        _("calls per period"),
        default=0,
        validators=[MaxValueValidator(600)],
        help_text=_("What the provider allows the account in a period, look-ups included. 0: no limit is known."),
    )
    period_seconds = models.PositiveSmallIntegerField(
        _("seconds of the period"), default=10, validators=[MinValueValidator(1), MaxValueValidator(3600)]
    )
    one_per_series = models.BooleanField(
        _("one call per series"),
        default=False,
        help_text=_("Where the provider numbers in the order of calls: never two at a time in one series of numbers."),
    )
    second_person_above = models.DecimalField(
        _("second person above"),
        max_digits=16,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_(
            "What a person answers about a document in doubt whose total is above this amount takes effect only when "
            "another person confirms it; so does a correction after a refund, and a document made by hand. Empty: "
            "never."
        ),
    )
    corrections = models.CharField(
        _("corrections after a refund"),
        max_length=10,
        choices=Corrections,
        default=Corrections.PROPOSE,
        help_text=_(
            "What becomes of an invalidation or a credit note that a refund at Stripe asks for. Above the amount for a "
            "second person it is always proposed."
        ),
    )
    active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("issuer")
        verbose_name_plural = _("issuers")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name

    @property
    def settled_fields(self) -> list[str]:
        """What the first document settles for good: test and live documents never share an issuer."""
        return ["provider", "livemode"] if self.pk is not None and self.documents.exists() else []

    def needs_second(self, total: Decimal) -> bool:
        """Whether one person's answer about this amount is only a proposal."""
        return self.second_person_above is not None and total > self.second_person_above

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)
