"""The lists of background work and of people."""

from django.utils.translation import gettext_lazy as _

from config.guide import states
from config.guide.entry import Entry

ENTRIES: dict[str, Entry] = {
    "config.Heartbeat": Entry(
        what=_("The last sign of life of each worker and of each periodic job."),
        todo=(
            _("Silent: nothing is sent or mailed until a worker runs again. Tell the operator; nothing is lost."),
            _("A job that is late: look at the failed tasks for its reason."),
        ),
    ),
    "config.Record": Entry(
        what=_("What scripts and commands have recorded: backups, and the last checks of what lies outside."),
        todo=(_("A backup that failed or is old: run it again, and look why its schedule did not."),),
    ),
    "django_q.Failure": Entry(
        what=_("Tasks of the background that ended with an error."),
        todo=(
            _("Read the error. The work itself is not lost: it stands in its own list and is tried again."),
            _("The same error many times is for the operator."),
        ),
    ),
    "django_q.Schedule": Entry(
        what=_("The periodic jobs and when each runs next."),
        todo=(_("To look at only. They are set by `manage.py provision`."),),
    ),
    "django_q.Success": Entry(
        what=_("The newest tasks of the background that ended well."),
        todo=(_("Nothing to do. They are deleted by themselves."),),
    ),
    "django_q.OrmQ": Entry(
        what=_("Tasks that wait for a worker at this moment."),
        todo=(_("A list that only grows: no worker runs. Look at the heartbeats."),),
    ),
    "smartbill.Generation": Entry(
        what=_("Each life of the database: a new one begins when a backup is restored."),
        todo=(_("After a restore nothing is sent until an operator has run `manage.py after_restore`."),),
    ),
    "smartbill.LostSending": Entry(
        what=_("Calls that the journal knows and a restored database had forgotten."),
        todo=(_("Those in doubt: look at the provider, then answer on the page of the document."),),
        states={"outcome": states.ATTEMPTS},
    ),
    "notifications.AlertRoute": Entry(
        what=_("Who is told about which kind of alert, where that is not the usual group."),
        todo=(_("Add a route, then send a test to see that it arrives."),),
    ),
    "notifications.AlertWebhook": Entry(
        what=_("Addresses of chat rooms and other tools that are told about alerts."),
        todo=(_("Send a test after each change. The address is a secret: whoever has it may write there."),),
    ),
    "notifications.WebhookPost": Entry(
        what=_("Each alert that was posted to a webhook, and what the address said."),
        todo=(_("Failed posts: open the webhook, mend its address, send a test."),),
        states={"status": states.POSTS},
    ),
    "auth.User": Entry(
        what=_("People who may sign in, and their groups."),
        todo=(
            _("Somebody new: add them, and have a superuser put them into a group. They set up the second factor."),
            _("Somebody leaves: take “active” away. Nothing is deleted, what they did keeps their name."),
            _("A lost phone: reset the second factor, once you are sure that it is they who ask."),
        ),
    ),
    "auth.Group": Entry(
        what=_("What each group may do. The usual groups are made by `manage.py provision`."),
        todo=(_("Make a group of your own rather than change a usual one: provisioning sets those back."),),
    ),
    "config.Change": Entry(
        what=_("Every change of configuration and rights: old and new value, who and why. Nobody can edit it."),
        todo=(_("Look here first when something behaves otherwise than yesterday."),),
    ),
    "admin.LogEntry": Entry(
        what=_("What was typed into forms of this admin."),
        todo=(_("To look at only. What happened to a document is told on the document's own page."),),
    ),
    "config.Export": Entry(
        what=_("Who took which rows out as a file, and when."),
        todo=(_("To look at only."),),
    ),
}
