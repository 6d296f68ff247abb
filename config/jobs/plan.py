"""The registry of bulk work: every action that says `in_bulk`, found again by the names that a job keeps."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from django.contrib import admin

from config.admin.base import HouseAdmin
from config.admin.each import Plan
from config.jobs.models import Job


class NoSuchAction(Exception):
    """The program has no action of this name any more."""


@dataclass(frozen=True, slots=True)
class BulkAction:
    """An action of a page that may be run on many rows in the background."""

    page: HouseAdmin
    name: str
    step: Any

    @property
    def label(self) -> str:
        return str(self.step.short_description)

    def plan_for(self, actor: Any, fields: dict[str, Any]) -> Plan:
        """Return what the action calls for each row, by running it on none."""
        plan = Plan(actor)
        self.step.act(self.page, plan, self.page.model._default_manager.none(), **fields)
        if plan.service is None:
            raise NoSuchAction(f"{self.name} of {self.page.opts.label_lower} calls no service by the row.")
        return plan


def bulk_actions() -> Iterator[BulkAction]:
    """Yield every action that may be run on many rows."""
    for page in admin.site._registry.values():
        if isinstance(page, HouseAdmin):
            for _act, name, _label in page.all_actions():
                step = getattr(type(page), name, None)
                if getattr(step, "in_bulk", False):
                    yield BulkAction(page, name, step)


def page_of(label: str) -> HouseAdmin | None:
    """Return the admin page of a model by its label, if there still is one."""
    found = (page for model, page in admin.site._registry.items() if model._meta.label_lower == label)
    return cast("HouseAdmin | None", next(found, None))


def action_of(job: Job) -> BulkAction:
    """Return the action of a job; raises NoSuchAction."""
    page = page_of(job.page)
    step = getattr(type(page), job.action, None) if page is not None else None
    if page is None or not getattr(step, "in_bulk", False):
        raise NoSuchAction(f"There is no action {job.action} of {job.page}.")
    return BulkAction(page, job.action, step)
