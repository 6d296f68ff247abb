"""Where alerts go: webhooks with a sealed address, routes by kind, and what was posted."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from config.admin import ConfirmForm, HouseAdmin, Problem, ReadOnlyAdmin, badge, confirmed_action, moment, run_on_each
from notifications.alerts import KINDS
from notifications.client import AddressRefused, checked_address
from notifications.errors import MessageError
from notifications.models import AlertRoute, AlertWebhook, WebhookPost
from notifications.services.rehearse_alert import rehearse_route, rehearse_webhook
from notifications.services.save_webhook import save_webhook

TONES: dict[str, str] = {
    WebhookPost.Status.QUEUED: "wait",
    WebhookPost.Status.SENT: "good",
    WebhookPost.Status.FAILED: "bad",
}


def latest_posts() -> QuerySet[WebhookPost]:
    """Return the posts of a webhook of an outer query, the newest first."""
    return WebhookPost.objects.filter(webhook=OuterRef("pk")).order_by("-id")


class AlertWebhookForm(forms.ModelForm):  # type: ignore[type-arg]
    """The address can be written and never read."""

    new_url = forms.CharField(
        label=_("Address"),
        required=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_(
            "https://… as the chat gives it for incoming webhooks. Kept sealed; leave empty to keep the one that is "
            "stored. Addresses of private networks are refused."
        ),
    )

    class Meta:
        model = AlertWebhook
        fields = ["name", "language", "enabled"]

    def clean_new_url(self) -> str:
        typed: str = self.cleaned_data["new_url"].strip()
        if not typed and self.instance.pk is None:
            raise ValidationError(_("Enter the address."))
        if typed:
            try:
                checked_address(typed)
            except AddressRefused as error:
                raise ValidationError(str(error)) from error
        return typed


@admin.register(AlertWebhook)
class AlertWebhookAdmin(HouseAdmin):
    section = "jobs"
    position = 62
    form = AlertWebhookForm
    refusals = (MessageError,)
    action_rights = {"test": "notifications.send_test_alert"}
    problems = (
        Problem(
            key="failing",
            label=_("Webhooks that take no alerts"),
            hint=_("The last post was given up. Its error says why."),
            urgency=5,
            tone="bad",
            rows=lambda rows: (
                rows.filter(enabled=True)
                .annotate(last_status=Subquery(latest_posts().values("status")[:1]))
                .filter(last_status=WebhookPost.Status.FAILED)
            ),
        ),
    )
    list_display = ["name", "hint", "state", "language", "last_post"]
    fields = ["name", "new_url", "hint", "language", "enabled", "last_post"]
    readonly_fields = ["hint", "last_post"]
    confirm_display = ["name", "hint", "state"]
    sortable_by = ()
    actions = ["send_test"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        shown = [name for name in self.fields or [] if obj or name not in self.readonly_fields]
        may_write = obj is None or self.has_change_permission(request, obj)
        return shown if may_write else [name for name in shown if name != "new_url"]

    def save_model(self, request: HttpRequest, obj: AlertWebhook, form: Any, change: bool) -> None:
        save_webhook(obj, url=form.cleaned_data["new_url"], actor=request.user)

    @admin.display(description=_("Address"))
    def hint(self, webhook: AlertWebhook) -> str:
        return webhook.hint

    @admin.display(description=_("State"))
    def state(self, webhook: AlertWebhook) -> SafeString:
        return badge(_("in use"), "good") if webhook.enabled else badge(_("switched off"), "off")

    @admin.display(description=_("Last post"))
    def last_post(self, webhook: AlertWebhook) -> SafeString | str:
        post = webhook.posts.order_by("-id").first()
        return badge(post.get_status_display(), TONES[post.status], title=post.last_error) if post else "–"

    @confirmed_action(
        description=_("Send a test alert"),
        permissions=["test"],
        consequence=_("A notice that says that nothing is wrong is posted to these webhooks."),
        form=ConfirmForm,
    )
    def send_test(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, rehearse_webhook, done=_("queued; the list of posts says when"), **fields)


class AlertRouteForm(forms.ModelForm):  # type: ignore[type-arg]
    kind = forms.ChoiceField(label=_("Alert"), required=False)

    class Meta:
        model = AlertRoute
        fields = ["kind", "group", "webhook", "enabled"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            kinds = sorted(((name, str(kind.title)) for name, kind in KINDS.items()), key=lambda row: row[1])
            self.fields["kind"].choices = [("", _("Every alert")), *kinds]  # type: ignore[attr-defined]


@admin.register(AlertRoute)
class AlertRouteAdmin(HouseAdmin):
    """Routes are added and switched off; without any in use, each kind goes to its usual groups."""

    section = "jobs"
    position = 61
    form = AlertRouteForm
    refusals = (MessageError,)
    action_rights = {"test": "notifications.send_test_alert"}
    list_display = ["kind_name", "group", "webhook", "enabled"]
    list_select_related = ["group", "webhook"]
    confirm_display = ["kind_name", "group", "webhook"]
    sortable_by = ()
    actions = ["send_test"]

    @admin.display(description=_("Alert"))
    def kind_name(self, route: AlertRoute) -> str:
        return route.kind_label

    @confirmed_action(
        description=_("Send a test alert"),
        permissions=["test"],
        consequence=_("The people and webhooks of these routes get a notice that says that nothing is wrong."),
        form=ConfirmForm,
    )
    def send_test(self, request: HttpRequest, queryset: QuerySet[Any], **fields: Any) -> None:
        run_on_each(self, request, queryset, rehearse_route, done=_("queued"), **fields)


@admin.register(WebhookPost)
class WebhookPostAdmin(ReadOnlyAdmin):
    section = "jobs"
    position = 63
    list_display = ["state", "what", "webhook", "moment", "made", "arrived", "attempts", "last_error"]
    list_display_links = ["what"]
    list_filter = ["status", "webhook"]
    list_select_related = ["alert", "webhook"]
    sortable_by = ()

    @admin.display(description=_("State"))
    def state(self, post: WebhookPost) -> SafeString:
        return badge(post.get_status_display(), TONES[post.status])

    @admin.display(description=_("Alert"))
    def what(self, post: WebhookPost) -> str:
        return str(post.alert)

    @admin.display(description=_("Created"))
    def made(self, post: WebhookPost) -> SafeString:
        return moment(post.created_at)

    @admin.display(description=_("Sent"))
    def arrived(self, post: WebhookPost) -> SafeString:
        return moment(post.sent_at)
