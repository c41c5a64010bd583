"""Writes of a meeting's agenda by those who run the meeting: topics, order, items taken off."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError, as_domain_error
from stakeholders.audit import log_action
from stakeholders.models import User
from workflows.models import AgendaFile, AgendaItem, AgendaKind, Meeting
from workflows.selectors.agenda import AgendaLine, agenda_of
from workflows.services.meeting_lock import meeting_lock
from workflows.services.meeting_mails import meeting_mail, member_addresses, paper_addresses, told_addresses
from workflows.services.meeting_state import check_not_postponed, check_open

#: Stands in the audit log for an internal item.
INTERNAL = "(internal)"
#: Why taking an item off needs grounds: people have it in their papers, or something hangs on it.
REASON_ONCE_SENT = _(
    "The papers have been sent: say why the item is taken off. All who were invited are told."
)
REASON_WITH_TRACES = _("Files or notes belong to this item: say why it is taken off. They are kept.")


def agenda_log(action: str, meeting: Meeting, user: User | None, data: dict[str, object]) -> None:
    """Write down what happened to the agenda."""
    log_action(action, user=user, obj=meeting, territory=meeting.cycle.territory, data=data)


def log_name(item: AgendaItem) -> str:
    """What an item is called in the audit log, which others than those of the body read as well."""
    return INTERNAL if item.is_internal else item.title


def agenda_insert(meeting: Meeting, item: AgendaItem, *, at: int | None = None) -> None:
    """Save a new item: minutes first, a recommendation after the others, all else last."""
    rows = list(meeting.agenda.order_by("position", "pk"))
    if at is None:
        at = len(rows)
        if item.kind == AgendaKind.MINUTES:
            at = 0
        elif item.kind == AgendaKind.RECOMMENDATION:
            like = [number for number, row in enumerate(rows, start=1) if row.kind == item.kind]
            at = like[-1] if like else at
    item.position = at + 1
    item.save()
    rows.insert(at, item)
    _number(rows)


def _number(rows: Sequence[AgendaItem]) -> None:
    """Write the places anew where they changed."""
    changed = []
    for position, row in enumerate(rows, start=1):
        if row.position != position:
            row.position = position
            changed.append(row)
    AgendaItem.objects.bulk_update(changed, ["position"])


def check_undecided(item: AgendaItem) -> None:
    """Refuse to touch an item the meeting has decided on, or is voting on. Queries: at most 2.

    Raises:
        DomainError: ``item_decided``, ``poll_open``.
    """
    if item.recommendation_id is None:
        return
    meeting = item.meeting
    if meeting.decisions.filter(recommendation=item.recommendation_id).exists():
        raise DomainError("item_decided", _("The meeting has decided on this item; it stays as it is."))
    check_not_voting(item)


def check_not_voting(item: AgendaItem) -> None:
    """Refuse while members vote on an item. Queries: at most 1.

    Raises:
        DomainError: ``poll_open``.
    """
    if item.recommendation_id is None:
        return
    if item.meeting.polls.open().filter(recommendation=item.recommendation_id).exists():
        raise DomainError(
            "poll_open", _("Members are voting on this item. Close the poll first, or call it off.")
        )


def has_traces(item: AgendaItem) -> bool:
    """Whether files or outcomes hang on an item, so that it is never simply gone. Queries: at most 2."""
    return AgendaFile.objects.filter(item=item).exists() or item.outcomes.exists()


@transaction.atomic
def agenda_topic_add(
    meeting: Meeting,
    *,
    title: str,
    user: User,
    note: str = "",
    duration_minutes: int | None = None,
    is_internal: bool = False,
) -> AgendaItem:
    """Add a topic at the end of the agenda.

    Args:
        meeting: An open meeting.
        title: What it is about.
        user: Who adds it.
        note: What members should know before.
        duration_minutes: Planned length; None for an open end.
        is_internal: Only for members of the body and planning.

    Raises:
        DomainError: ``meeting_closed``, ``invalid``.
    """
    meeting_lock(meeting)
    check_open(meeting)
    item = AgendaItem(
        meeting=meeting,
        position=meeting.agenda.count() + 1,
        kind=AgendaKind.TOPIC,
        title=title.strip(),
        note=note.strip(),
        duration_minutes=duration_minutes,
        is_internal=is_internal,
    )
    _check(item)
    agenda_insert(meeting, item)
    agenda_log("meeting.agenda_added", meeting, user, {"items": [log_name(item)]})
    return item


@transaction.atomic
def agenda_item_change(
    item: AgendaItem,
    *,
    note: str,
    duration_minutes: int | None,
    is_internal: bool,
    user: User,
    title: str = "",
    reason: str = "",
) -> None:
    """Change an item; what is about an object is called as that object is.

    Once the papers are out, another title or part of the agenda needs a reason, and all who had the item in
    their papers are told.

    Args:
        item: An item of an open meeting.
        note: What members should know before.
        duration_minutes: Planned length; None for an open end.
        is_internal: Only for members of the body and planning.
        user: Who changes it.
        title: What it is called; dropped where it is about an object.
        reason: Why; needed for another title or part once the papers are out.

    Raises:
        DomainError: ``meeting_closed``, ``item_removed``, ``invalid``, ``item_decided``, ``poll_open``,
            ``reason_missing``.
    """
    item = _locked(item)
    was = (item.title, item.is_internal)
    names = ["duration_minutes", "is_internal"]
    if not (item.is_internal or is_internal):
        names += ["title", "note"]
    before = {name: getattr(item, name) for name in names}
    if item.kind in {AgendaKind.TOPIC, AgendaKind.TASKS}:
        item.title = title.strip()
    item.note = note.strip()
    item.duration_minutes = duration_minutes
    item.is_internal = is_internal
    _check(item)
    is_told = _is_told(item, was, reason)
    item.save(update_fields=["title", "note", "duration_minutes", "is_internal"])
    told = {"reason": reason.strip()} if is_told and "title" in names else {}
    data: dict[str, object] = {"item": log_name(item), "before": before, **told}
    agenda_log("meeting.agenda_changed", item.meeting, user, data)
    if is_told:
        _tell_of_change(item, was, reason.strip())


def _is_told(item: AgendaItem, was: tuple[str, bool], reason: str) -> bool:
    """Whether a change is of interest to those who have the item in their papers: another name or part."""
    if was == (item.title, item.is_internal):
        return False
    check_undecided(item)
    if item.meeting.papers_sent_at is None:
        return False
    if not reason.strip():
        raise DomainError(
            "reason_missing",
            _("The papers have been sent: say why the item is changed. All who have it in them are told."),
        )
    return True


def _tell_of_change(item: AgendaItem, was: tuple[str, bool], reason: str) -> None:
    """Tell all who have an item in their papers; only members read what an internal one is called now."""
    old_title, was_internal = was
    line = _line(item)
    offices, members = paper_addresses(item.meeting)
    if was_internal and item.is_internal:
        offices = []
    for addresses, is_insider in ((offices, False), (members, True)):
        shows_new = is_insider or not item.is_internal
        meeting_mail(
            item.meeting,
            "item_changed",
            addresses,
            line=line,
            # What was internal has another name for nobody else.
            old_title=old_title if is_insider or not was_internal else "",
            new_title=line.heading if shows_new else "",
            is_renamed=shows_new and old_title != item.title,
            is_moved=was_internal != item.is_internal,
            item=item,
            reason=reason,
        )


def _line(item: AgendaItem) -> AgendaLine:
    """An item as mails tell of it: in the language of the office, whoever sends."""
    with translation.override(settings.LANGUAGE_CODE):
        return next(row for row in agenda_of(item.meeting) if row.item == item)


def _check(item: AgendaItem) -> None:
    try:
        item.full_clean()
    except ValidationError as error:
        raise as_domain_error(error) from error


def _locked(item: AgendaItem) -> AgendaItem:
    """The item read anew under the lock of its meeting, if it may still be changed."""
    meeting_lock(item.meeting)
    found = AgendaItem.objects.select_related("meeting", "meeting__body", "meeting__cycle").filter(pk=item.pk)
    if (fresh := found.first()) is None or fresh.removed_at is not None:
        raise DomainError("item_removed", _("This item has been taken off the agenda meanwhile."))
    check_open(fresh.meeting)
    return fresh


@transaction.atomic
def agenda_item_move(item: AgendaItem, *, to: int, user: User) -> int:
    """Give an item another place; the others close up.

    Args:
        item: An item of an open meeting.
        to: Its new place, counted from 1; beyond the ends it comes first or last.
        user: Who moves it.

    Returns:
        The place it has now.

    Raises:
        DomainError: ``meeting_closed``, ``item_removed``.
    """
    item = _locked(item)
    rows = list(item.meeting.agenda.order_by("position", "pk"))
    before = [row.pk for row in rows]
    here = before.index(item.pk)
    to = min(max(to, 1), len(rows))
    rows.insert(to - 1, rows.pop(here))
    _number(rows)
    if [row.pk for row in rows] != before:
        agenda_log(
            "meeting.agenda_moved", item.meeting, user, {"item": log_name(item), "from": here + 1, "to": to}
        )
    return to


@transaction.atomic
def agenda_item_remove(item: AgendaItem, *, reason: str, user: User) -> bool:
    """Take an item off the agenda.

    Before the papers are out it is simply gone, unless files or outcomes hang on it. Otherwise it stays
    visible as taken off, with the reason. Once the papers are out all who were invited are told; of an
    internal item only those who may read it.

    Args:
        item: An item of an open meeting.
        reason: Why; needed once the papers are out, and where something hangs on the item.
        user: Who takes it off.

    Returns:
        Whether people were told.

    Raises:
        DomainError: ``meeting_closed``, ``item_removed``, ``item_decided``, ``poll_open``,
            ``item_called``, ``item_postponed``, ``reason_missing``.
    """
    item = _locked(item)
    meeting = item.meeting
    check_undecided(item)
    if item.called_at is not None:
        raise DomainError("item_called", _("This item has been called already; it stays on the agenda."))
    check_not_postponed(item)
    is_told = meeting.papers_sent_at is not None
    if not is_told and not has_traces(item):
        agenda_log("meeting.agenda_removed", meeting, user, {"item": log_name(item)})
        item.delete()
        _number(list(meeting.agenda.order_by("position", "pk")))
        return False
    if not reason.strip():
        raise DomainError("reason_missing", REASON_ONCE_SENT if is_told else REASON_WITH_TRACES)
    line = _line(item)
    item.removed_at, item.removed_by, item.remove_reason = timezone.now(), user, reason.strip()
    item.save(update_fields=["removed_at", "removed_by", "remove_reason"])
    told = {} if item.is_internal else {"reason": item.remove_reason}
    agenda_log("meeting.agenda_removed", meeting, user, {"item": log_name(item), **told})
    if is_told:
        addresses = member_addresses(meeting) if item.is_internal else told_addresses(meeting)
        meeting_mail(meeting, "item_removed", addresses, line=line, item=item)
    return is_told
