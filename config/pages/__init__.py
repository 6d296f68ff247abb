"""The admin pages of what belongs to no app of the domain."""

from config.pages import desk
from config.pages.exports import ExportAdmin
from config.pages.heartbeats import HeartbeatAdmin
from config.pages.people import GroupAdmin, LogEntryAdmin, UserAdmin
from config.pages.queue import FailureAdmin, OrmQAdmin, ScheduleAdmin, SuccessAdmin
from config.pages.tokens import ApiTokenAdmin

__all__ = [
    "ApiTokenAdmin",
    "ExportAdmin",
    "FailureAdmin",
    "GroupAdmin",
    "HeartbeatAdmin",
    "LogEntryAdmin",
    "OrmQAdmin",
    "ScheduleAdmin",
    "SuccessAdmin",
    "UserAdmin",
    "desk",
]
