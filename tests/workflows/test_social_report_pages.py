"""Planning's pages of the social report."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from monitoring.models import Domain
from stakeholders.models import User
from tests.chapters import Reports, make_reports
from tests.factories import World
from tests.stages import Stages
from workflows.models import ReportChapter, SocialReport

ClientAs = Callable[[User], Client]


@pytest.fixture
def reports(world: World, stages: Stages) -> Reports:
    return make_reports(world, stages)


def page(name: str, *keys: int) -> str:
    return reverse(f"workflows:{name}", args=keys)


def test_a_report_is_begun_and_changed(world: World, client_as: ClientAs) -> None:
    client = client_as(world.fresh("planner"))
    start = page("social-report-create", world.territory.pk)
    assert start in client.get(page("social-report-list")).content.decode()
    assert 'value="musterkreis"' in client.get(start).content.decode(), "an address is proposed"
    fields = {
        "title": "Sozialbericht",
        "slug": "musterkreis",
        "planning_unit": world.planning_unit.pk,
        "introduction": "",
    }
    assert client.post(start, fields | {"title": ""}).status_code == 422
    assert client.post(start, fields | {"slug": "mit leer"}).status_code == 422
    made = client.post(start, fields)
    report = SocialReport.objects.get()
    assert made["Location"] == page("social-report-detail", report.pk)
    assert client.get(start)["Location"] == page("social-report-detail", report.pk)
    assert client.get(page("social-report-list"))["Location"] == page("social-report-detail", report.pk)
    edit = page("social-report-edit", report.pk)
    assert client.post(edit, fields | {"title": "Neu"})["Location"] == page("social-report-detail", report.pk)
    report.refresh_from_db()
    assert (report.title, report.slug) == ("Neu", "musterkreis")


def test_chapters_are_added_moved_changed_and_archived(
    reports: Reports, world: World, client_as: ClientAs
) -> None:
    client = client_as(world.fresh("planner"))
    add = page("chapter-create", reports.report.pk)
    domain = Domain.objects.get(key="work")
    assert client.post(add, {"title": "Arbeit", "kind": "domain"}).status_code == 422
    assert client.post(add, {"title": "Arbeit", "kind": "domain", "domain": domain.pk}).status_code == 302
    assert client.post(add, {"title": "Ziele", "kind": "text", "domain": domain.pk}).status_code == 302
    first, second = ReportChapter.objects.order_by("position")
    assert second.domain is None, "a text has no topic"
    moved = client.post(page("chapter-move", second.pk), {"direction": "up"})
    assert moved["Location"].endswith(f"#k{second.pk}")
    assert list(reports.report.chapters.all()) == [second, first]
    edit = page("chapter-edit", first.pk)
    indicator = world.indicators[0]
    assert client.post(edit, {"title": "Lohn", "indicators": [indicator.pk]}).status_code == 302
    assert list(first.indicators.all()) == [indicator]
    archive = page("chapter-archive", second.pk)
    assert client.post(archive, {"reason": ""}).status_code == 422
    assert client.post(archive, {"reason": "Überholt"}).status_code == 302
    listed = client.get(page("social-report-detail", reports.report.pk)).content.decode()
    assert "Ziele" in listed
    assert "Überholt" in client.get(page("chapter-detail", second.pk)).content.decode()


def test_renewing_previewing_and_withdrawing(reports: Reports, world: World, client_as: ClientAs) -> None:
    planner, head = client_as(world.fresh("planner")), client_as(world.fresh("planning_head"))
    chapter = reports.chapter()
    begun = planner.post(page("chapter-renew", chapter.pk))
    assert "/tasks/" in begun["Location"]
    assert planner.post(page("chapter-renew", chapter.pk))["Location"] == page("chapter-detail", chapter.pk)
    renewal = chapter.renewals.get()
    preview = planner.get(page("renewal-preview", renewal.pk)).content.decode()
    assert "Zentrum Nord" in preview
    assert planner.post(page("renewal-give-up", renewal.pk), {"reason": "Später"}).status_code == 302
    assert planner.get(page("renewal-preview", renewal.pk)).status_code == 404, "there is nothing to come"
    edition = reports.edition(chapter)
    withdraw = page("edition-withdraw", edition.pk)
    history = planner.get(page("chapter-detail", chapter.pk)).content.decode()
    assert "Sozialplanerin" in history
    assert withdraw not in history
    assert withdraw in head.get(page("chapter-detail", chapter.pk)).content.decode()
    assert planner.post(withdraw, {"reason": "Falsch"}).status_code == 403
    assert head.post(withdraw, {"reason": ""}).status_code == 422
    assert head.post(withdraw, {"reason": "Falsch"}).status_code == 302
    assert head.post(withdraw, {"reason": "Falsch"}).status_code == 422, "already withdrawn"


def test_strangers_and_wrong_methods(reports: Reports, world: World, client_as: ClientAs) -> None:
    edition = reports.edition(reports.chapter())
    renewal = reports.renewal(edition.chapter)
    forms = {
        "social-report-edit": reports.report.pk,
        "chapter-create": reports.report.pk,
        "chapter-edit": edition.chapter_id,
        "chapter-archive": edition.chapter_id,
        "renewal-give-up": renewal.pk,
        "edition-withdraw": edition.pk,
    }
    posts = {"chapter-move": edition.chapter_id, "chapter-renew": edition.chapter_id}
    for name, key in (forms | posts).items():
        assert client_as(world.fresh("head")).post(page(name, key)).status_code == 403, name
        assert client_as(world.fresh("outsider")).post(page(name, key)).status_code == 404, name
        assert Client().post(page(name, key)).status_code == 302, name
    planner = client_as(world.fresh("planner"))
    for name, key in forms.items():
        assert planner.put(page(name, key)).status_code in {403, 405}, name
    for name, key in posts.items():
        assert planner.get(page(name, key)).status_code == 405, name
