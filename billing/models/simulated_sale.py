"""The sales that a rule would have touched, beside what really became of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.models.rule import RuleSimulation
from billing.models.sale import Sale
from billing.rule_evaluation import Verdict


class SimulatedSale(models.Model):
    """One sale of the past that the rule would have touched. Written once, by the simulation."""

    simulation = models.ForeignKey(
        RuleSimulation, models.PROTECT, related_name="sales", verbose_name=_("simulation of a rule")
    )
    sale = models.ForeignKey(Sale, models.PROTECT, related_name="+", verbose_name=_("sale"))
    verdict = models.CharField(_("what the rule says"), max_length=8, choices=Verdict)
    findings = models.JSONField(_("conditions"))
    amount = models.DecimalField(_("amount"), max_digits=16, decimal_places=3)
    outcome = models.CharField(_("what happened"), max_length=16, choices=Sale.Outcome)
    went_back = models.BooleanField(_("money went back later"))

    class Meta:
        verbose_name = _("simulated sale")
        verbose_name_plural = _("simulated sales")
        ordering = ["-id"]
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["simulation", "sale"], name="one_result_per_sale_simulated")]
        indexes = [models.Index(fields=["simulation", "-id"], name="simulated_sales")]

    def __str__(self) -> str:
        return str(self.sale)
