"""The tables of fiscal documents."""

from smartbill.models.api_key import ApiKey
from smartbill.models.attempt import Attempt, Evidence
from smartbill.models.channel import Channel, ChannelEvent
from smartbill.models.day_tally import DayTally
from smartbill.models.document import Document
from smartbill.models.doubt_alarm import DoubtAlarm
from smartbill.models.event import DocumentEvent
from smartbill.models.holiday import Holiday
from smartbill.models.issuer import Issuer
from smartbill.models.legal_limit import LegalLimit
from smartbill.models.link import DocumentLink
from smartbill.models.outage import Outage, OutageDocument, OutageFiling
from smartbill.models.proposal import Proposal
from smartbill.models.reading import ReadingRecord
from smartbill.models.rendition import Rendition
from smartbill.models.restore import Generation, LostSending, SendingHost
from smartbill.models.revision import Revision

__all__ = [
    "ApiKey",
    "Attempt",
    "Channel",
    "ChannelEvent",
    "DayTally",
    "Document",
    "DocumentEvent",
    "DocumentLink",
    "DoubtAlarm",
    "Evidence",
    "Generation",
    "Holiday",
    "Issuer",
    "LegalLimit",
    "LostSending",
    "Outage",
    "OutageDocument",
    "OutageFiling",
    "Proposal",
    "ReadingRecord",
    "Rendition",
    "Revision",
    "SendingHost",
]
