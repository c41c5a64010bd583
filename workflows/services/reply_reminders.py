"""Reminding of invitations that nobody has answered, before the meeting; sent by the timers."""

from __future__ import annotations

import datetime
import logging

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from stakeholders.audit import log_action
from stakeholders.models import LogEntry
from stakeholders.selectors.absences import standings
from workflows.models import Meeting
from workflows.notices import NOTICE_HOUR
from workflows.selectors.replies import ReplyLine, has_begun, reply_lines
from workflows.services.meeting_lock import meeting_lock
from workflows.services.meeting_mails import meeting_mail

logger = logging.getLogger(__name__)

_REMINDED = "meeting.replies_reminded"
#: Acts of which those invited got a mail that asks whether they will come.
_ASKED = ("meeting.scheduled", "meeting.moved", "meeting.papers_sent")


def replies_remind() -> int:
    """Remind all who were invited to a meeting of the next days and have not said whether they will come.

    Once for each meeting, from the start of an office day on, some days before as for tasks; once more where
    it has been moved since. Never on the day on which they were asked. A failure is logged and tried again
    with the next run; it does not hold up the others.

    Returns:
        Number of mails written. Queries: 1 where no meeting is near, 1 more for each that is dealt with.
    """
    now = timezone.localtime()
    if now.hour < NOTICE_HOUR:
        return 0
    today = now.date()
    last = today + datetime.timedelta(days=settings.REMIND_DAYS_BEFORE)
    near = Meeting.objects.filter(
        closed_at__isnull=True, cycle__closed_at__isnull=True, held_on__gt=today, held_on__lte=last
    )
    count = 0
    for meeting in near.select_related("body", "cycle__territory").order_by("held_on", "pk"):
        try:
            with transaction.atomic():
                count += _remind(meeting, today)
        except Exception:
            logger.exception("Nobody could be reminded of meeting %s; the next run tries again.", meeting.pk)
    return count


def _remind(meeting: Meeting, today: datetime.date) -> int:
    if not _is_due(meeting, today):
        return 0
    # Of two runs at once the second finds what the first one wrote.
    meeting_lock(meeting)
    if not _is_due(meeting, today) or has_begun(meeting):
        return 0
    waiting = [line for line in reply_lines(meeting) if line.reply is None and not line.is_away]
    count = meeting_mail(meeting, "reply_reminder", _addresses(meeting, waiting), with_calendar=True)
    # Also where nobody is left to ask: else it would be looked at again with every run.
    log_action(
        "meeting.replies_reminded",
        user=None,
        obj=meeting,
        territory=meeting.cycle.territory,
        data={"mails": count, "organisations": [line.organisation.label for line in waiting]},
    )
    return count


def _is_due(meeting: Meeting, today: datetime.date) -> bool:
    """Whether the last that those invited heard of it is a question of an earlier day."""
    rows = LogEntry.objects.filter(
        content_type__app_label="workflows",
        content_type__model="meeting",
        object_id=meeting.pk,
        action__in=[_REMINDED, *_ASKED],
    )
    last = dict(rows.order_by("at").values_list("action", "at"))
    reminded, moved = last.pop(_REMINDED, None), last.get("meeting.moved")
    if any(timezone.localdate(at) == today for at in last.values()):
        return False
    return reminded is None or (moved is not None and moved >= reminded)


def _addresses(meeting: Meeting, waiting: list[ReplyLine]) -> list[str]:
    """Who answers for each: the person at the seat or who stands in, else the office."""
    expected = standings([line.seat for line in waiting if line.seat is not None], meeting.held_on)
    found = []
    for line in waiting:
        person = None
        if line.seat is not None:
            person = expected[line.seat.pk].deputy or line.seat.user
        own = person.email if person is not None and person.is_active else ""
        found.append(own or line.organisation.email)
    return [address for address in dict.fromkeys(found) if address]
