"""What we know and what we assume of the API: every route, name, word, limit and status, one row each.

KNOWN is stated by the provider's public pages; ASSUMED is our choice until it confirms or corrects it. A correction is
one entry in `settings.SMARTBILL_SV_CONTRACT`, path → value, and changes nothing else.
"""

from dataclasses import dataclass
from typing import Any

DOCS = "smartbill.lat/docs/api"
RULES = "rules of the tax authority's document (schemas and Manual Funcional V2.0)"
OURS = "our choice"


@dataclass(frozen=True, slots=True)
class Row:
    """One fact of the contract. `source` says who states it."""

    path: str
    value: Any
    known: bool
    source: str


def _known(path: str, value: Any, source: str) -> Row:
    return Row(path, value, known=True, source=source)


def _assumed(path: str, value: Any, source: str) -> Row:
    return Row(path, value, known=False, source=source)


def _same(prefix: str, names: str, *, known: bool, source: str) -> tuple[Row, ...]:
    """Rows whose value is their own last name."""
    return tuple(Row(f"{prefix}.{name}", name, known=known, source=source) for name in names.split())


ROUTES = (
    _known("route.factura", "/dte/factura", f"{DOCS}/factura (its overview says /dte/facturas)"),
    _assumed("route.ccf", "/dte/ccf", f"{OURS}; the document exists, credit notes refer to it"),
    _known("route.fex", "/dte/fex", f"{DOCS}/fex"),
    _known("route.credit_note", "/dte/credit-note", f"{DOCS}/credit-note"),
    _known("route.invalidate", "/dte/invalidate", f"{DOCS}/invalidate"),
    _known("route.get_json", "/dte/get-json", f"{DOCS}/get-document"),
    _assumed("routes.enabled.test", ["factura", "ccf", "fex", "credit_note"], OURS),
    _assumed("routes.enabled.live", ["factura", "fex", "credit_note"], f"{OURS}: ccf once its route is confirmed"),
    _assumed("kind.routes", {"factura": "factura", "ccf": "ccf", "export": "fex", "credit_note": "credit_note"}, OURS),
    _known("kind.types", {"factura": "01", "ccf": "03", "export": "11", "credit_note": "05"}, "CAT-002"),
    _known("header.public_key", "X-Smartbill-Public-Key", DOCS),
    _known("header.private_key", "X-Smartbill-Private-Key", DOCS),
    _known("environment", {"test": "00", "live": "01"}, "CAT-001, identificacion.ambiente"),
)

ENVELOPES = (
    _known("envelope.emission", "dteJson", f"{DOCS}/factura"),
    _assumed("envelope.document", "body", f"{DOCS}/invalidate: the key is known, its nesting is not; empty = none"),
    _known("field.document", "document", f"{DOCS}/invalidate"),
    _assumed(
        "field.replacement", "", f"{DOCS}/invalidate takes the code alone; empty: the replacement is not named there"
    ),
)

FIELDS = (
    *_same("field", "receptor products exportData", known=True, source=f"{DOCS}/fex"),
    *_same("field", "documentRelated description amount", known=True, source=f"{DOCS}/credit-note"),
    *_same("field", "paymentCondition payments notes appendix", known=False, source=OURS),
    *_same("field.receptor", "documentType identification name email address", known=True, source=f"{DOCS}/factura"),
    *_same("field.receptor", "comercialName countryCode", known=True, source=f"{DOCS}/fex (so spelled)"),
    *_same("field.receptor", "phone personType nit nrc activityCode activityDescription", known=False, source=OURS),
    *_same("field.address", "departament town", known=True, source=f"{DOCS}/factura (so spelled)"),
    _known("field.address.details", "details", f"{DOCS}/factura"),
    _assumed("field.address.district", "district", f"{OURS}; sent only where address.send_district"),
    *_same("field.product", "code description quantity unitPrice discount type unit", known=False, source=OURS),
    *_same("field.payment", "method amount reference", known=False, source=OURS),
    *_same("field.appendix", "field label value", known=False, source=OURS),
    *_same(
        "field.export",
        "itemType fiscalPrecinct regimeType regime incoterms insurance freight",
        known=False,
        source=OURS,
    ),
)

WORDS = (
    _known("word.anonymous_receptor", "Others", f"{DOCS}/factura"),
    _known(
        "words.document_type",
        {"nit": "nit", "dui": "dui", "passport": "pasaporte", "resident_card": "carnetResidente", "other": "otro"},
        f"{DOCS}/factura",
    ),
    _assumed("words.person_type", {"natural": "natural", "legal": "juridica"}, "CAT-029"),
    _assumed(
        "words.product_type",
        {"standard": "gravada", "exempt": "exenta", "not_subject": "no_sujeta", "untaxed": "no_gravada"},
        f"gravada and no_gravada are on {DOCS}/fex",
    ),
    _assumed("words.condition", {"cash": "contado", "credit": "credito", "other": "otro"}, "CAT-016"),
    _assumed("words.item_type", {"unit": "bienes", "service": "servicios"}, OURS),
    _assumed(
        "codes.payment_method",
        {
            "cash": "01",
            "card_debit": "02",
            "card_credit": "03",
            "transfer": "05",
            "wallet": "09",
            "crypto": "12",
            "other": "99",
        },
        "CAT-017",
    ),
    _assumed("codes.unit", {"unit": "59", "service": "99"}, "CAT-014"),
)

LIMITS = (
    _known("limit.name", 150, f"{DOCS}/fex; the authority allows 250"),
    _assumed("limit.identification", [3, 20], "the authority's schema; the provider's page says 25"),
    _known("limit.email", [6, 100], RULES),
    _known("limit.phone", [8, 30], RULES),
    _assumed("limit.address_details", [5, 200], RULES),
    _known("limit.nit", [9, 14], RULES),
    _known("limit.dui", [9], f"{DOCS}/fex"),
    _known("limit.nrc", [2, 8], RULES),
    _known("limit.activity_text", [5, 150], RULES),
    _known("limit.products", 2000, RULES),
    _known("limit.code", 25, RULES),
    _known("limit.description", 1000, f"{RULES}; 1500 from V2.0"),
    _known("limit.decimals", 8, RULES),
    _known("limit.payment_reference", 50, RULES),
    _assumed("limit.notes", 3000, RULES),
    _assumed("limit.credit_note", [1, 1000], f"{RULES}: the text of a line"),
    _assumed("credit_note.includes_tax", True, "whether `amount` contains IVA; the page says: up to the CCF's total"),
    _known("tax.rate", [["", "0.13"]], "IVA; dated"),
    _assumed("check.nit", "off", "check digit as in python-stdnum; not an official text; off or block"),
    _assumed("check.dui", "off", "check digit by common practice; off or block"),
    _assumed("export.identification_required", False, f"{DOCS}/fex fills a default"),
    _assumed("export.customs", {}, "fiscalPrecinct, regimeType, regime, incoterms: goods are exported only with all"),
    _assumed(
        "extra.properties",
        ["notes", "appendix", "customs"],
        f"{OURS}: what a person may add to one document; each goes where the form has a place",
    ),
    _known("limit.appendix", {"field": 25, "label": 50, "value": 150}, RULES),
    _known("limit.appendix_rows", 10, RULES),
    _assumed("address.send_district", False, "mandatory in the authority's addresses from V2.0"),
    _assumed("reference.placement", "notes", "notes, appendix or none"),
    _assumed("reference.format", "Ref. %s", OURS),
    _assumed("reference.appendix", {"field": "referencia", "label": "Referencia"}, OURS),
    _assumed("rounding.description", "Ajuste por redondeo", OURS),
    _known("rounding.limit", "0.01", f"{RULES}: tolerance"),
    _assumed("public.url", "https://admin.factura.gob.sv/consultaPublica?ambiente=%(environment)s"
             "&codGen=%(code)s&fechaEmi=%(day)s", "form used by most public implementations"),
)  # fmt: skip

ANSWERS = (
    *_same("answer", "success data error", known=False, source=OURS),
    *_same(
        "answer.data",
        "codigoGeneracion numeroControl selloRecibido estado fechaEmision fechaProcesamiento fechaInvalidacion url"
        " pdfUrl observaciones document invalidation",
        known=False,
        source=OURS,
    ),
    *_same("answer.error", "code message details", known=False, source=OURS),
    *_same("answer.detail", "field code message", known=False, source=OURS),
    _assumed("state.stamped", "PROCESADO", OURS),
    _assumed("state.contingency", "CONTINGENCIA", OURS),
    _assumed("state.invalidated", "INVALIDADO", OURS),
    _assumed("states.refused", ["RECHAZADO", "REJECTED", "ERROR"], OURS),
    _assumed("error.data", [400, "VALIDATION_ERROR"], OURS),
    _assumed("error.refused", [422, "HACIENDA_REJECTED"], OURS),
    _assumed("error.not_eligible", [422, "NOT_ELIGIBLE"], OURS),
    _assumed("error.unauthorized", [401, "UNAUTHORIZED"], OURS),
    _assumed("error.role", [403, "ROLE_NOT_ALLOWED"], OURS),
    _assumed("error.account_disabled", [403, "ACCOUNT_DISABLED"], OURS),
    _assumed("error.not_found", [404, "NOT_FOUND"], OURS),
    _assumed("error.conflict", [409, "CONFLICT"], OURS),
    _assumed("error.rate_limited", [429, "RATE_LIMITED"], OURS),
    _assumed("error.internal", [500, "INTERNAL"], OURS),
    _assumed("error.bad_gateway", [502, "BAD_GATEWAY"], OURS),
    _assumed("error.gateway_timeout", [504, "GATEWAY_TIMEOUT"], OURS),
    _assumed("error.hacienda_unavailable", [503, "HACIENDA_UNAVAILABLE"], OURS),
    _known("hacienda.already_exists", "004", "the authority's message codes"),
    _known("answer.hacienda_code", "codigoMsg", "the authority's answer, where the provider hands it on"),
    _assumed("status.verdict", [400, 422], OURS),
    _assumed("status.not_processed", [401, 403, 404, 405, 413, 415, 429], f"{OURS}: refused before processing"),
    _assumed("status.stops_key", [401, 403], OURS),
    _assumed("status.misconfigured", [404, 405, 415], OURS),
    _assumed("status.wait", [429], OURS),
    _assumed("pause.misconfigured", 300, f"{OURS}: seconds"),
    _assumed("pause.rate_limited", 30, f"{OURS}: seconds, where Retry-After is missing"),
    _assumed("pause.longest", 3600, f"{OURS}: seconds, whatever Retry-After says"),
    _assumed("quiet.period", 600, f"{OURS}: seconds in which it may still issue what it was sent"),
    _assumed("quiet.contingency", 1800, f"{OURS}: seconds, while documents wait for the authority's seal"),
    _assumed("answer.max_bytes", 4_194_304, OURS),
)

ROWS: tuple[Row, ...] = (*ROUTES, *ENVELOPES, *FIELDS, *WORDS, *LIMITS, *ANSWERS)
