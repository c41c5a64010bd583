"""Several meetings in one go, templates of meetings, and a meeting called off."""

from __future__ import annotations

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from project.common.errors import DomainError
from stakeholders.models import LogEntry, OutgoingMail
from workflows.demo import driver
from workflows.models import DecisionResult, Meeting, MeetingSeries, MeetingTemplate
from workflows.recurrence import MOST_DAYS, Rhythm, series_days
from workflows.selectors.agenda import agenda_of
from workflows.services.meeting_series import StandingItem, series_schedule, template_save
from workflows.services.meetings import meeting_cancel, meeting_move, meeting_schedule

DAY = datetime.timedelta(days=1)
NINE = datetime.time(9)


def refused(code, function, *args, **kwargs):
    with pytest.raises(DomainError) as error:
        function(*args, **kwargs)
    assert error.value.code == code


def in_days(count):
    return timezone.localdate() + count * DAY


@pytest.fixture
def template(world, planner):
    return template_save(
        MeetingTemplate(body=world.steering_group),
        name="Regelsitzung",
        place="Kreishaus",
        starts_at=NINE,
        is_active=True,
        items=[StandingItem("Begrüßung", 5), StandingItem("Verschiedenes", is_internal=True, is_last=True)],
        user=planner,
    )


@pytest.fixture
def cycle(stages):
    return stages.at_steering_group()


def schedule(cycle, planner, days, **kwargs):
    values = {
        "body": cycle.steering_group,
        "days": days,
        "place": "Kreishaus",
        "participants": [cycle.planning_unit],
        "user": planner,
    }
    return series_schedule(cycle, **(values | kwargs))


# --- days ------------------------------------------------------------------------------------------


def test_days_keep_their_weekday_and_end_in_time():
    first = datetime.date(2027, 1, 29)
    fifth_fridays = series_days(first, rhythm=Rhythm.MONTHS, interval=1, count=4)
    assert all(day.weekday() == 4 and day.day > 28 for day in fifth_fridays)
    weeks = series_days(first, rhythm=Rhythm.WEEKS, interval=3, until=first + 42 * DAY)
    assert [(day - first).days for day in weeks] == [0, 21, 42]
    assert len(series_days(first, rhythm=Rhythm.WEEKS, interval=1)) == MOST_DAYS


# --- services --------------------------------------------------------------------------------------


def test_all_are_set_at_once_with_their_standing_items_and_one_mail(cycle, world, planner, template):
    world.planning_unit.email = "planung@example.org"
    world.planning_unit.save()
    cycle.refresh_from_db()
    OutgoingMail.objects.all().delete()

    series = schedule(cycle, planner, [in_days(7), in_days(14)], template=template, starts_at=NINE)

    first, second = series.meetings.order_by("held_on")
    assert [line.title for line in agenda_of(first)] == [
        "Begrüßung",
        "Elternarbeit ausbauen",
        "Verschiedenes",
    ]
    assert [line.title for line in agenda_of(second)] == ["Begrüßung", "Verschiedenes"]
    assert first.agenda.last().is_internal
    mail = OutgoingMail.objects.get()
    assert mail.address == "planung@example.org"
    for meeting in (first, second):
        assert f"UID:meeting-{meeting.pk}@passgenau" in mail.calendar
    assert LogEntry.objects.filter(action="meeting_series.scheduled").count() == 1


def test_one_day_that_cannot_be_leaves_none(cycle, world, planner, template):
    refused("no_day", schedule, cycle, planner, [])
    refused(
        "foreign_template", schedule, cycle, planner, [in_days(7)], body=world.conference, template=template
    )
    before = Meeting.objects.count()
    cycle.steering_group.rules.update(notice_days=10)
    refused("notice_too_short", schedule, cycle, planner, [in_days(14), in_days(7)])
    assert Meeting.objects.count() == before


def test_moving_or_calling_off_one_leaves_the_others(cycle, planner):
    series = schedule(cycle, planner, [in_days(7), in_days(14), in_days(21)])
    first, second, third = series.meetings.order_by("held_on")
    meeting_move(first, held_on=in_days(8), place="Kreishaus", reason="Saal", user=planner)
    meeting_cancel(second, reason="Zu wenig", user=planner)
    third.refresh_from_db()
    assert (third.held_on, third.cancelled_at) == (in_days(21), None)


def test_a_meeting_called_off_gives_its_items_to_the_next(cycle, world, planner, member):
    first, second = schedule(cycle, planner, [in_days(7), in_days(14)]).meetings.order_by("held_on")
    assert first.agenda.count() == 1
    OutgoingMail.objects.all().delete()
    refused("reason_missing", meeting_cancel, first, reason=" ", user=planner)

    meeting_cancel(first, reason="Zu wenige", user=planner)

    assert [line.title for line in agenda_of(second)] == ["Elternarbeit ausbauen"]
    mail = OutgoingMail.objects.get(address=world.people["member"].email)
    assert "Zu wenige" in mail.body
    assert "METHOD:CANCEL" in mail.calendar
    assert "SEQUENCE:1" in mail.calendar
    refused("meeting_closed", meeting_cancel, first, reason="Noch einmal", user=planner)
    later = meeting_schedule(
        cycle,
        body=cycle.steering_group,
        held_on=in_days(20),
        place="",
        participants=[cycle.planning_unit],
        user=planner,
    )
    assert not later.agenda.exists(), "nobody approves minutes of a meeting that was called off"


def test_what_was_decided_cannot_be_called_off(stages, planner, chair):
    cycle, meeting = stages.in_steering_group()
    driver.decide(cycle.recommendations.get(), meeting, DecisionResult.APPROVED, user=chair)
    refused("meeting_decided", meeting_cancel, meeting, reason="Zu spät", user=planner)


def test_a_template_has_one_name_for_its_body(template, world, planner):
    refused(
        "invalid",
        template_save,
        MeetingTemplate(body=world.steering_group),
        name="Regelsitzung",
        place="",
        starts_at=None,
        is_active=True,
        items=[],
        user=planner,
    )


# --- pages -----------------------------------------------------------------------------------------


def series_data(cycle, **kwargs):
    values = {
        "body": cycle.steering_group.pk,
        "first_on": in_days(30).isoformat(),
        "rhythm": "weeks",
        "interval": "2",
        "count": "3",
        "place": "Kreishaus",
        "participants": [cycle.planning_unit.pk],
    }
    return values | kwargs


def test_the_days_are_looked_at_before_they_are_set(cycle, client_as, planner, template):
    client = client_as(planner)
    page = reverse("workflows:meeting-series", args=[cycle.pk])
    assert client.get(page).status_code == 200
    seen = client.post(page, series_data(cycle, preview="1", template=template.pk, place=""))
    assert [row["day"] for row in seen.context["days"]] == [in_days(30), in_days(44), in_days(58)]
    said = seen.context["said"]
    changed = client.post(page, series_data(cycle, save="1", days=said, interval="1"))
    assert changed.status_code == 200, "changed meanwhile: looked at again"
    assert not MeetingSeries.objects.exists()
    done = client.post(page, series_data(cycle, save="1", days=said, template=template.pk, place=""))
    assert done.status_code == 302
    assert MeetingSeries.objects.get().meetings.filter(place="Kreishaus", starts_at=NINE).count() == 3


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"count": ""}, "count"),
        ({"until": in_days(90)}, "count"),
        ({"count": "", "until": in_days(3)}, "until"),
        ({"interval": "0"}, "interval"),
        ({"participants": []}, "participants"),
        ({"first_on": "x"}, "first_on"),
    ],
)
def test_a_wrong_series_is_shown_again(wrong, field, cycle, client_as, planner):
    page = reverse("workflows:meeting-series", args=[cycle.pk])
    answer = client_as(planner).post(page, series_data(cycle, preview="1") | wrong)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors


def test_what_speaks_against_a_day_is_said(cycle, client_as, planner):
    page = reverse("workflows:meeting-series", args=[cycle.pk])
    today = timezone.localdate()
    saturday = today + ((5 - today.weekday()) % 7) * DAY
    data = series_data(cycle, preview="1", first_on=saturday.isoformat(), interval="12", count="6")
    rows = client_as(planner).post(page, data).context["days"]
    assert all(row["warnings"] for row in rows)
    assert len(rows[-1]["warnings"]) == 2, "weekend, and outside of the stage"


def formset(*rows, total=3):
    data = {"items-TOTAL_FORMS": str(total), "items-INITIAL_FORMS": "0"}
    for number, row in enumerate(rows):
        data |= {f"items-{number}-{name}": value for name, value in row.items()}
    return data


def test_templates_are_written_and_changed(cycle, client_as, planner, world):
    client = client_as(planner)
    create = reverse("workflows:meeting-template-create", args=[cycle.pk])
    assert client.get(create).status_code == 200
    data = {"body": world.steering_group.pk, "name": "Regel", "is_active": "on"}
    rows = formset({"title": "Begrüßung", "duration_minutes": "5"}, {"title": ""}, {"title": "Ende"})
    assert client.post(create, data | {"name": ""} | rows).status_code == 422
    assert client.post(create, data | rows).status_code == 302
    template = MeetingTemplate.objects.get()
    assert [item.title for item in template.items.all()] == ["Begrüßung", "Ende"]
    edit = reverse("workflows:meeting-template-edit", args=[template.pk])
    assert client.get(edit).status_code == 200
    wrong = formset({"title": "X", "duration_minutes": "0"})
    assert client.post(edit, {"name": "Regel"} | wrong).status_code == 422
    assert client.post(edit, {"name": "Kurz"} | formset({"title": "Ende"})).status_code == 302
    template.refresh_from_db()
    assert (template.name, template.is_active, template.items.count()) == ("Kurz", False, 1)
    listed = client.get(reverse("workflows:meeting-template-list", args=[cycle.pk]))
    assert "Kurz" in listed.content.decode()


def test_calling_off_asks_for_a_reason(cycle, client_as, planner, chair):
    meeting = schedule(cycle, planner, [in_days(7)]).meetings.get()
    page = reverse("workflows:meeting-cancel", args=[meeting.pk])
    client = client_as(planner)
    assert client.get(page).status_code == 200
    assert client.post(page, {"reason": ""}).status_code == 422
    assert client_as(chair).post(page, {"reason": "X"}).status_code == 403
    assert client.post(page, {"reason": "Zu wenige"}).status_code == 302
    detail = client.get(reverse("workflows:meeting-detail", args=[meeting.pk]))
    assert "Zu wenige" in detail.content.decode()
    assert client.get(page).context["obstacle"]
