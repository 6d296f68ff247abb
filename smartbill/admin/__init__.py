"""The admin pages of fiscal documents, issuers and their keys."""

from smartbill.admin.documents import DocumentAdmin
from smartbill.admin.holidays import HolidayAdmin
from smartbill.admin.issuers import IssuerAdmin
from smartbill.admin.keys import ApiKeyAdmin
from smartbill.admin.legal_limits import LegalLimitAdmin
from smartbill.admin.outages import OutageAdmin
from smartbill.admin.restore import GenerationAdmin, LostSendingAdmin

__all__ = [
    "ApiKeyAdmin",
    "DocumentAdmin",
    "GenerationAdmin",
    "HolidayAdmin",
    "IssuerAdmin",
    "LegalLimitAdmin",
    "LostSendingAdmin",
    "OutageAdmin",
]
