"""The rows of a list as a file: exactly those that its filters leave, in its order, and written down who took them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Field, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils.formats import number_format
from django.utils.timezone import localtime, now
from django.utils.translation import gettext as _

from config.admin.base import HouseAdmin
from config.admin.sheets import MOST_IN_XLSX, Cell, csv_file, xlsx_file
from config.admin.texts import Text
from config.models import Export

FORMATS: Mapping[str, tuple[Callable[[Iterator[Sequence[Cell]]], Iterator[bytes]], str]] = {
    "csv": (csv_file, "text/csv; charset=utf-8"),
    "xlsx": (xlsx_file, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
AT_ONCE = 2000
"""Rows that are fetched from the cursor of the database at once."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, the columns of the database it is made of, and how; choices are told in words."""

    heading: Text
    sources: Sequence[str]
    make: Callable[..., Cell] | None = None


class ExportableAdmin(HouseAdmin):
    """A list that can be exported by whoever holds `export_right` beside the right to see it."""

    export_right: str
    export_columns: Sequence[Column]
    change_list_template = "admin/export_list.html"

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", self.admin_site.admin_view(self.export_view), name=name), *super().get_urls()]

    def may_export(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and bool(request.user.has_perm(self.export_right))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"may_export": self.may_export(request), **(extra_context or {})})

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """Answer a POST to the address of a list's filters with a file of its rows."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        format = request.POST.get("format", "")
        if not self.may_export(request) or format not in FORMATS:
            raise PermissionDenied
        found = self.get_changelist_instance(request)
        if format == "xlsx" and _is_longer(found, MOST_IN_XLSX):
            text = _("A sheet holds at most %(most)s rows. Narrow the list, or take the CSV.")
            messages.warning(request, text % {"most": number_format(MOST_IN_XLSX)})
            return HttpResponseRedirect(f"{self.list_url()}?{request.GET.urlencode()}")
        return self._file(request, found, format)

    def _file(self, request: HttpRequest, found: ChangeList, format: str) -> StreamingHttpResponse:
        record = Export.objects.create(
            actor=cast(User, request.user),
            model=self.opts.label_lower,
            filters=request.GET.urlencode()[:2000],
            format=format,
            livemode=settings.STRIPE_LIVE_MODE,
        )
        write, kind = FORMATS[format]
        name = (
            f"sello-{mode_word(settings.STRIPE_LIVE_MODE)}-{self.opts.model_name}-{localtime():%Y-%m-%d-%H%M}.{format}"
        )
        rows = _counted(self._rows(found.queryset), record)
        answer = StreamingHttpResponse(write(rows), content_type=kind)
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        answer["Cache-Control"] = "no-store"
        # What stands between must not wait for the whole of it.
        answer["X-Accel-Buffering"] = "no"
        return answer

    def _rows(self, queryset: QuerySet[Any]) -> Iterator[Sequence[Cell]]:
        """Yield the heading and the rows, read through one cursor: all of one moment, few of them in memory."""
        sources = list(dict.fromkeys(source for column in self.export_columns for source in column.sources))
        places = [[sources.index(source) for source in column.sources] for column in self.export_columns]
        makers = [column.make or _words(self.model, column.sources[0]) for column in self.export_columns]
        yield [str(column.heading) for column in self.export_columns]
        plan = list(zip(makers, places, strict=True))
        for values in queryset.values_list(*sources).iterator(chunk_size=AT_ONCE):
            yield [make(*(values[place] for place in of)) for make, of in plan]


def mode_word(livemode: bool) -> str:
    """Return the word that no file of an export leaves out."""
    return "LIVE" if livemode else "TEST"


def _is_longer(found: ChangeList, most: int) -> bool:
    """Whether there are more rows; the page counted the first ten thousand already."""
    if not getattr(found.paginator, "is_bounded", False):
        return False
    return bool(found.queryset.order_by()[most : most + 1].exists())


def _counted(rows: Iterator[Sequence[Cell]], record: Export) -> Iterator[Sequence[Cell]]:
    """Pass the rows on and note in the end how many left; a file that broke off keeps no time of its end."""
    count = -1  # the heading
    try:
        for row in rows:
            count += 1
            yield row
        record.finished_at = now()
    finally:
        record.rows = max(count, 0)
        record.save(update_fields=["rows", "finished_at"])


def _words(model: Any, source: str) -> Callable[..., Cell]:
    """Return how a plain column is written: a choice by its label, anything else as it is."""
    field = model._meta.get_field(source) if "__" not in source else None
    if not isinstance(field, Field) or not field.choices:
        return lambda value: value
    labels = {value: str(label) for value, label in field.flatchoices}
    return lambda value: labels.get(value, value)
