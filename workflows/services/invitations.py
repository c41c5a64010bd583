"""Writes of invitations: papers are sent, and those invited say whether they come."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from workflows.models import Meeting, MeetingReply, ReplyChoice
from workflows.selectors.agenda import agenda_of
from workflows.selectors.replies import has_begun, own_lines, reply_lines
from workflows.services.meeting_lock import meeting_lock
from workflows.services.meeting_mails import meeting_mail, paper_addresses
from workflows.services.meeting_state import check_open


def check_sendable(meeting: Meeting) -> None:
    """Refuse papers of a meeting that is over or has nothing to deal with. Queries: 1.

    Raises:
        DomainError: ``meeting_closed``, ``day_over``, ``agenda_empty``.
    """
    check_open(meeting)
    if meeting.held_on < timezone.localdate():
        raise DomainError("day_over", _("The day of the meeting is over; papers would come too late."))
    if not meeting.agenda.filter(removed_at__isnull=True).exists():
        raise DomainError("agenda_empty", _("Put at least one item on the agenda first."))


@transaction.atomic
def papers_send(meeting: Meeting, *, user: User) -> int:
    """Send agenda, link to the papers and calendar entry to all who are invited.

    Members of the body and their deputies get the whole agenda at their own address, offices of those invited
    its public part. From now on nothing comes onto the agenda by itself or leaves it unsaid. Sent again, the
    mail says that the papers have been added to.

    Args:
        meeting: An open meeting to come.
        user: Who sends.

    Returns:
        Number of mails written.

    Raises:
        DomainError: Those of ``check_sendable``.
    """
    meeting_lock(meeting)
    check_sendable(meeting)
    is_again = meeting.papers_sent_at is not None
    if not is_again:
        meeting.papers_sent_at = timezone.now()
        meeting.save(update_fields=["papers_sent_at"])
    # Mails are written in the language of the office, whoever sends.
    with translation.override(settings.LANGUAGE_CODE):
        lines = agenda_of(meeting)
    public = [line for line in lines if line.is_public]
    offices, members = paper_addresses(meeting)
    count = 0
    for addresses, agenda in ((offices, public), (members, lines)):
        count += meeting_mail(
            meeting, "papers", addresses, with_calendar=True, agenda=agenda, is_again=is_again
        )
    log_action(
        "meeting.papers_sent",
        user=user,
        obj=meeting,
        territory=meeting.cycle.territory,
        data={"mails": count, "items": [line.heading for line in public if not line.is_removed]},
    )
    return count


@transaction.atomic
def meeting_reply(meeting: Meeting, *, key: str, choice: str, user: User, note: str = "") -> MeetingReply:
    """Answer an invitation for a seat or an organisation; another answer replaces the one before.

    Args:
        meeting: A meeting that has not begun.
        key: ``ReplyLine.key`` of whom the answer is for.
        choice: Value of ``ReplyChoice``.
        user: Who answers; for their own seat or as deputy of it, or somebody who acts for the organisation.
        note: Who comes instead, or later.

    Returns:
        The reply.

    Raises:
        PermissionDenied: The user may not answer for it.
        DomainError: ``meeting_begun``, ``choice_unknown``.
    """
    meeting_lock(meeting)
    line = next((row for row in own_lines(user, reply_lines(meeting)) if row.key == key), None)
    if line is None:
        raise PermissionDenied(str(_("You answer for your own seat and your own organisation only.")))
    if has_begun(meeting):
        raise DomainError("meeting_begun", _("The meeting has begun; call the social planning unit."))
    if choice not in {value for value, _label in line.choices}:
        raise DomainError("choice_unknown", _("Say whether you will come."))
    reply = (
        line.reply
        or line.outdated
        or MeetingReply(meeting=meeting, organisation=line.organisation, seat=line.seat)
    )
    before: dict[str, Any] = {"choice": reply.choice, "note": reply.note} if reply.pk else {}
    reply.choice, reply.note, reply.replied_by = ReplyChoice(choice), note.strip()[:500], user
    reply.save()
    log_action(
        "meeting.replied",
        user=user,
        obj=meeting,
        territory=meeting.cycle.territory,
        data={"organisation": line.organisation.label, "choice": choice, "before": before},
    )
    return reply
