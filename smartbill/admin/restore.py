"""What restored backups made the database forget, and what became of it: to look at, and for auditors."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from config.admin import Problem, ReadOnlyAdmin, badge
from smartbill.models import Generation, LostSending


@admin.register(Generation)
class GenerationAdmin(ReadOnlyAdmin):
    section = "jobs"
    position = 60
    problems = (
        Problem(
            key="contradicted",
            label=_("The database was restored: nothing is sent"),
            hint=_("It does not know what was sent last. An operator runs `manage.py after_restore`."),
            urgency=1,
            tone="bad",
            since="began_at",
            rows=lambda rows: rows.exclude(contradiction=""),
        ),
    )
    list_display = ["number", "began_at", "forgotten_from", "until", "by", "state"]
    fields = ["number", "began_at", "since", "until", "journals_complete", "finished_at", "by", "reason"]
    fields += ["contradiction", "detail"]

    @admin.display(description=_("Forgotten from"), ordering="since")
    def forgotten_from(self, generation: Generation) -> object:
        return generation.since

    @admin.display(description=_("State"))
    def state(self, generation: Generation) -> SafeString:
        if generation.contradiction:
            return badge(_("stopped"), "bad", title=generation.contradiction)
        return badge(_("in force"), "good") if generation.finished_at else badge(_("not finished"), "bad")


@admin.register(LostSending)
class LostSendingAdmin(ReadOnlyAdmin):
    section = "jobs"
    position = 61
    list_display = ["source", "operation", "sent_at", "outcome", "seen_code", "document", "generation"]
    list_filter = ["operation", "outcome"]
    list_select_related = ["document", "generation"]
    search_fields = ["source", "reference", "seen_code"]
    fields = ["generation", "source", "purpose", "operation", "reference", "sent_at", "outcome", "note", "seen_code"]
    fields += ["request_sha256", "worker", "attempt_key", "document", "attempt"]
