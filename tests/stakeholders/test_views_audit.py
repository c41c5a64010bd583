"""The page of the log."""

import datetime
from io import BytesIO

import openpyxl
import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from stakeholders import services
from stakeholders.audit import log_action
from stakeholders.forms.audit import LogFilterForm
from stakeholders.models import Function, LogEntry
from tests.factories import employed, staff

pytestmark = pytest.mark.django_db

LOG = "/administration/log/"


def entries(response):
    return [row[0] for row in response.context["rows"]]


def write(world, count, *, at=None, action="measure.begun", territory=None, data=None, user=None):
    moment = at or timezone.now()
    with time_machine.travel(moment, tick=False):
        return [
            log_action(
                action,
                user=user or world.people["planner"],
                obj=world.youth_office,
                territory=territory or world.territory,
                data=data,
            )
            for _number in range(count)
        ]


def test_the_log_says_what_happened_in_words(world, client_as, admin):
    write(world, 1, action="cycle.rescheduled", data={"stage": 1, "reason": "Ferien", "due_on": "2027-03-01"})

    response = client_as(admin).get(LOG)

    entry, action, details, _url = response.context["rows"][0]
    assert entry.user == world.people["planner"]
    assert action == "Termin einer Phase geändert"
    assert details == ["Phase: Daten", "Fällig am: 01.03.2027", "Grund: Ferien"]
    assert "cycle.rescheduled" not in response.content.decode().split("<table")[1]


def test_only_the_log_of_the_own_territory_is_read(world, client_as, admin, planner, outsider):
    (other,) = write(world, 1, territory=world.neighbour)
    (own,) = write(world, 1)

    for user in (admin, planner):
        found = entries(client_as(user).get(LOG))
        assert own in found
        assert other not in found
    assert own not in entries(client_as(outsider).get(LOG))


def test_entries_above_all_territories_are_not_shown(world, client_as, admin):
    entry = log_action("person.created", user=None, obj=world.people["head"], territory=None)

    assert entry not in entries(client_as(admin).get(LOG))


def test_the_log_is_not_for_everybody(client_as, client, head, chair, provider_head):
    for user in (head, chair, provider_head):
        assert client_as(user).get(LOG).status_code == 403
    assert client.get(LOG).status_code == 302


def test_filters_by_act_thing_and_days(world, client_as, admin):
    past = datetime.datetime(2026, 3, 2, 22, 30, tzinfo=datetime.UTC)  # 23:30 in Berlin
    (old,) = write(world, 1, at=past)
    (new,) = write(world, 1, action="measure.agreed")
    client = client_as(admin)

    def found(**query):
        return set(entries(client.get(LOG, query)))

    assert found(action="measure.begun") == {old}
    assert {old, new} <= found(q="jugendamt")
    assert found(q="nirgends") == set()
    assert found(since="2026-03-02", until="2026-03-02", action="measure.begun") == {old}
    assert found(until="2026-03-01") == set()
    assert old not in found(since="2026-03-03")
    assert client.get(LOG, {"since": "unsinn", "action": "unsinn"}).status_code == 200


def test_sign_ins_on_the_demo_page_are_left_out_unless_asked_for(world, client_as, admin):
    (kept,) = write(world, 1)
    client = client_as(admin)
    assert "sign_ins" not in client.get(LOG).context["filter_form"].fields
    (sign_in,) = write(world, 1, action="person.looked_round")

    def found(**query):
        return set(entries(client.get(LOG, query)))

    assert kept in found()
    assert sign_in not in found()
    assert {kept, sign_in} <= found(sign_ins="on")
    assert found(action="person.looked_round") == {sign_in}
    csv = client.get(LOG, {"export": "csv"}).content.decode()
    assert "auf der Demo" not in csv


def test_entries_lead_to_their_things_for_those_who_may_see_them(stages, world, client_as, admin, planner):
    cycle, meeting = stages.in_steering_group(("Eingereicht", "Entwurf"))
    submitted, draft = cycle.recommendations.order_by("number")
    draft.versions.update(submitted_at=None)
    request = cycle.requests.get(organisation=world.youth_office)
    things = [world.youth_office, cycle, meeting, submitted, request, draft]
    for thing in things:
        log_action("measure.begun", user=None, obj=thing, territory=world.territory)

    def pages(user):
        rows = client_as(user).get(LOG, {"action": "measure.begun"}).context["rows"]
        return {row[0].obj: row[3] for row in rows}

    assert pages(planner) == {
        world.youth_office: reverse("stakeholders:organisation-detail", args=[world.youth_office.pk]),
        cycle: reverse("workflows:cycle-detail", args=[cycle.pk]),
        meeting: reverse("workflows:meeting-detail", args=[meeting.pk]),
        submitted: reverse("workflows:recommendation-detail", args=[submitted.pk]),
        request: reverse("workflows:request-detail", args=[request.pk]),
        draft: "",
    }
    seen = pages(admin)
    assert seen[world.youth_office]
    assert not any(seen[thing] for thing in things[1:])


def test_the_way_from_a_thing_to_its_entries(world, client_as, admin):
    (entry,) = write(world, 1)
    client = client_as(admin)

    about = entries(client.get(LOG, {"about": f"organisation-{world.youth_office.pk}"}))
    assert entry in about
    assert {row.object_id for row in about} == {world.youth_office.pk}
    for nonsense in ("organisation-", "organisation-abc", "-1", "unsinn"):
        assert not entries(client.get(LOG, {"about": nonsense}))


def test_the_order_can_be_turned(world, client_as, admin):
    (first,) = write(world, 1, at=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))

    assert entries(client_as(admin).get(LOG, {"sort": "at"}))[0] == first
    assert entries(client_as(admin).get(LOG))[0] != first


def test_there_is_no_filter_by_person(world):
    form = LogFilterForm({}, territories=[], actions=[])

    assert not {"person", "user"} & set(form.fields)


def test_the_files_hold_what_is_seen(world, client_as, admin):
    write(world, 30, data={"reason": "=HYPERLINK()"})
    client = client_as(admin)

    csv = client.get(LOG, {"action": "measure.begun", "export": "csv"}).content.decode()
    assert csv.count("Maßnahme begonnen") == 30, "all pages"
    sheet = openpyxl.load_workbook(
        BytesIO(client.get(LOG, {"action": "measure.begun", "export": "xlsx"}).content)
    ).active
    assert isinstance(sheet["A2"].value, datetime.datetime)
    assert sheet["D2"].value == "Grund: =HYPERLINK()"
    assert sheet["E2"].value == "Sozialplanerin"


def test_pages_and_their_number_of_queries(world, client_as, admin):
    client = client_as(admin)
    LogEntry.objects.all()._raw_delete("default")

    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(LOG)
        return len(captured)

    write(world, 2)
    few = queries()
    write(world, 28)
    assert queries() == few
    assert len(entries(client.get(LOG))) == 25
    assert len(entries(client.get(LOG, {"page": 2}))) == 5


def test_who_reads_two_logs_chooses_one(world, client_as, admin):
    both = employed(admin, world.neighbour, Function.ADMINISTRATOR)
    (other,) = write(world, 1, territory=world.neighbour)
    (own,) = write(world, 1)
    client = client_as(both)

    assert {own, other} <= set(entries(client.get(LOG)))
    found = entries(client.get(LOG, {"territory": world.neighbour.pk}))
    assert other in found
    assert own not in found


def test_a_funders_administrator_reads_the_log_of_the_funder(world, client_as):
    someone = staff("Verwaltung Ministerium", world.funder, Function.ADMINISTRATOR)
    services.organisation_update(world.funder, name="MAGS", user=someone)

    found = entries(client_as(someone).get(LOG))

    assert {entry.territory for entry in found} == {world.funder}


def test_the_log_is_only_read(client_as, admin):
    assert client_as(admin).post(LOG).status_code == 405


def test_entries_cannot_be_changed_or_deleted(world):
    entry = LogEntry.objects.first()
    with pytest.raises(TypeError):
        entry.save()
    with pytest.raises(TypeError):
        entry.delete()


@pytest.mark.parametrize("manager", ["objects", "_base_manager"])
def test_many_entries_cannot_be_changed_or_deleted_either(world, manager):
    entries_ = getattr(LogEntry, manager).all()
    before = list(entries_.values())
    for act in (
        lambda: entries_.update(action="measure.begun"),
        lambda: entries_.delete(),
        lambda: entries_.bulk_update([entries_[0]], ["action"]),
        lambda: entries_.bulk_create(
            [], update_conflicts=True, update_fields=["action"], unique_fields=["id"]
        ),
        lambda: world.territory.log_entries.update(action="measure.begun"),
        lambda: world.territory.log_entries.all().delete(),
    ):
        with pytest.raises(TypeError):
            act()
    assert list(entries_.values()) == before
