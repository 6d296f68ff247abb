"""The framework of the admin: what the pages of the apps are made of.

The apps import these names from here and nothing else of `config`; the pages of the glue itself are in `config.pages`.
"""

from config.admin.base import HouseAdmin, ReadOnlyAdmin, SummaryLine
from config.admin.confirm import ConfirmForm, ReasonForm, confirmed_action
from config.admin.display import (
    amount,
    badge,
    code,
    exact,
    minute,
    mode_badge,
    moment,
    next_move,
    pretty_json,
    trail,
    two_lines,
)
from config.admin.each import run_on_each
from config.admin.export import Column, ExportableAdmin, mode_word
from config.admin.lists import BoundedPaginator, PeriodFilter, found_exactly
from config.admin.problems import Problem, ProblemFilter
from config.admin.site import SelloAdminSite

__all__ = [
    "BoundedPaginator",
    "Column",
    "ConfirmForm",
    "ExportableAdmin",
    "HouseAdmin",
    "PeriodFilter",
    "Problem",
    "ProblemFilter",
    "ReadOnlyAdmin",
    "ReasonForm",
    "SelloAdminSite",
    "SummaryLine",
    "amount",
    "badge",
    "code",
    "confirmed_action",
    "exact",
    "found_exactly",
    "minute",
    "mode_badge",
    "mode_word",
    "moment",
    "next_move",
    "pretty_json",
    "run_on_each",
    "trail",
    "two_lines",
]
