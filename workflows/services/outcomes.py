"""Writes while a meeting runs: items called, finished, postponed, and what came out of them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.models import FieldOfAction
from project.common.errors import DomainError
from stakeholders.models import Organisation, User
from workflows.models import (
    AgendaItem,
    AgendaKind,
    Assignment,
    ItemOutcome,
    Meeting,
    Minutes,
    MinutesState,
    OutcomeKind,
    Recommendation,
    Statement,
)
from workflows.models.minutes import SIGNED_STATES
from workflows.models.outcomes import THING_OF_KIND
from workflows.selectors.agenda import leads_meeting
from workflows.services.agenda import agenda_log, check_not_voting, check_undecided, log_name
from workflows.services.carrying import postpone
from workflows.services.conference import field_of_action_add, statement_add
from workflows.services.meeting_lock import meeting_lock
from workflows.services.meeting_state import check_held, check_not_postponed


def require_running(meeting: Meeting, user: User) -> None:
    """Refuse to run a meeting before its day, after its closing, or by somebody who does not keep its record.

    Raises:
        PermissionDenied: The user neither chairs the body nor manages the cycle.
        DomainError: ``meeting_closed``, ``meeting_not_held``.
    """
    _require_recorder(meeting, user)
    meeting_lock(meeting)
    check_held(meeting, _("The meeting is on %(day)s; its items are called from that day on."))


def _require_recorder(meeting: Meeting, user: User) -> None:
    if not leads_meeting(user, meeting):
        raise PermissionDenied(str(_("Only the chair of the body or the social planning unit may do this.")))


@transaction.atomic
def item_call(item: AgendaItem, *, user: User) -> None:
    """Call an item: the meeting is at it from now on.

    Args:
        item: On the agenda of a meeting that runs, not yet called.
        user: Chair, or planning as the secretary.

    Raises:
        PermissionDenied: The user does not keep the record.
        DomainError: ``meeting_closed``, ``meeting_not_held``, ``item_removed``,
            ``item_called`` if it was called before, ``item_postponed``, ``other_item`` while another is open.
    """
    require_running(item.meeting, user)
    _fresh(item)
    if item.called_at is not None:
        raise DomainError("item_called", _("This item has been called already."))
    check_not_postponed(item)
    others = AgendaItem.objects.standing().filter(
        meeting=item.meeting_id, called_at__isnull=False, finished_at__isnull=True
    )
    other = others.exclude(outcomes__kind=OutcomeKind.POSTPONED).first()
    if other is not None:
        raise DomainError(
            "other_item",
            _("“%(title)s” is still open. Finish or postpone it first.") % {"title": other.title},
        )
    item.called_at = timezone.now()
    item.save(update_fields=["called_at"])
    _log("item.called", item, user)


@transaction.atomic
def item_finish(item: AgendaItem, *, user: User) -> None:
    """Finish the item the meeting is at.

    Raises:
        PermissionDenied: The user does not keep the record.
        DomainError: ``meeting_closed``, ``meeting_not_held``, ``item_removed``,
            ``item_not_called``, ``item_finished``, ``item_postponed``, ``poll_open``.
    """
    require_running(item.meeting, user)
    _fresh(item)
    if item.called_at is None:
        raise DomainError("item_not_called", _("Call the item first."))
    if item.finished_at is not None:
        raise DomainError("item_finished", _("This item has been finished already."))
    check_not_postponed(item)
    check_not_voting(item)
    item.finished_at = timezone.now()
    item.save(update_fields=["finished_at"])
    _log("item.finished", item, user)


@transaction.atomic
def item_postpone(item: AgendaItem, *, user: User, reason: str = "") -> ItemOutcome:
    """Postpone an item, called or not: it comes up in the next meeting of the body by itself.

    Raises:
        PermissionDenied: The user does not keep the record.
        DomainError: ``meeting_closed``, ``meeting_not_held``, ``item_removed``,
            ``item_finished``, ``item_postponed``, ``item_decided``, ``poll_open``.
    """
    require_running(item.meeting, user)
    _fresh(item)
    if item.finished_at is not None:
        raise DomainError("item_finished", _("This item has been finished already."))
    check_undecided(item)
    return postpone(item, user=user, reason=reason)


# --- what came out ---------------------------------------------------------------------------------


@transaction.atomic
def outcome_note(item: AgendaItem, *, text: str, user: User, is_internal: bool = False) -> ItemOutcome:
    """Note what was said or agreed on an item.

    Args:
        item: Of a meeting whose minutes are not signed.
        text: The note.
        user: Chair, or planning as the secretary.
        is_internal: For members of the body and planning only; all of an internal item is.

    Raises:
        PermissionDenied: The user does not keep the record.
        DomainError: ``minutes_signed``, ``item_removed``, ``text_missing``.
    """
    if not text.strip():
        raise DomainError("text_missing", _("Write down what came out of the item."))
    require_unsigned(item, user)
    return outcome_write(item, OutcomeKind.NOTE, user, text=text.strip(), is_internal=is_internal)


@transaction.atomic
def outcome_statement(
    item: AgendaItem,
    *,
    position: str,
    text: str,
    organisation: Organisation,
    user: User,
    is_internal: bool = False,
    **about: Any,
) -> ItemOutcome:
    """Write down a statement on the area of an item, as the conference does.

    Args:
        item: Item on an area.
        position: Value of ``Position``.
        text: The statement.
        organisation: Whose knowledge it is.
        user: Chair, or planning as the secretary.
        is_internal: Whether the minutes tell of it to members of the body and planning only.
        **about: ``indicator`` or ``domain`` it refers to.

    Raises:
        PermissionDenied: The user does not keep the record.
        DomainError: ``minutes_signed``, ``item_removed``, ``no_area``, and those of
            ``statement_add``.
    """
    require_unsigned(item, user)
    if item.kind != AgendaKind.AREA or item.area is None:
        raise DomainError("no_area", _("Statements are given on an area; this item is about none."))
    statement = statement_add(
        item.meeting.cycle,
        area=item.area,
        position=position,
        text=text,
        organisation=organisation,
        user=user,
        **about,
    )
    return outcome_write(item, OutcomeKind.STATEMENT, user, thing=statement, is_internal=is_internal)


@transaction.atomic
def outcome_field(item: AgendaItem, *, title: str, user: User, is_internal: bool = False) -> ItemOutcome:
    """Name a further field of action under an item.

    Raises:
        PermissionDenied: The user does not keep the record.
        DomainError: ``minutes_signed``, ``item_removed``, and those of ``field_of_action_add``.
    """
    require_unsigned(item, user)
    field = field_of_action_add(item.meeting.cycle, title=title, user=user)
    return outcome_write(item, OutcomeKind.FIELD, user, thing=field, is_internal=is_internal)


@transaction.atomic
def outcome_recommendation(
    item: AgendaItem, *, recommendation: Recommendation, user: User, is_internal: bool = False
) -> ItemOutcome:
    """Record that a recommendation began under an item.

    Raises:
        PermissionDenied: The user does not keep the record.
        DomainError: ``minutes_signed``, ``item_removed``.
    """
    require_unsigned(item, user)
    return outcome_write(
        item, OutcomeKind.RECOMMENDATION, user, thing=recommendation, is_internal=is_internal
    )


@transaction.atomic
def outcome_task(
    item: AgendaItem, *, assignment: Assignment, user: User, is_internal: bool = False
) -> ItemOutcome:
    """Record that a task was given under an item.

    Raises:
        PermissionDenied: The user does not keep the record.
        DomainError: ``minutes_signed``, ``item_removed``.
    """
    require_unsigned(item, user)
    return outcome_write(item, OutcomeKind.TASK, user, thing=assignment, is_internal=is_internal)


@transaction.atomic
def outcome_change(outcome: ItemOutcome, *, text: str, is_internal: bool, user: User) -> None:
    """Correct a note as long as the minutes are not signed; a thing is corrected on its own page.

    Raises:
        PermissionDenied: The user does not keep the record.
        DomainError: ``minutes_signed``, ``not_a_note``, ``text_missing``.
    """
    require_unsigned(outcome.item, user)
    if outcome.kind != OutcomeKind.NOTE:
        raise DomainError("not_a_note", _("Only notes are corrected here."))
    if not text.strip():
        raise DomainError("text_missing", _("Write down what came out of the item."))
    # What is internal is not told by the log either.
    before = "" if outcome.is_internal else outcome.text
    outcome.text, outcome.is_internal = text.strip(), is_internal or outcome.item.is_internal
    outcome.save(update_fields=["text", "is_internal"])
    _log("outcome.changed", outcome.item, user, before=before)


@transaction.atomic
def outcome_remove(outcome: ItemOutcome, *, user: User) -> None:
    """Take a note back before the minutes are signed; what has begun stays and is ended on its own page.

    Raises:
        PermissionDenied: The user does not keep the record.
        DomainError: ``minutes_signed``, ``not_a_note``.
    """
    require_unsigned(outcome.item, user)
    if outcome.kind != OutcomeKind.NOTE:
        raise DomainError("not_a_note", _("Only notes can be removed here."))
    _log("outcome.removed", outcome.item, user, text="" if outcome.is_internal else outcome.text)
    outcome.delete()


def require_unsigned(item: AgendaItem, user: User) -> None:
    """Refuse to record behind handed-in or signed minutes, or by somebody who does not keep the record.

    Raises:
        PermissionDenied: The user does not keep the record.
        DomainError: ``minutes_signed``, ``minutes_with_chair``, ``item_removed``, ``meeting_cancelled``.
    """
    _require_recorder(item.meeting, user)
    meeting_lock(item.meeting)
    if item.meeting.cancelled_at is not None:
        raise DomainError(
            "meeting_cancelled", _("This meeting was called off; nothing can have come out of it.")
        )
    if AgendaItem.objects.filter(pk=item.pk, removed_at__isnull=False).exists():
        raise DomainError("item_removed", _("This item was taken off the agenda."))
    state = Minutes.objects.filter(meeting=item.meeting_id).values_list("state", flat=True).first()
    if state in SIGNED_STATES:
        raise DomainError(
            "minutes_signed",
            _("The minutes are signed. A correction is decided on when they are approved."),
        )
    if state == MinutesState.WITH_CHAIR:
        raise DomainError(
            "minutes_with_chair",
            _("The minutes are before the chair. Ask for their return if something has to be added."),
        )


def _fresh(item: AgendaItem) -> None:
    """Look again under the lock: a colleague may have been faster."""
    item.refresh_from_db(fields=["called_at", "finished_at", "removed_at"])
    if item.removed_at is not None:
        raise DomainError("item_removed", _("This item was taken off the agenda."))


def outcome_write(
    item: AgendaItem,
    kind: OutcomeKind,
    user: User,
    *,
    thing: Statement | FieldOfAction | Recommendation | Assignment | None = None,
    text: str = "",
    is_internal: bool,
    **columns: Any,
) -> ItemOutcome:
    """Write an outcome and its entry of the log; what it needs has been checked.

    Args:
        item: Its meeting is locked.
        kind: What came out.
        user: Who keeps the record.
        thing: What began here, of a kind that has one.
        text: Of a kind without one.
        is_internal: For members of the body and planning only; all of an internal item is.
        **columns: Further columns of the kind.
    """
    things: dict[str, Any] = {THING_OF_KIND[kind]: thing} if kind in THING_OF_KIND else {}
    outcome = ItemOutcome.objects.create(
        item=item,
        kind=kind,
        text=text,
        is_internal=is_internal or item.is_internal,
        recorded_by=user,
        **things,
        **columns,
    )
    _log("outcome.recorded", item, user)
    return outcome


def _log(action: str, item: AgendaItem, user: User, **data: Any) -> None:
    told = {name: value for name, value in data.items() if value}
    agenda_log(action, item.meeting, user, {"item": log_name(item), **told})
