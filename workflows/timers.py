"""Fires due deadlines, sends waiting mails, and tells when that last happened."""

import datetime
import logging
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from viewflow.workflow.timers import fire_due_conditions, fire_due_timers

from measures.models import FundedProject
from measures.selectors.standings import lights_refresh
from measures.services.plan_imports import imports_clear
from stakeholders.mail import mails_forget, mails_send
from stakeholders.models import Organisation
from stakeholders.services import sign_ins_forget, sync_roles
from workflows.models import TimerRun
from workflows.polling import circulations_close
from workflows.project_reporting import reports_follow_the_notices
from workflows.services.renewals import secrets_refresh
from workflows.services.reply_reminders import replies_remind
from workflows.services.tasks import tasks_release_orphans

logger = logging.getLogger(__name__)

SWEEP = "sweep"
ROLES = "roles"
SECRETS = "secrets"

#: Between two looks for figures of published reports that have become secret.
SECRETS_EVERY = datetime.timedelta(hours=1)
#: Projects whose lights a run reckons at most; a run should not take minutes.
LIGHTS_A_RUN = 1000


@dataclass(frozen=True)
class TimerState:
    """When the timers last ran (None: never) and whether that is too long ago."""

    last_run_at: datetime.datetime | None
    is_late: bool


def timers_fire() -> int:
    """Fire each timer and condition that is due, send the mails that wait, then note the moment.

    On the first run of a day functions and seats that begin or have ended are honoured before anything else.

    Polls in circulation whose last day is over are closed, and unanswered invitations are brought to mind.
    Duties of grant notices become tasks when their time has come. Traffic lights of funded projects are
    reckoned anew for whoever looks at a portfolio next.

    One that fails is logged by the engine and does not hold up the others.

    Returns:
        The number fired.
    """
    roles_follow_the_day()
    tasks_release_orphans()
    # Before the conditions, so that the tasks of closed polls go with the same run.
    circulations_close()
    reports_follow_the_notices()
    lights_follow_the_day()
    fired = int(fire_due_timers()) + int(fire_due_conditions())
    replies_remind()
    secrets_follow_the_catalogue()
    imports_clear()
    mails_send()
    mails_forget()
    with transaction.atomic():
        TimerRun.objects.update_or_create(
            name=SWEEP, defaults={"last_run_at": timezone.now(), "fired_count": fired}
        )
    return fired


def roles_follow_the_day() -> int:
    """Once a day give and take the rights of functions and seats that begin or have ended.

    A failure is logged and tried again with the next run; it does not hold up the timers.

    Returns:
        The number of changes; 0 if it has been done today.
    """
    last_run_at = TimerRun.objects.filter(name=ROLES).values_list("last_run_at", flat=True).first()
    if last_run_at is not None and timezone.localdate(last_run_at) >= timezone.localdate():
        return 0
    try:
        with transaction.atomic():
            changed = sync_roles()
            TimerRun.objects.update_or_create(
                name=ROLES, defaults={"last_run_at": timezone.now(), "fired_count": changed}
            )
        sign_ins_forget()
    except Exception:
        logger.exception("Rights could not be brought up to date; the next run tries again.")
        return 0
    return changed


def lights_follow_the_day() -> None:
    """Reckon the lights of funded projects that are of yesterday or outdated, some with each run.

    A failure is logged and tried again with the next run; it does not hold up the timers.
    """
    try:
        lights_refresh(FundedProject.objects.all(), timezone.localdate(), most=LIGHTS_A_RUN, follows=False)
    except Exception:
        logger.exception("Lights of funded projects could not be reckoned; the next run tries again.")


def secrets_follow_the_catalogue() -> int:
    """Look once an hour for published figures that a change of indicators or areas has made secret.

    Figures that come into force are looked at on the spot (``secrets_refresh``); the catalogue belongs to all
    territories. A failure is logged and tried again with the next run; it does not hold up the timers.

    Returns:
        The number found; 0 if the hour is not over.
    """
    last_run_at = TimerRun.objects.filter(name=SECRETS).values_list("last_run_at", flat=True).first()
    if last_run_at is not None and timezone.now() - last_run_at < SECRETS_EVERY:
        return 0
    try:
        with transaction.atomic():
            territories = Organisation.objects.filter(social_report__isnull=False).order_by("pk")
            found = sum(secrets_refresh(territory) for territory in territories)
            TimerRun.objects.update_or_create(
                name=SECRETS, defaults={"last_run_at": timezone.now(), "fired_count": found}
            )
    except Exception:
        logger.exception("Published reports could not be looked through; the next run tries again.")
        return 0
    return found


def timer_state() -> TimerState:
    """Tell when the timers last ran.

    Returns:
        Late if they never ran or not within TIMER_LATE_SECONDS.
    """
    last_run_at = TimerRun.objects.filter(name=SWEEP).values_list("last_run_at", flat=True).first()
    if last_run_at is None:
        return TimerState(last_run_at=None, is_late=True)
    limit = datetime.timedelta(seconds=settings.TIMER_LATE_SECONDS)
    return TimerState(last_run_at=last_run_at, is_late=timezone.now() - last_run_at > limit)
