"""`manage.py qworker`: background work, run under a supervisor that starts it again when it ends with an error."""

import gc
import logging
import os
import sys
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections, connections
from django.utils.timezone import now
from django_q.signals import post_execute

from config.bell import Bell, drains, take_back_tasks
from config.cluster import FlaggedCluster
from config.lookout import Lookout
from config.memory import share_heaps
from config.provisioning.schedules import set_schedules
from config.queue import enqueue
from config.watchdog import Watchdog
from notifications.services.send_posts import send_due_posts
from notifications.services.send_urgent import send_urgent_messages
from smartbill.errors import GenerationChanged, RecordMissing, RestoreNeeded
from smartbill.services.guard import stop_everybody
from smartbill.services.vouch import Sentry, join_senders

PERSON_NEEDED = 78  # EX_CONFIG

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Run background work until SIGTERM; ends with status 1 when a new start is needed."

    def handle(self, **options: Any) -> None:
        share_heaps()
        try:
            join_senders()
            set_schedules()
            take_back_tasks(now())
            # What comes every minute comes at once: the first sign of life, and what a dead worker left in its journal.
            for task, minutes in settings.SCHEDULES.values():
                if minutes == 1:
                    enqueue(task)
        except RestoreNeeded as error:
            refuse(error)
        except DatabaseError as error:
            raise CommandError(f"The database is not ready ({error}). Is it up, and has `migrate` run?") from error
        bell, watchdog, lookout = Bell(drains()), Watchdog(), Lookout()
        sentry = Sentry()
        post_execute.connect(watchdog.on_result_recorded, weak=False)
        # No connection is shared over the fork, and what was loaded so far stays shared memory in the workers.
        connections.close_all()
        gc.collect()
        gc.freeze()
        cluster = FlaggedCluster()
        cluster.start()

        def tick() -> bool:
            close_old_connections()
            bell.ring()
            if not cluster.stop_asked and not sentry.still_agrees():
                logger.critical("The database forgot what was sent: the cluster ends after the calls in hand.")
                cluster.stop_asked = True
            if watchdog.has_fallen_silent():
                logger.critical("No result and no heartbeat for too long: the cluster hangs.")
                lookout.cry()
                return False
            lookout.look()
            return True

        status = cluster.watch(tick)
        if status == 0:
            lookout.sign_off()
            status = 0 if sentry.agrees else 1
        connections.close_all()
        sys.stdout.flush()
        sys.stderr.flush()
        # The queues' feeder threads of a killed cluster would hold an ordinary exit.
        os._exit(status)


def refuse(error: RestoreNeeded) -> NoReturn:
    """Do not begin, and say why; the warning leaves from here, because no worker would send it."""
    try:
        stop_everybody(error)
        send_urgent_messages()
        send_due_posts()
    except DatabaseError:
        logger.exception("Nobody could be warned.")
    status = 1 if isinstance(error, GenerationChanged) else PERSON_NEEDED
    advice = "" if isinstance(error, RecordMissing) else " Run `manage.py after_restore`."
    raise CommandError(f"Background work does not start. {error}{advice}", returncode=status) from error
