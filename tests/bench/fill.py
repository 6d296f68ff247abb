"""Documents by the million, made by the database itself: a year of sales, one in nine in contingency."""

from django.db import connections
from django.utils.timezone import now

from smartbill.models import Issuer

RARE, COMMON = "Xanthorrea", "Comercial"
"""A word in three names, and one in every third."""
CONTINGENCY_EVERY = 9

SQL = """
INSERT INTO smartbill_document (
    reference, issuer_id, source, purpose, revision, kind, series, livemode, status, status_since, reason, next_at,
    tries, currency, total, charged_currency, customer_name, customer_tax_id, customer_email, customer_reference,
    language, credited, generation_code, control_number, seal, issued_at, stamped_at, untold, provider_url, clash,
    twin_code, render_error, difference, occurred_at, created_at, updated_at)
SELECT 'R' || lpad(i::text, 9, '0'), %(issuer)s, 'invoice:in_' || lpad(i::text, 10, '0'), 'sale', 1,
    CASE WHEN i %% 7 = 0 THEN 'ccf' ELSE 'factura' END, '', false,
    CASE WHEN i %% %(every)s = 0 THEN 'contingency' ELSE 'stamped' END, at, '', NULL, 0, 'USD',
    ((i * 7919) %% 900000)::numeric / 100 + 1, '',
    CASE WHEN i %% (%(number)s / 3 + 1) = 5 THEN %(rare)s ELSE substr(md5(i::text), 1, 8) END
        || CASE WHEN i %% 3 = 0 THEN ' ' || %(common)s ELSE ' ' || substr(md5((i + 1)::text), 1, 6) END,
    lpad(((i * 104729) %% 100000000000000)::text, 14, '0'), substr(md5((i / 4)::text), 1, 10) || '@example.com',
    'cus_' || (i / 4), 'es', 0, upper(md5(i::text)::uuid::text), 'DTE-01-M001P001-' || lpad(i::text, 15, '0'),
    CASE WHEN i %% %(every)s = 0 THEN '' ELSE upper(md5(i::text)) END, at,
    CASE WHEN i %% %(every)s = 0 THEN NULL ELSE at + interval '4 seconds' END, false, '', '', '', '', '', at, at, at
FROM (SELECT i, %(now)s - (%(number)s - i) * (interval '365 days' / %(number)s) AS at
      FROM generate_series(1, %(number)s::bigint) AS i) AS numbered
"""


def fill(alias: str, issuer: Issuer, number: int) -> None:
    """Write so many documents; the indexes are taken off for it, and made again over the whole."""
    with connections[alias].cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'smartbill_document' AND indexname NOT IN "
            "(SELECT conname FROM pg_constraint WHERE conrelid = 'smartbill_document'::regclass)"
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        cursor.execute(
            SQL,
            {
                "issuer": issuer.pk,
                "number": number,
                "every": CONTINGENCY_EVERY,
                "rare": RARE,
                "common": COMMON,
                "now": now(),
            },
        )
        cursor.execute("SET maintenance_work_mem = '256MB'")
        for _name, definition in indexes:
            cursor.execute(definition)
        cursor.execute("VACUUM ANALYZE smartbill_document")
