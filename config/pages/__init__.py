"""The admin pages of what belongs to no app of the domain."""

from config.pages import desk
from config.pages.changes import ChangeAdmin
from config.pages.exports import ExportAdmin
from config.pages.guide import GUIDE
from config.pages.heartbeats import HeartbeatAdmin
from config.pages.jobs import JobAdmin
from config.pages.people import GroupAdmin, LogEntryAdmin, UserAdmin
from config.pages.queue import FailureAdmin, OrmQAdmin, ScheduleAdmin, SuccessAdmin
from config.pages.readiness import READINESS
from config.pages.records import RecordAdmin
from config.pages.tokens import ApiTokenAdmin

__all__ = [
    "ApiTokenAdmin",
    "GUIDE",
    "READINESS",
    "ChangeAdmin",
    "ExportAdmin",
    "FailureAdmin",
    "GroupAdmin",
    "HeartbeatAdmin",
    "JobAdmin",
    "LogEntryAdmin",
    "OrmQAdmin",
    "RecordAdmin",
    "ScheduleAdmin",
    "SuccessAdmin",
    "UserAdmin",
    "desk",
]
