"""Public pages of a plan: only what was released, no secret number, no cookie, gone when taken back."""

import datetime
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from measures.models import (
    FigureReport,
    FinanceLine,
    Measure,
    Milestone,
    PlanRelease,
    ReportingRound,
    RoundReport,
    RoundReportState,
)
from measures.selectors.releases import change_log
from measures.services.measures import measure_create
from measures.services.releases import (
    FIELDS,
    content_mark,
    plan_release,
    plan_withdraw,
    release_content,
)
from project.common.errors import DomainError
from stakeholders.models import LogEntry
from tests import factories
from tests.factories import World
from tests.measures.test_services_measures import fields, figure

D = datetime.date
#: One word of each field, found nowhere else.
WORDS = {
    "short_description": "kurzwort",
    "description": "langwort",
    "effect_hypothesis": "wirkwort",
    "target_group": "zielwort",
    "partners": "beitragswort",
    "milestones": "etappenwort",
    "finance": "kostenwort",
}
CONTACTS = ("kontaktwort", "kontakt@example.org", "0228 4711")


@pytest.fixture
def measure(world: World) -> Measure:
    made = measure_create(
        plan=world.plan,
        user=world.fresh("planner"),
        **fields(
            world,
            short_description="kurzwort",
            description="langwort",
            effect_hypothesis="wirkwort",
            target_group="zielwort",
            partners=[(world.provider, "beitragswort")],
            contact_function=CONTACTS[0],
            contact_email=CONTACTS[1],
            contact_phone=CONTACTS[2],
            key_figures=[figure(title="Kinder im Kurs"), figure(title="Plätze", baseline=Decimal(40))],
        ),
    )
    Milestone.objects.create(
        measure=made, title="etappenwort", planned_on=D(2026, 3, 1), due_on=D(2026, 3, 1)
    )
    FinanceLine.objects.create(measure=made, kind="cost", title="kostenwort", amount=Decimal(1234))
    return made


def report(world: World, measure: Measure, value: int) -> None:
    reporting_round = ReportingRound.objects.create(
        plan=world.plan, reference_on=D(2026, 6, 30), due_on=D(2026, 7, 31), opened_by=world.people["planner"]
    )
    made = RoundReport.objects.create(
        round=reporting_round,
        organisation=measure.responsible,
        state=RoundReportState.CONFIRMED,
        confirmed_at=timezone.now(),
    )
    for row in measure.key_figures.all():
        FigureReport.objects.create(report=made, key_figure=row, value=value, comment="Kommentarwort")


def release(world: World, *names: str, measures: list[Measure] | None = None, note: str = "") -> PlanRelease:
    rows = measures if measures is not None else list(world.plan.measures.all())
    keys = [row.pk for row in rows]
    mark = content_mark(release_content(world.plan, fields=names, measures=keys))
    return plan_release(
        world.plan, fields=names, measures=keys, note=note, seen=mark, user=world.fresh("planner")
    )


def addresses(world: World, measure: Measure) -> list[str]:
    pk = world.plan.pk
    return [
        reverse("workflows:public-plan-list"),
        reverse("workflows:public-plan", args=[pk]),
        reverse("workflows:public-measure", args=[pk, measure.pk]),
        *(
            reverse(f"workflows:public-plan-{name}", args=[pk])
            for name in ("timeline", "figures", "changes", "feed", "data")
        ),
        *(reverse(f"workflows:public-plan-embed-{kind}", args=[pk]) for kind in ("timeline", "figures")),
    ]


def walk(world: World, measure: Measure) -> str:
    """All public pages as one text, without sign-in."""
    client = Client()
    texts = []
    for address in addresses(world, measure):
        response = client.get(address)
        assert response.status_code == 200, address
        assert not response.cookies, address
        texts.append(response.content.decode())
    return "\n".join(texts)


def test_nothing_is_public_before_it_is_released(world: World, measure: Measure) -> None:
    for address in addresses(world, measure)[1:]:
        assert Client().get(address).status_code == 404, address
    assert measure.title not in Client().get(addresses(world, measure)[0]).content.decode()


@pytest.mark.parametrize("name", WORDS)
def test_only_released_fields_are_told(world: World, measure: Measure, name: str) -> None:
    release(world, name)
    text = walk(world, measure)
    assert WORDS[name] in text
    for other, word in WORDS.items():
        assert (word in text) == (other == name), word


def test_contacts_and_comments_are_never_told(world: World, measure: Measure) -> None:
    report(world, measure, 50)
    release(world, *FIELDS)
    text = walk(world, measure)
    assert all(word in text for word in WORDS.values())
    assert not any(word in text for word in (*CONTACTS, "Kommentarwort"))


def test_measures_not_chosen_are_not_told(world: World, measure: Measure) -> None:
    other = measure_create(
        plan=world.plan, user=world.fresh("planner"), **fields(world, title="Geheimprojekt")
    )
    release(world, *FIELDS, measures=[measure])
    assert "Geheimprojekt" not in walk(world, measure)
    assert (
        Client().get(reverse("workflows:public-measure", args=[world.plan.pk, other.pk])).status_code == 404
    )


def test_small_counts_of_people_are_never_told(world: World, measure: Measure, settings: Any) -> None:
    settings.SECRECY_THRESHOLD = 900
    unit = measure.key_figures.first().unit  # type: ignore[union-attr]
    unit.is_count = True
    unit.save()
    report(world, measure, 777)
    measure.key_figures.filter(title="Plätze").update(baseline=Decimal(888))
    content = release(world, *FIELDS).content
    assert "777" not in json.dumps(content)
    assert "888" not in json.dumps(content)
    assert not re.search("777|888", walk(world, measure))


def test_what_becomes_secret_later_is_hidden_at_once(world: World, measure: Measure, settings: Any) -> None:
    unit = measure.key_figures.first().unit  # type: ignore[union-attr]
    unit.is_count = True
    unit.save()
    report(world, measure, 777)
    release(world, *FIELDS)
    assert "777" in walk(world, measure)
    settings.SECRECY_THRESHOLD = 900
    assert "777" not in walk(world, measure)


def test_later_changes_show_only_with_the_next_release(world: World, measure: Measure) -> None:
    release(world, "description")
    Measure.objects.update(description="neuwort")
    assert "neuwort" not in walk(world, measure)
    release(world, "description", note="Neu gefasst")
    text = walk(world, measure)
    assert "neuwort" in text
    assert "Neu gefasst" in text


def test_taken_back_it_is_gone_and_its_changes_with_it(world: World, measure: Measure) -> None:
    release(world, "description", note="Erste")
    plan_withdraw(world.plan, note="", user=world.fresh("planner"))
    for address in addresses(world, measure)[1:]:
        assert Client().get(address).status_code == 404, address
    with pytest.raises(DomainError) as refused:
        plan_withdraw(world.plan, note="", user=world.fresh("planner"))
    assert refused.value.code == "not_released"
    release(world, "stage", note="Zweite")
    assert [row.release.note for row in change_log(world.plan)] == ["Zweite"]
    actions = set(LogEntry.objects.filter(action__startswith="plan.").values_list("action", flat=True))
    assert actions == {"plan.released", "plan.withdrawn"}


def test_the_change_log_names_fields_and_no_measure_that_went(world: World, measure: Measure) -> None:
    gone = measure_create(
        plan=world.plan, user=world.fresh("planner"), **fields(world, title="Geheimprojekt")
    )
    release(world, "description", measures=[measure, gone])
    Measure.objects.filter(pk=measure.pk).update(description="neuwort")
    release(world, "description", measures=[measure])
    newest, first = change_log(world.plan)
    (row,) = newest.rows
    assert (row.key, row.kind, [str(label) for label in row.fields]) == (
        measure.pk,
        "changed",
        [str(FIELDS["description"])],
    )
    assert first.rows == ()
    assert "Geheimprojekt" not in walk(world, measure)


def test_what_was_not_looked_at_is_not_released(world: World, measure: Measure) -> None:
    mark = content_mark(release_content(world.plan, fields=["description"], measures=[measure.pk]))
    Measure.objects.update(description="anders")
    with pytest.raises(DomainError) as refused:
        plan_release(
            world.plan,
            fields=["description"],
            measures=[measure.pk],
            note="",
            seen=mark,
            user=world.fresh("planner"),
        )
    assert refused.value.code == "changed_meanwhile"


def test_only_planning_releases(world: World, measure: Measure, client_as: Any) -> None:
    with pytest.raises(PermissionDenied):
        plan_release(world.plan, fields=[], measures=[measure.pk], note="", seen="", user=world.fresh("head"))
    release(world, "description")
    with pytest.raises(PermissionDenied):
        plan_withdraw(world.plan, note="", user=world.fresh("head"))


def test_planning_sees_releases_and_takes_back_on_the_page(
    world: World, measure: Measure, client_as: Any
) -> None:
    client = client_as(world.people["planner"])
    address = reverse("workflows:plan-release", args=[world.plan.pk])
    assert client.get(address).status_code == 200
    data = {"fields_told": ["description", "figures"], "measures": [measure.pk], "note": "Los"}
    shown = client.post(address, data)
    assert "langwort" in shown.content.decode()
    assert "kurzwort" not in shown.content.decode()
    assert not PlanRelease.objects.exists()
    data |= {"seen": shown.context["preview"]["mark"], "release": "1"}
    assert client.post(address, data).status_code == 302
    assert "&lt;iframe" in client.get(address).content.decode()
    assert client.post(reverse("workflows:plan-withdraw", args=[world.plan.pk])).status_code == 302
    assert PlanRelease.objects.count() == 2


def test_all_or_no_measures_are_ticked_without_a_script(
    world: World, measure: Measure, client_as: Any
) -> None:
    factories.measure(world.plan, world.youth_office)
    keys = [str(row.pk) for row in Measure.objects.order_by("pk")]
    client = client_as(world.people["planner"])
    address = reverse("workflows:plan-release", args=[world.plan.pk])
    typed = {"fields_told": ["dates"], "note": "Stand Juni", "measures": keys[:1]}
    for button, ticked in (("tick_all", keys), ("tick_none", [])):
        response = client.post(address, typed | {button: "1", "release": "1"})
        form = response.context["form"]
        assert response.status_code == 200
        assert sorted(form["measures"].value()) == ticked
        assert (form["fields_told"].value(), form["note"].value()) == (["dates"], "Stand Juni")
        html = response.content.decode()
        assert html.count("checked") == len(ticked) + 1
        assert "data-error-summary" not in html
        assert not response.context["preview"]
    assert not PlanRelease.objects.exists()
    # What Enter presses comes first and is no button that ticks or releases.
    first = html[html.index('<form method="post" class="pg-form') :]
    assert re.findall(r"<button[^>]*>", first)[0] == '<button type="submit" hidden>'
    # Nothing sent at all is told like something left out.
    assert client.post(address, {}).status_code == 422


def test_only_embedded_parts_stand_in_foreign_frames(world: World, measure: Measure) -> None:
    release(world, *FIELDS)
    for address in addresses(world, measure):
        response = Client().get(address)
        policy = response.headers["Content-Security-Policy"]
        if "/embed/" in address:
            assert "frame-ancestors *" in policy
            assert "X-Frame-Options" not in response.headers
        else:
            assert "frame-ancestors 'none'" in policy
            assert response.headers["X-Frame-Options"] == "DENY"


def test_search_filter_language_and_cache(world: World, measure: Measure) -> None:
    release(world, *FIELDS)
    address = reverse("workflows:public-plan", args=[world.plan.pk])
    client = Client()
    assert measure.title in client.get(address, {"q": "zielwort"}).content.decode()
    assert measure.title not in client.get(address, {"q": "nirgends"}).content.decode()
    english = client.get(address, {"lang": "en"})
    assert 'lang="en"' in english.content.decode()
    assert english.headers["Content-Language"] == "en"
    assert not english.cookies
    first = client.get(address)
    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, first.headers["Cache-Control"]) == (304, "public, no-cache")
    assert client.post(address).status_code == 405


def test_feed_and_data_can_be_read(world: World, measure: Measure) -> None:
    release(world, *FIELDS, note="Erste Freigabe")
    feed = Client().get(reverse("workflows:public-plan-feed", args=[world.plan.pk]))
    assert feed.headers["Content-Type"].startswith("application/atom+xml")
    assert "Erste Freigabe" in feed.content.decode()
    data = Client().get(reverse("workflows:public-plan-data", args=[world.plan.pk])).json()
    assert (data["release"], data["measures"][0]["description"]) == (1, "langwort")
