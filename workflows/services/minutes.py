"""Writes of minutes: drafted, edited, handed in, signed or returned; objections and approval.

The steps of their flow call these; the state moves nowhere else.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, require
from workflows.minutes_content import Signature
from workflows.minutes_draft import draft_of
from workflows.models import (
    AgendaItem,
    AgendaKind,
    Meeting,
    Minutes,
    MinutesAmendment,
    MinutesItem,
    MinutesObjection,
    MinutesState,
)
from workflows.selectors.minutes import (
    current_content,
    is_alone,
    other_signers,
    span_of,
)
from workflows.selectors.outcomes import item_lines
from workflows.services.carrying import agenda_hand_on
from workflows.services.meeting_lock import meeting_lock
from workflows.services.outcomes import item_call, item_finish, require_running


@dataclasses.dataclass(frozen=True)
class MinutesText:
    """What the secretary writes.

    Attributes:
        version: Of the minutes the writer had before them; a newer one is not overwritten.
        began_at: Begin of the meeting.
        ended_at: Its end.
        text: General remarks.
        internal_text: General remarks, internal.
        items: Key of a ``MinutesItem`` -> its text and its internal text.
    """

    version: int
    began_at: datetime.datetime | None
    ended_at: datetime.datetime | None
    text: str
    internal_text: str
    items: Mapping[int, tuple[str, str]]


@transaction.atomic
def minutes_create(meeting: Meeting, *, user: User | None) -> Minutes:
    """Begin the minutes of a closed meeting with a draft of each item; their flow starts afterwards.

    From now on they wait for approval: the next meeting of the body takes over that and what was left open.

    Args:
        meeting: Closed, without minutes.
        user: Who closed it; None where a case went on by itself.

    Raises:
        DomainError: ``meeting_open``, ``minutes_exist``.
    """
    meeting_lock(meeting)
    meeting.refresh_from_db(fields=["closed_at"])
    if meeting.closed_at is None or meeting.cancelled_at is not None:
        raise DomainError("meeting_open", _("Close the meeting first; its minutes begin then."))
    if Minutes.objects.filter(meeting=meeting).exists():
        raise DomainError("minutes_exist", _("The minutes of this meeting have been begun already."))
    began_at, ended_at = span_of(meeting)
    minutes = Minutes.objects.create(meeting=meeting, began_at=began_at, ended_at=ended_at)
    for line in item_lines(meeting, has_internal=True):
        draft = draft_of(line)
        MinutesItem.objects.create(
            minutes=minutes,
            item=line.item,
            text=draft.text,
            internal_text=draft.internal_text,
            drafted=draft.text,
            drafted_internal=draft.internal_text,
        )
    _log("minutes.begun", minutes, user)
    agenda_hand_on(meeting, user=user)
    return minutes


@transaction.atomic
def minutes_save(minutes: Minutes, *, text: MinutesText, user: User) -> None:
    """Keep what the secretary wrote.

    Raises:
        PermissionDenied: The user does not act for the planning unit.
        DomainError: ``not_being_written``, ``minutes_changed`` if a colleague saved meanwhile,
            ``ends_before_begin``.
    """
    _expect_writing(minutes, user, text.version)
    if text.began_at and text.ended_at and text.ended_at < text.began_at:
        raise DomainError("ends_before_begin", _("The meeting ends before it begins. Check the times."))
    minutes.began_at, minutes.ended_at = text.began_at, text.ended_at
    minutes.text, minutes.internal_text = text.text.strip(), text.internal_text.strip()
    minutes.version += 1
    minutes.save(update_fields=["began_at", "ended_at", "text", "internal_text", "version"])
    for row in minutes.items.select_related("minutes"):
        if row.pk in text.items:
            row.text, row.internal_text = (part.strip() for part in text.items[row.pk])
            row.save(update_fields=["text", "internal_text"])
    _log("minutes.saved", minutes, user)


@transaction.atomic
def minutes_redraft(row: MinutesItem, *, version: int, user: User) -> None:
    """Take the draft of an item as its outcomes are now; the page showed the difference before.

    Args:
        row: Item of minutes that are being written.
        version: Of the minutes the writer had before them.
        user: Acts for the planning unit.

    Raises:
        PermissionDenied: The user does not act for the planning unit.
        DomainError: ``not_being_written``, ``minutes_changed``.
    """
    minutes = row.minutes
    _expect_writing(minutes, user, version)
    lines = item_lines(minutes.meeting, has_internal=True)
    draft = next((draft_of(line) for line in lines if line.item.pk == row.item_id), None)
    if draft is None:
        raise DomainError("item_removed", _("This item was taken off the agenda."))
    row.text, row.internal_text = draft.text, draft.internal_text
    row.drafted, row.drafted_internal = draft.text, draft.internal_text
    row.save()
    minutes.version += 1
    minutes.save(update_fields=["version"])
    _log("minutes.redrafted", minutes, user)


@transaction.atomic
def minutes_hand_in(minutes: Minutes, *, text: MinutesText, user: User) -> None:
    """Sign as the secretary and put the minutes before the chair.

    Raises:
        PermissionDenied: The user does not act for the planning unit.
        DomainError: Those of ``minutes_save``; ``nobody_to_sign`` where the body has no chair, ``four_eyes``
            where the only chair hands in although a colleague could.
    """
    meeting_lock(minutes.meeting)
    minutes_save(minutes, text=text, user=user)
    if not other_signers(minutes, None):
        raise DomainError(
            "nobody_to_sign",
            _("The body has no chair who could sign. Ask your administration to enter one, then hand it in."),
        )
    if not other_signers(minutes, user.pk) and not is_alone(minutes, user.pk):
        raise DomainError(
            "four_eyes",
            _(
                "You are the only one who can sign as chair, so somebody else has to hand the minutes in."
                " Save them and hand the task to a colleague."
            ),
        )
    minutes.state, minutes.return_reason = MinutesState.WITH_CHAIR, ""
    minutes.handed_in_by, minutes.handed_in_at = user, timezone.now()
    minutes.save(update_fields=["state", "return_reason", "handed_in_by", "handed_in_at"])
    _log("minutes.handed_in", minutes, user)


@transaction.atomic
def minutes_sign(minutes: Minutes, *, seen: str, user: User, alone_reason: str = "") -> None:
    """Sign as the chair what was read: from now on the wording is fixed.

    Args:
        minutes: Before the chair.
        seen: Fingerprint of the content the chair had before them.
        user: Chairs the body, and is another than who handed in.
        alone_reason: Why one person signs for both; needed where nobody else can do either.

    Raises:
        PermissionDenied: The user does not chair the body.
        DomainError: ``not_with_chair``, ``four_eyes``, ``reason_missing``, ``minutes_changed`` if the content
            is another than the one that was read.
    """
    _expect_chair(minutes, user)
    is_same = user.pk == minutes.handed_in_by_id
    if is_same and not is_alone(minutes, user.pk):
        raise DomainError("four_eyes", _("Who handed the minutes in does not sign them as chair."))
    if is_same and not alone_reason.strip():
        raise DomainError("reason_missing", _("Say why you sign alone; it stands in the minutes."))
    content = current_content(minutes)
    if content.fingerprint != seen:
        raise DomainError(
            "minutes_changed",
            _("The minutes have changed since you opened them. Read them again below, then sign."),
        )
    minutes.signed_by, minutes.signed_at = user, timezone.now()
    minutes.alone_reason = alone_reason.strip() if is_same else ""
    signed = dataclasses.replace(
        content,
        chair=Signature(str(user), minutes.signed_at),
        alone_reason=minutes.alone_reason,
    )
    minutes.content, minutes.content_sha256 = signed.as_data(), signed.fingerprint
    minutes.state = MinutesState.SIGNED
    minutes.save()
    _log("minutes.signed", minutes, user, reason=minutes.alone_reason, sha256=minutes.content_sha256)


@transaction.atomic
def minutes_return(minutes: Minutes, *, reason: str, user: User) -> None:
    """Return the minutes to the secretary.

    Raises:
        PermissionDenied: The user does not chair the body.
        DomainError: ``not_with_chair``, ``reason_missing``.
    """
    _expect_chair(minutes, user)
    if not reason.strip():
        raise DomainError("reason_missing", _("Say what has to be changed; the secretary will read it."))
    minutes.state, minutes.return_reason = MinutesState.DRAFT, reason.strip()
    minutes.save(update_fields=["state", "return_reason"])
    _log("minutes.returned", minutes, user, reason=minutes.return_reason)


@transaction.atomic
def objection_file(minutes: Minutes, *, text: str, user: User) -> MinutesObjection:
    """Ask for a correction of signed minutes; the meeting that approves them decides on it.

    Raises:
        PermissionDenied: The user is no member of the body.
        DomainError: ``not_signed``, ``text_missing``.
    """
    require(user, Perm.ADVISE_BODY, minutes.meeting.body)
    _lock(minutes)
    if minutes.state != MinutesState.SIGNED:
        raise DomainError(
            "not_signed", _("A correction can be asked for between the signing and the approval only.")
        )
    if not text.strip():
        raise DomainError("text_missing", _("Say what should be corrected, and how."))
    objection = MinutesObjection.objects.create(minutes=minutes, text=text.strip(), filed_by=user)
    _log("objection.filed", minutes, user)
    return objection


@transaction.atomic
def approval_record(
    minutes: Minutes, *, item: AgendaItem, user: User, correction: str = "", is_internal: bool = False
) -> None:
    """Record that a meeting approved the minutes, with a correction or without; called by their flow.

    Args:
        minutes: Signed.
        item: Item of the meeting that runs, on the approval of these minutes; finished by this.
        user: Chair of that meeting's body, or planning as its secretary.
        correction: Words of the correction; empty for none.
        is_internal: Whether the correction is for members of the body and planning only.

    Raises:
        PermissionDenied: The user does not keep the record of the meeting.
        DomainError: ``not_signed``, ``foreign_item``, and those of ``require_running`` and ``item_finish``.
    """
    require_running(item.meeting, user)
    _lock(minutes)
    if minutes.state != MinutesState.SIGNED:
        raise DomainError("not_signed", _("These minutes are not signed, or have been approved already."))
    if item.kind != AgendaKind.MINUTES or item.approves_id != minutes.meeting_id:
        raise DomainError("foreign_item", _("This item is not about these minutes."))
    if item.called_at is None:
        item_call(item, user=user)
    item_finish(item, user=user)
    if correction.strip():
        MinutesAmendment.objects.create(
            minutes=minutes, text=correction.strip(), is_internal=is_internal, recorded_by=user
        )
    minutes.state = MinutesState.APPROVED
    minutes.approved_under, minutes.approved_by, minutes.approved_at = item, user, timezone.now()
    minutes.save(update_fields=["state", "approved_under", "approved_by", "approved_at"])
    _log("minutes.approved", minutes, user, held_on=item.meeting.held_on)


def _expect_writing(minutes: Minutes, user: User, version: int) -> None:
    require(user, Perm.ACT_FOR_ORGANISATION, minutes.meeting.cycle.planning_unit)
    _lock(minutes)
    if minutes.state != MinutesState.DRAFT:
        raise DomainError("not_being_written", _("These minutes are not being written (any more)."))
    if minutes.version != version:
        raise DomainError(
            "minutes_changed",
            _(
                "A colleague has saved these minutes meanwhile. Copy what you wrote, open the page anew and"
                " add it there."
            ),
        )


def _expect_chair(minutes: Minutes, user: User) -> None:
    require(user, Perm.CHAIR_BODY, minutes.meeting.body)
    meeting_lock(minutes.meeting)
    _lock(minutes)
    if minutes.state != MinutesState.WITH_CHAIR:
        raise DomainError("not_with_chair", _("These minutes are not before the chair (any more)."))


def _lock(minutes: Minutes) -> None:
    """Look again under the lock: of two who sign, save or approve at once one is second."""
    Minutes.objects.select_for_update().get(pk=minutes.pk)
    minutes.refresh_from_db()


def _log(action: str, minutes: Minutes, user: User | None, **data: object) -> None:
    log_action(
        action,
        user=user,
        obj=minutes,
        territory=minutes.meeting.cycle.territory,
        data={name: value for name, value in data.items() if value},
    )
