"""The columns of documents in a file."""

from django.utils.translation import gettext_lazy as _

from config.admin import Column, exact, mode_word

DOCUMENT_COLUMNS = [
    Column(_("Mode"), ["livemode"], mode_word),
    Column(_("State"), ["status"]),
    Column(_("Kind"), ["kind"]),
    Column(_("Reference"), ["reference"]),
    Column(_("Control number"), ["control_number"]),
    Column(_("Generation code"), ["generation_code"]),
    Column(_("Seal"), ["seal"]),
    Column(_("Customer"), ["customer_name"]),
    Column(_("Tax id"), ["customer_tax_id"]),
    Column(_("E-mail"), ["customer_email"]),
    Column(_("Total"), ["total", "currency"], exact),
    Column(_("Currency"), ["currency"]),
    Column(_("Charged"), ["charged_total", "charged_currency"], exact),
    Column(_("Currency charged"), ["charged_currency"]),
    Column(_("Paid"), ["occurred_at"]),
    Column(_("Issued"), ["issued_at"]),
    Column(_("Stamped"), ["stamped_at"]),
    Column(_("Invalidated"), ["invalidated_at"]),
    Column(_("Reason"), ["reason"]),
    Column(_("Sale"), ["source"]),
]
