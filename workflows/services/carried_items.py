"""Writes that put an item of an earlier meeting onto the agenda of another one, with what belongs to it."""

from __future__ import annotations

from django.db.models import Q

from workflows.models import AgendaFile, AgendaItem, AgendaKind, Meeting
from workflows.services.agenda import agenda_insert


def carry_item(item: AgendaItem, meeting: Meeting) -> AgendaItem | None:
    """One item more on the agenda; one on the same thing goes on with it instead.

    Called with the meeting locked. Once the papers are out it comes last: numbers stay as they were sent.
    """
    same = _same(item, meeting)
    if same is not None:
        if same.carried_from_id is not None:
            return None
        same.carried_from = item
        # What was dealt with internally does not become public on the way.
        same.is_internal = same.is_internal or item.is_internal
        same.note = same.note or item.note
        same.save(update_fields=["carried_from", "is_internal", "note"])
        _copy_files(item, same)
        return None
    carried = AgendaItem(
        meeting=meeting,
        kind=item.kind,
        title=item.title,
        note=item.note,
        duration_minutes=item.duration_minutes,
        is_internal=item.is_internal,
        recommendation=item.recommendation,
        area=item.area,
        carried_from=item,
    )
    # What was left over comes before what is new.
    early = Q(kind__in=[AgendaKind.MINUTES, AgendaKind.TASKS]) | Q(carried_from__isnull=False)
    agenda_insert(meeting, carried, at=None if meeting.papers_sent_at else behind(meeting, early))
    _copy_files(item, carried)
    return carried


def _same(item: AgendaItem, meeting: Meeting) -> AgendaItem | None:
    """What stands on the agenda already on the same recommendation or area, or as the same standing topic."""
    rows = meeting.agenda.standing().filter(kind=item.kind)
    if item.recommendation_id is not None:
        return rows.filter(recommendation=item.recommendation_id).first()
    if item.kind == AgendaKind.AREA:
        return rows.filter(area=item.area_id).first()
    # Topics of a template stand on each agenda; one called off does not double them.
    if item.meeting.cancelled_at is not None:
        return rows.filter(title__iexact=item.title, carried_from__isnull=True).first()
    return None


def _copy_files(item: AgendaItem, to: AgendaItem) -> None:
    """What was put to an item goes on with it: further rows on the same stored files."""
    there = set(AgendaFile.objects.standing().filter(item=to).values_list("sha256", flat=True))
    rows = AgendaFile.objects.standing().filter(item=item).exclude(sha256__in=there)
    AgendaFile.objects.bulk_create(
        AgendaFile(
            item=to,
            title=row.title,
            file_name=row.file_name,
            file=row.file.name,
            size=row.size,
            sha256=row.sha256,
            uploaded_by_id=row.uploaded_by_id,
        )
        for row in rows.order_by("pk")
    )


def behind(meeting: Meeting, early: Q) -> int:
    """Place behind the last of some items, counted from 0."""
    last = meeting.agenda.filter(early).order_by("-position", "-pk").first()
    return 0 if last is None else meeting.agenda.filter(position__lte=last.position).count()
