"""Reads of a meeting's agenda: its items with their times, what is ready for it, and what comes next."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _
from viewflow.workflow.models import Task

from project.common.formats import date_de
from stakeholders.permissions import Perm, can, visible
from workflows.models import (
    AgendaFile,
    AgendaItem,
    AgendaKind,
    AreaProfile,
    Decision,
    Meeting,
    Poll,
    Recommendation,
    TaskCard,
)
from workflows.selectors.decisions import circulated_for, meeting_held_last, meetings_to_decide_in
from workflows.selectors.recommendations import recommendations_seen_by


@dataclasses.dataclass(frozen=True)
class AgendaLine:
    """An item as it stands on the agenda.

    Args:
        item: The row; None for a recommendation somebody decides on though it is not on the agenda.
        position: Its number; one that was taken off keeps it, so that papers and page say the same.
        title: What it is called now.
        decision: What the meeting decided on it.
        is_current: It is the one before the reader.
        starts_at: When its turn comes by the lengths before it; None where one of them is not known.
        is_readable: Whether the reader may open what it is about.
        profile: Of the area it is about.
        files: Files that go with it.
        is_circulating: The body votes on it in writing now.
        circulated: What it decided on it in writing.
    """

    item: AgendaItem | None
    position: int
    title: str
    recommendation: Recommendation | None = None
    decision: Decision | None = None
    is_current: bool = False
    starts_at: datetime.time | None = None
    is_readable: bool = True
    profile: AreaProfile | None = None
    files: Sequence[AgendaFile] = ()
    is_circulating: bool = False
    circulated: Decision | None = None

    @property
    def is_public(self) -> bool:
        """Of the public part: for everybody who is invited."""
        return self.item is not None and not self.item.is_internal

    @property
    def is_removed(self) -> bool:
        """Taken off after the papers were out."""
        return self.item is not None and self.item.removed_at is not None

    @property
    def waits(self) -> bool:
        """A recommendation on which the meeting has not decided."""
        is_decided = self.decision is not None or self.circulated is not None
        return self.recommendation is not None and not is_decided and not self.is_removed

    @property
    def heading(self) -> str:
        """Title with the reference of a recommendation."""
        return with_reference(self.title, self.recommendation)


def with_reference(title: str, recommendation: Recommendation | None) -> str:
    """A title with the reference of the recommendation it is about."""
    return f"{recommendation.reference} {title}" if recommendation is not None else title


def agenda_of(meeting: Meeting, *, current: Recommendation | None = None) -> list[AgendaLine]:
    """The whole agenda of a meeting in its order, internal items and those taken off included.

    Args:
        meeting: The meeting.
        current: The recommendation before the reader, if any; it comes last where it is not on the agenda.

    Returns:
        Lines. Queries: 8 for any number of items.
    """
    files = Prefetch("files", AgendaFile.objects.standing(), to_attr="shown_files")
    items = list(
        meeting.agenda.select_related(
            "recommendation", "recommendation__cycle", "area", "approves", "approves__minutes"
        )
        .prefetch_related("recommendation__versions", files)
        .order_by("position", "pk")
    )
    decided = {
        row.recommendation_id: row for row in meeting.decisions.select_related("version").order_by("pk")
    }
    area_pks = [item.area_id for item in items if item.area_id is not None]
    profiles = {
        row.area_id: row for row in AreaProfile.objects.filter(cycle=meeting.cycle_id, area__in=area_pks)
    }
    times = _times(meeting, items)
    keys = [item.recommendation_id for item in items if item.recommendation_id is not None]
    polls = Poll.objects.open().filter(recommendation__in=keys, meeting__isnull=True)
    circulating = set(polls.values_list("recommendation_id", flat=True)) if keys else set()
    circulated = circulated_for(meeting, [key for key in keys if key not in decided])
    lines = [
        dataclasses.replace(
            _line(item, position, decided, profiles, times.get(item.pk), current),
            is_circulating=item.removed_at is None and item.recommendation_id in circulating,
            circulated=circulated.get(item.recommendation_id or 0) if item.removed_at is None else None,
        )
        for position, item in enumerate(items, start=1)
    ]
    if current is not None and not any(line.is_current for line in lines):
        title = submitted_title(current)
        lines.append(AgendaLine(None, len(lines) + 1, title, current, is_current=True))
    return lines


def _line(
    item: AgendaItem,
    position: int,
    decided: dict[int, Decision],
    profiles: dict[int, AreaProfile],
    starts_at: datetime.time | None,
    current: Recommendation | None,
) -> AgendaLine:
    is_off = item.removed_at is not None
    decision = None
    if item.recommendation_id is not None and not is_off:
        decision = decided.get(item.recommendation_id)
    return AgendaLine(
        item=item,
        position=position,
        title=item_title(item, decision),
        recommendation=item.recommendation,
        decision=decision,
        is_current=current is not None and item.recommendation_id == current.pk and not is_off,
        starts_at=starts_at,
        profile=profiles.get(item.area_id) if item.area_id is not None else None,
        files=() if is_off else item.shown_files,  # type: ignore[attr-defined]  # prefetched
    )


def item_title(item: AgendaItem, decision: Decision | None) -> str:
    """What an item is called: by its object where it has one, in the language in force."""
    if item.kind == AgendaKind.MINUTES and item.approves is not None:
        return minutes_title(item.approves)
    if item.recommendation is not None:
        return decision.version.title if decision else submitted_title(item.recommendation) or item.title
    return item.title


def minutes_title(meeting: Meeting) -> str:
    """Title of the item under which a body approves the minutes of a meeting."""
    return _("Approval of the minutes of %(day)s") % {"day": date_de(meeting.held_on)}


def submitted_title(recommendation: Recommendation) -> str:
    """Title of the latest version that was submitted: a later draft is not yet before the body."""
    versions = [row for row in recommendation.versions.all() if row.submitted_at is not None]
    latest = max(versions, key=lambda row: row.number, default=recommendation.current)
    return latest.title if latest is not None else ""


def _times(meeting: Meeting, items: Iterable[AgendaItem]) -> dict[int, datetime.time]:
    """Key of an item -> when its turn comes; after an item without a length nothing is known."""
    found: dict[int, datetime.time] = {}
    if meeting.starts_at is None:
        return found
    clock = datetime.datetime.combine(meeting.held_on, meeting.starts_at)
    for item in items:
        if item.removed_at is not None:
            continue
        found[item.pk] = clock.time()
        if item.duration_minutes is None:
            break
        clock += datetime.timedelta(minutes=item.duration_minutes)
    return found


def agenda_minutes(lines: Iterable[AgendaLine]) -> int:
    """Length of all items together, in minutes; those without a length and those taken off count nothing."""
    return sum(line.item.duration_minutes or 0 for line in lines if line.item and not line.is_removed)


def sees_internal(user: Any, meeting: Meeting) -> bool:
    """Whether a person may read the internal part: who sits in the body, and planning. Queries: 1 or 2."""
    return bool(can(user, Perm.ADVISE_BODY, meeting.body)) or bool(
        can(user, Perm.MANAGE_CYCLE, meeting.cycle)
    )


def leads_meeting(user: Any, meeting: Meeting) -> bool:
    """Whether a person runs the meeting: planning, and the chair of its body. Queries: 1 or 2."""
    return bool(can(user, Perm.MANAGE_CYCLE, meeting.cycle)) or bool(can(user, Perm.CHAIR_BODY, meeting.body))


def agenda_seen_by(user: Any, meeting: Meeting, *, shows_internal: bool) -> list[AgendaLine]:
    """The agenda as a person who sees the meeting may read it.

    Internal items are left out for those outside of the body; what an item is about is linked only for who
    may open it.

    Args:
        user: Who reads.
        meeting: A meeting the person sees.
        shows_internal: Whether the person may read the internal part (``sees_internal``).

    Returns:
        Lines; numbers are those of the whole agenda. Queries: 10 for any number of items.
    """
    lines = [line for line in agenda_of(meeting) if shows_internal or line.is_public]
    wanted = [line.recommendation.pk for line in lines if line.recommendation]
    readable = set(recommendations_seen_by(user).filter(pk__in=wanted).values_list("pk", flat=True))
    profiles = AreaProfile.objects.filter(pk__in=[line.profile.pk for line in lines if line.profile])
    pages = set(visible(user, Perm.VIEW_PROFILE, profiles).values_list("pk", flat=True))
    sees_cycle = bool(can(user, Perm.VIEW_CYCLE, meeting.cycle))
    return [
        dataclasses.replace(
            line,
            is_readable=_may_open(line, readable, pages, sees_cycle=sees_cycle),
            files=line.files if shows_internal or meeting.papers_sent_at else (),
            # Of a circulated decision only those of the body know before it is taken.
            is_circulating=shows_internal and line.is_circulating,
        )
        for line in lines
    ]


def _may_open(line: AgendaLine, readable: set[int], pages: set[int], *, sees_cycle: bool) -> bool:
    if line.recommendation is not None:
        return line.recommendation.pk in readable
    if line.profile is not None:
        return line.profile.pk in pages
    return sees_cycle


def public_lines(meeting: Meeting) -> list[AgendaLine]:
    """The agenda for everybody who is invited: mails and papers for outside of the body. Queries: 5."""
    return [line for line in agenda_of(meeting) if line.is_public]


# --- what comes next -------------------------------------------------------------------------------


def next_to_decide(user: Any, decision: Decision) -> Task | None:
    """The task of the item after a decision of which the person can record what the meeting decided.

    After the last item come those before it that were passed over. Never one whose page would offer another
    meeting first, and none on which the members are voting in the system. Queries: 8, and a few for the
    rights and the meetings of each item looked at.
    """
    meeting = decision.meeting
    if meeting is None:
        return None
    agenda = agenda_of(meeting)
    here = next((line.position for line in agenda if line.decision == decision), 0)
    waiting = [
        line.recommendation.pk
        for line in agenda[here:] + agenda[:here]
        if line.waits and line.recommendation is not None
    ]
    cards = TaskCard.objects.filter(
        is_open=True,
        body=meeting.body_id,
        task__process__recommendationprocess__recommendation__in=waiting,
    )
    polled = Poll.objects.open().values("recommendation")
    cards = cards.exclude(task__process__recommendationprocess__recommendation__in=polled)
    cards = cards.select_related("task", "task__process__recommendationprocess")
    of = {card.task.process.recommendationprocess.recommendation_id: card.task for card in cards}
    tasks = [of[pk] for pk in waiting if pk in of]
    may = (
        task
        for task in tasks
        if (task.flow_task.can_execute(user, task) or task.flow_task.can_assign(user, task))
        and meeting_held_last(meetings_to_decide_in(task.process.recommendationprocess.recommendation))
        == meeting
    )
    return next(may, None)
