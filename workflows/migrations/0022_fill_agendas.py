from django.db import migrations
from django.utils import timezone

LENGTHS = {"minutes": 5, "area": 20, "recommendation": 15, "topic": 10}


def build_agendas(apps, schema_editor):
    """Write down the agenda every meeting has had so far: computed on its page, further items in its note."""
    meetings = apps.get_model("workflows", "Meeting").objects
    for meeting in meetings.select_related("cycle").order_by("held_on", "pk"):
        if meeting.agenda.exists():
            continue
        _build(apps, meeting)


def _build(apps, meeting):
    item_model = apps.get_model("workflows", "AgendaItem")
    items = []
    if meeting.closed_at is None:
        items += _minutes(apps, meeting)
    if meeting.body_id == meeting.cycle.planning_conference_id:
        items += _areas(meeting)
    if meeting.body_id == meeting.cycle.steering_group_id:
        items += _recommendations(apps, meeting)
    items += [{"kind": "topic", "title": line.strip()} for line in meeting.note.splitlines() if line.strip()]
    item_model.objects.bulk_create(
        item_model(
            meeting=meeting,
            position=position,
            duration_minutes=LENGTHS[values["kind"]],
            **(values | {"title": values["title"][:250]}),
        )
        for position, values in enumerate(items, start=1)
    )


def _minutes(apps, meeting):
    """Minutes of the last closed meeting are approved in the first one after it."""
    closed = apps.get_model("workflows", "Meeting").objects.filter(
        body=meeting.body_id, closed_at__isnull=False, held_on__lte=meeting.held_on
    )
    last = closed.exclude(pk=meeting.pk).order_by("-held_on", "-pk").first()
    if last is None or last.approval_items.exists():
        return []
    title = f"Genehmigung der Niederschrift vom {last.held_on:%d.%m.%Y}"
    return [{"kind": "minutes", "title": title, "approves": last}]


def _areas(meeting):
    profiles = meeting.cycle.profiles.filter(released_at__isnull=False).select_related("area")
    return [
        {"kind": "area", "title": row.area.name, "area": row.area} for row in profiles.order_by("area__name")
    ]


def _recommendations(apps, meeting):
    """What was decided in the meeting, and in an open one what waits and is on no other to come."""
    decisions = meeting.decisions.select_related("recommendation__cycle", "version").order_by("pk")
    found = {row.recommendation_id: (row.recommendation, row.version.title) for row in decisions}
    if meeting.closed_at is None:
        for row in _waiting(apps, meeting):
            submitted = row.versions.filter(submitted_at__isnull=False).order_by("-number").first()
            if submitted is not None:
                found.setdefault(row.pk, (row, submitted.title))
    rows = sorted(found.values(), key=lambda row: (row[0].cycle.starts_year, row[0].number))
    return [{"kind": "recommendation", "title": title, "recommendation": row} for row, title in rows]


def _waiting(apps, meeting):
    item_model = apps.get_model("workflows", "AgendaItem")
    planned = item_model.objects.filter(
        meeting__body=meeting.body_id,
        meeting__closed_at__isnull=True,
        meeting__held_on__gte=timezone.localdate(),
    ).values("recommendation")
    waiting = apps.get_model("workflows", "Recommendation").objects.filter(
        process__cycle=meeting.cycle_id, state__in=["submitted", "postponed"]
    )
    for row in waiting.exclude(pk__in=planned.exclude(recommendation=None)).select_related("cycle"):
        until = row.decisions.exclude(postponed_until=None).order_by("pk").last()
        if row.state == "submitted" or until is None or until.postponed_until <= meeting.held_on:
            yield row


class Migration(migrations.Migration):
    dependencies = [("workflows", "0021_add_meeting_start")]

    # Backwards nothing is lost: the table goes with its own migration, the notes still hold their lines.
    operations = [migrations.RunPython(build_agendas, migrations.RunPython.noop)]
