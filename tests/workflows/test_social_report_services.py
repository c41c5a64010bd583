"""Writes of the social report: each success with its log entry, each rule that forbids one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from monitoring.models import Domain, Value
from project.common.errors import DomainError
from stakeholders.models import Function, LogEntry
from tests import factories
from tests.chapters import TEXT, Reports, make_reports
from tests.factories import World
from tests.stages import Stages
from workflows.chapters import fingerprint, read_figures
from workflows.demo import driver
from workflows.drafting import chapter_draft
from workflows.models import ChapterEdition, ChapterKind, EditionWithdrawal, RenewalState, SocialReport
from workflows.renewing import chapter_renew, renewal_give_up
from workflows.selectors.chapter_figures import freeze_chapter
from workflows.selectors.social_report import chapter_lines, contents_of
from workflows.services.renewals import renewal_end, renewal_review, renewal_save, renewal_submit
from workflows.services.social_report import (
    chapter_add,
    chapter_archive,
    chapter_change,
    chapter_move,
    edition_withdraw,
    public_address,
    report_begin,
    report_change,
)


@pytest.fixture
def reports(world: World, stages: Stages) -> Reports:
    return make_reports(world, stages)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(DomainError) as error, transaction.atomic():
        act()
    return error.value.code


def logged(action: str) -> LogEntry:
    return LogEntry.objects.filter(action=action).latest("pk")


# --- the frame -------------------------------------------------------------------------------------


def test_the_frame_of_a_report(reports: Reports, world: World) -> None:
    report, planner = reports.report, world.fresh("planner")
    assert logged("social_report.begun").territory == world.territory
    frame: dict[str, Any] = {"planning_unit": world.planning_unit, "title": "Neu", "introduction": "Anfang"}
    report_change(report, user=planner, **frame)
    report.refresh_from_db()
    assert (report.title, report.introduction, report.slug) == ("Neu", "Anfang", "musterkreis")
    assert logged("social_report.changed").user == planner

    again = {"planning_unit": world.planning_unit, "slug": "zweiter", "title": "Zweiter"}
    assert code_of(lambda: report_begin(world.territory, user=planner, **again)) == "report_exists"
    foreign = frame | {"planning_unit": world.youth_office}
    assert code_of(lambda: report_change(report, user=planner, **foreign)) == "foreign_planning_unit"
    assert code_of(lambda: report_change(report, user=planner, **frame | {"title": " "})) == "invalid"
    for name in ("head", "chair", "outsider", "admin"):
        with pytest.raises(PermissionDenied):
            report_change(report, user=world.fresh(name), **frame)
        with pytest.raises(PermissionDenied):
            report_begin(world.territory, user=world.fresh(name), **again)
    neighbour_unit = world.people["outsider"].memberships.get().organisation
    taken = {"planning_unit": neighbour_unit, "slug": "musterkreis", "title": "Nachbarn"}
    outsider = world.fresh("outsider")
    assert code_of(lambda: report_begin(world.neighbour, user=outsider, **taken)) == "invalid"


def test_chapters_are_added_changed_moved_and_archived(reports: Reports, world: World) -> None:
    planner, domain = world.fresh("planner"), Domain.objects.get(key="work")
    first = reports.chapter(title="Arbeit & Löhne")
    second = reports.chapter(title="Arbeit & Löhne")
    third = reports.chapter(ChapterKind.TEXT, "Ziele")
    assert [row.slug for row in (first, second, third)] == ["arbeit-loehne", "arbeit-loehne-2", "ziele"]
    assert logged("chapter.added").user == planner

    assert chapter_move(third, is_up=True, user=planner)
    assert not chapter_move(first, is_up=True, user=planner), "it is the first"
    order = [line.chapter for line in chapter_lines(reports.report)]
    assert order == [first, third, second]
    assert logged("chapter.moved").object_id == third.pk

    chapter_change(first, title="Arbeit", indicators=world.indicators[:1], user=planner)
    first.refresh_from_db()
    assert (first.title, list(first.indicators.all())) == ("Arbeit", world.indicators[:1])
    assert logged("chapter.changed").object_id == first.pk

    assert code_of(lambda: chapter_archive(second, reason=" ", user=planner)) == "reason_missing"
    reports.renewal(second)
    assert code_of(lambda: chapter_archive(second, reason="Doppelt", user=planner)) == "renewal_open"
    renewal_give_up(second.renewals.get(), reason="Doppelt", user=planner)
    chapter_archive(second, reason="Doppelt", user=planner)
    second.refresh_from_db()
    assert (second.is_archived, logged("chapter.archived").data["reason"]) == (True, "Doppelt")
    for act in (
        lambda: chapter_archive(second, reason="Noch einmal", user=planner),
        lambda: chapter_change(second, title="Neu", user=planner),
        lambda: chapter_move(second, is_up=True, user=planner),
        lambda: chapter_renew(second, user=planner),
    ):
        assert code_of(act) == "chapter_archived"

    def add(**kwargs: Any) -> object:
        return chapter_add(reports.report, title="Neu", user=planner, **kwargs)

    other = factories.indicator(domain=Domain.objects.create(key="health", name_de="G", name_en="H"))
    kind = ChapterKind.DOMAIN
    assert code_of(lambda: add(kind=kind)) == "domain_missing"
    assert code_of(lambda: add(kind=ChapterKind.TEXT, domain=domain)) == "domain_unwanted"
    assert code_of(lambda: add(kind=kind, domain=domain, indicators=[other])) == "foreign_indicator"
    assert code_of(lambda: chapter_change(third, title=" ", user=planner)) == "invalid"
    for name in ("head", "admin", "outsider"):
        user = world.fresh(name)
        for act in (
            lambda user=user: chapter_add(reports.report, title="N", kind="text", user=user),
            lambda user=user: chapter_change(first, title="N", user=user),
            lambda user=user: chapter_move(first, is_up=False, user=user),
            lambda user=user: chapter_archive(first, reason="N", user=user),
            lambda user=user: chapter_renew(first, user=user),
        ):
            with pytest.raises(PermissionDenied):
                act()


def test_an_address_is_plain() -> None:
    assert public_address("Ärzte, Öffnungszeiten & Straßen") == "aerzte-oeffnungszeiten-strassen"
    assert public_address("???") == ""


# --- renewals --------------------------------------------------------------------------------------


def test_a_renewal_is_open_once_and_needs_figures(reports: Reports, world: World) -> None:
    planner = world.fresh("planner")
    chapter = reports.chapter()
    renewal = reports.renewal(chapter)
    assert code_of(lambda: chapter_renew(chapter, user=planner)) == "renewal_open"
    assert "Kennwert sgb2_rate (" not in renewal.text
    assert "Zentrum Nord (34,0" in renewal.text, "the draft names the highest"
    assert code_of(lambda: renewal_submit(renewal, text=" ", user=planner)) == "text_missing"
    assert code_of(lambda: renewal_end(renewal, reason=" ", user=planner)) == "reason_missing"
    with pytest.raises(PermissionDenied):
        renewal_save(renewal, text=TEXT, user=world.fresh("head"))
    driver.write_chapter(renewal, TEXT, user=planner)
    assert code_of(lambda: renewal_save(renewal, text=TEXT, user=planner)) == "not_being_written"
    assert code_of(lambda: renewal_submit(renewal, text=TEXT, user=planner)) == "not_being_written"

    empty = Domain.objects.create(key="empty", name_de="Leer", name_en="Empty")
    nothing = reports.chapter(title="Leer", domain=empty)
    assert code_of(lambda: chapter_renew(nothing, user=planner)) == "no_figures"


def test_releasing_takes_another_person_and_the_figures_that_were_read(
    reports: Reports, world: World
) -> None:
    head = world.fresh("planning_head")
    chapter = reports.chapter()
    renewal = reports.submitted(chapter)
    assert code_of(lambda: renewal_review(renewal, is_released=False, reason=" ", user=head)) == (
        "reason_missing"
    )
    with pytest.raises(PermissionDenied):
        renewal_review(renewal, is_released=True, user=world.fresh("planner"))
    Value.objects.filter(indicator=world.indicators[0], year=2024, area=world.areas[0]).update(value=55.5)
    assert code_of(lambda: renewal_review(renewal, is_released=True, user=head)) == "figures_changed"
    driver.release_chapter(renewal, is_released=False, reason="Neue Zahlen", user=head)
    assert (renewal.state, renewal.return_reason) == (RenewalState.RETURNED, "Neue Zahlen")
    driver.write_chapter(renewal, TEXT, user=world.fresh("planner"))
    driver.release_chapter(renewal, user=head)
    assert code_of(lambda: renewal_review(renewal, is_released=True, user=head)) == "not_submitted"
    edition = chapter.editions.get()
    assert edition.figures_sha256 == fingerprint(edition.figures)
    assert edition.indicators.count() == len(world.indicators)

    own = reports.chapter(ChapterKind.TEXT, "Ziele")
    written = chapter_renew(own, user=head)
    assert code_of(lambda: renewal_submit(written, text=TEXT, user=head)) == "nobody_to_release"
    factories.staff("Stellvertretung", world.planning_unit, Function.DEPUTY)
    driver.write_chapter(written, TEXT, user=head)
    assert code_of(lambda: renewal_review(written, is_released=True, user=head)) == "four_eyes"


def test_an_edition_is_never_changed(reports: Reports, world: World) -> None:
    edition = reports.edition(reports.chapter())
    frozen = dict(edition.figures)
    Value.objects.filter(indicator=world.indicators[0]).update(value=1.5)
    world.areas[0].name = "Umbenannt"
    world.areas[0].save()
    stored = ChapterEdition.objects.get(pk=edition.pk)
    assert stored.figures == frozen
    assert fingerprint(stored.figures) == stored.figures_sha256
    for act in (
        lambda: stored.save(),
        lambda: stored.delete(),
        lambda: ChapterEdition.objects.update(text="x"),
        lambda: ChapterEdition.objects.all().delete(),
    ):
        with pytest.raises(TypeError):
            act()
    renewal = reports.renewal(stored.chapter)
    with pytest.raises(IntegrityError), transaction.atomic():
        ChapterEdition.objects.create(
            chapter=stored.chapter,
            number=2,
            renewal=renewal,
            title="T",
            text="T",
            figures={},
            figures_sha256="0" * 64,
            data_at=timezone.now(),
            published_on=timezone.localdate(),
            written_by=stored.written_by,
            released_by=stored.written_by,
        )


def test_an_edition_is_withdrawn_by_who_releases(reports: Reports, world: World) -> None:
    head = world.fresh("planning_head")
    edition = reports.edition(reports.chapter())
    assert code_of(lambda: edition_withdraw(edition, reason=" ", user=head)) == "reason_missing"
    for name in ("planner", "head", "outsider"):
        with pytest.raises(PermissionDenied):
            edition_withdraw(edition, reason="Falsch", user=world.fresh(name))
    edition_withdraw(edition, reason="Falsch", user=head)
    assert code_of(lambda: edition_withdraw(edition, reason="Falsch", user=head)) == "already_withdrawn"
    assert EditionWithdrawal.objects.get().reason == "Falsch"
    assert logged("edition.withdrawn").data["reason"] == "Falsch"
    (line,) = contents_of(reports.report)
    assert line.is_withdrawn
    (own,) = chapter_lines(reports.report)
    assert own.is_withdrawn
    assert not own.is_public


# --- the other kinds, and newer figures ------------------------------------------------------------


def test_index_and_areas_follow_the_run_of_the_cycle(reports: Reports, world: World) -> None:
    index = reports.edition(reports.chapter(ChapterKind.INDEX, "Index"))
    assert index.run == reports.cycle.index_run
    assert [row["rank"] for row in index.figures["results"]] == [1, 2, 3, 4]
    assert "indicators" not in index.figures, "the index tells no figure of an area"
    renewal = reports.renewal(reports.chapter(ChapterKind.AREAS, "Gebiete"))
    assert "## Zentrum Nord" in renewal.text
    assert "- SGB-II-Quote" in renewal.text, "the text of the profile"
    text = reports.edition(reports.chapter(ChapterKind.TEXT, "Ziele"))
    again = reports.renewal(text.chapter)
    assert again.text == text.text, "of text only, the last one is gone on with"


def test_a_draft_leaves_out_lines_on_a_mean_that_is_secret(reports: Reports) -> None:
    """The profile was written before: it names the mean beside the figure."""
    figures = freeze_chapter(reports.chapter(ChapterKind.AREAS, "Gebiete"), reports.cycle).figures
    area = figures["outstanding"][0]
    name = figures["indicators"][0]["name_de"]
    profiles = {area: [("Schwächen", [f"{name}: 20 %, das Mittel ist 12 %"])]}
    assert f"{name}: 20 %" in chapter_draft(read_figures(figures), None, profiles)
    hidden = [(row["pk"], row["year"], None) for row in figures["indicators"]]
    assert f"{name}: 20 %" not in chapter_draft(read_figures(figures, hidden), None, profiles)


def test_newer_figures_are_told(reports: Reports, world: World) -> None:
    chapter = reports.chapter()
    reports.edition(chapter)
    (line,) = chapter_lines(reports.report)
    assert line.new_data_at is None
    values = {(world.indicators[0], area, 2024): 20.0 + place for place, area in enumerate(world.areas)}
    delivery = factories.delivery(world.jobcenter, values, world.fresh("jobcenter_head"))
    Value.objects.filter(indicator=world.indicators[0], year=2024, is_current=True).update(is_current=False)
    delivery.values.update(is_current=True)
    delivery.accepted_at = timezone.now()
    delivery.save()
    (line,) = chapter_lines(reports.report)
    assert line.new_data_at == delivery.accepted_at
    edition = reports.edition(chapter)
    assert edition.number == 2
    (line,) = chapter_lines(reports.report)
    assert line.new_data_at is None


def test_without_a_cycle_nothing_is_reported(world: World) -> None:
    planner = world.fresh("planner")
    report: SocialReport = report_begin(
        world.territory, planning_unit=world.planning_unit, slug="m", title="Bericht", user=planner
    )
    chapter = chapter_add(report, title="Ziele", kind=ChapterKind.TEXT, user=planner)
    assert code_of(lambda: chapter_renew(chapter, user=planner)) == "no_cycle"
    factories.make_cycle(world)
    index = chapter_add(report, title="Index", kind=ChapterKind.INDEX, user=planner)
    assert code_of(lambda: chapter_renew(index, user=planner)) == "no_index"


@pytest.mark.parametrize("count", [2, 20])
def test_the_list_costs_the_same_for_many_chapters(
    reports: Reports, count: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(count):
        reports.edition(reports.chapter(ChapterKind.TEXT, f"Kapitel {number}"))
    with django_assert_max_num_queries(8):
        chapter_lines(reports.report)
    with django_assert_max_num_queries(1):
        assert len(contents_of(reports.report)) == count
