"""What scripts and commands have recorded: backups, and the last checks of what lies outside."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from config.admin import ReadOnlyAdmin, badge, moment
from config.models import Record


@admin.register(Record)
class RecordAdmin(ReadOnlyAdmin):
    section = "jobs"
    position = 15
    list_display = ["name", "state", "when", "worked", "detail"]
    sortable_by = ()

    @admin.display(description=_("State"))
    def state(self, record: Record) -> SafeString:
        return badge(_("it worked"), "good") if record.is_good else badge(_("it failed"), "bad")

    @admin.display(description=_("At"))
    def when(self, record: Record) -> SafeString:
        return moment(record.at)

    @admin.display(description=_("Worked last"))
    def worked(self, record: Record) -> SafeString:
        return moment(record.good_at)
