"""Every address of the stand-in."""

from billing.sandbox.resources import (
    catalogue,
    credit_notes,
    customers,
    events,
    invoice_actions,
    invoice_items,
    invoices,
    payments,
    refunds,
    sessions,
    subscriptions,
)

ROUTES = (
    *customers.ROUTES,
    *catalogue.ROUTES,
    *invoice_items.ROUTES,
    *invoices.ROUTES,
    *invoice_actions.ROUTES,
    *payments.ROUTES,
    *refunds.ROUTES,
    *credit_notes.ROUTES,
    *sessions.ROUTES,
    *subscriptions.ROUTES,
    *events.ROUTES,
)
