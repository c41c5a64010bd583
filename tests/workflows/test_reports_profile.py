"""Profile and booklet as papers: content, pages, standards, secrecy, rights."""

from __future__ import annotations

import dataclasses
import datetime
import io
import re
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from monitoring.deviations import Deviation, chart_words, deviation_chart
from monitoring.models import Area, AreaSuccession
from project.common.formats import signed_de
from project.common.svg import Rect, to_svg
from stakeholders.models import User
from tests import factories
from tests.factories import World
from tests.pdfua.profiles import YEAR, profiles
from tests.pdfua.validator import faults_of
from tests.stages import Stages
from workflows.models import AreaProfile, Confidence, PlanningCycle, SourceGroup, Statement
from workflows.reports import booklet, profile
from workflows.reports.profile import ProfileData
from workflows.selectors.analysis import profiles_seen_by

ClientAs = Callable[[User], Client]


@pytest.fixture(scope="module")
def papers() -> list[ProfileData]:
    """Of the 81 areas of the demo."""
    return profiles()


def read(content: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(content))


def text_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in read(content).pages)


def descriptions(content: bytes) -> list[str]:
    """What figures say to people who do not see them."""
    reader = read(content)
    objects = [reader.get_object(number) for number in reader.xref[0]]
    return [str(found["/Alt"]) for found in objects if isinstance(found, dict) and "/Alt" in found]


def plain(text: str) -> str:
    """Without the places where lines break."""
    return "".join(text.replace("\N{SOFT HYPHEN}", "").split())


# --- papers ----------------------------------------------------------------------------------------


def test_profile_and_booklet_pass_pdf_ua_1_and_pdf_a_2a(tmp_path: Path, papers: list[ProfileData]) -> None:
    files = {
        "profile": profile.render(papers[0], language="de"),
        "draft": profile.render(profiles(is_released=False)[0], language="de"),
        "booklet": booklet.render(papers[:4], language="en"),
    }
    assert faults_of(files, tmp_path) == []


def test_every_profile_has_two_to_four_pages(papers: list[ProfileData]) -> None:
    counts = {row.area.name: len(read(profile.render(row, language="de")).pages) for row in papers}
    assert len(counts) == 81
    assert {name: count for name, count in counts.items() if not 2 <= count <= 4} == {}


def test_a_profile_says_everything(papers: list[ProfileData]) -> None:
    data = papers[0]
    assert data.result is not None
    text = plain(text_of(profile.render(data, language="de")))
    assert plain(data.area.name) in text
    assert plain(f"Rang {data.result.rank} von 81") in text
    assert plain("freigegeben am 19.09.2026") in text or plain("released on 19.09.2026") in text
    assert plain("Planungszyklus 2026–2028") in text
    assert plain(data.result.how_sure) in text
    for line in data.profile.strengths.splitlines() + data.profile.weaknesses.splitlines():
        assert plain(line) in text
    for row in data.lines:
        assert text.count(plain(row.indicator.name)) >= 2  # in the chart and in the table
    who = f"Jugendamt ({SourceGroup.RESIDENTS.label}) erklärt"
    assert plain(who) in text
    assert plain(str(Confidence.LIKELY.label)) in text
    assert plain(data.statements[0].text) in text
    assert "Beispielwerte" in text


def test_secret_figures_stay_secret(papers: list[ProfileData]) -> None:
    data = papers[0]
    hidden = [row for row in data.lines if row.shown.is_secret]
    assert len(hidden) == 1
    content = profile.render(data, language="de")
    text = text_of(content)
    assert "unbekannt oder geheim" in text
    # Neither number nor deviation: not in the table, not in the words for those who see no chart.
    name = hidden[0].indicator.name
    assert re.search(rf"^{re.escape(name)}\n\.\n{YEAR}\n", text, re.MULTILINE)
    described = " ".join(descriptions(content))
    assert f"{name}: –" in described
    shown = next(row for row in data.lines if row.z is not None)
    assert f"{shown.indicator.name}: {signed_de(shown.z)}" in described


def test_a_draft_is_marked_on_every_page_and_a_released_one_is_not(papers: list[ProfileData]) -> None:
    drafts = profiles(is_released=False)
    for content in (profile.render(drafts[0], language="en"), booklet.render(drafts[:2], language="en")):
        assert all("Draft" in page.extract_text() for page in read(content).pages)
    assert "Draft" not in text_of(profile.render(papers[0], language="en"))


def test_same_data_same_bytes_in_each_language(papers: list[ProfileData]) -> None:
    first = profile.render(papers[0], language="de")
    assert profile.render(papers[0], language="de") == first
    english = profile.render(papers[0], language="en")
    assert english != first
    assert "Strengths" in text_of(english)
    assert "Stärken" in text_of(first)
    assert booklet.render(papers[:3], language="de") == booklet.render(papers[:3], language="de")


def test_the_booklet_has_every_profile_on_a_page_of_its_own(papers: list[ProfileData]) -> None:
    reader = read(booklet.render(papers[:9], language="de"))
    starts = []
    for data in papers[:9]:
        starts.append(
            next(
                number
                for number, page in enumerate(reader.pages)
                if number and plain(data.area.name) in plain(page.extract_text())
            )
        )
    assert starts == sorted(set(starts))
    contents = reader.pages[0].extract_text()
    assert [str(start + 1) for start in starts] == contents.split()[-9:]
    assert [entry.title for entry in reader.outline] == [data.area.name for data in papers[:9]]  # type: ignore[union-attr]
    # No page holds a heading only.
    assert all(len(page.extract_text()) > 300 for page in reader.pages)


def test_a_booklet_needs_profiles() -> None:
    with pytest.raises(ValueError, match="profiles"):
        booklet.render([], language="de")


def test_without_index_map_and_texts_there_is_a_profile_all_the_same(papers: list[ProfileData]) -> None:
    bare = dataclasses.replace(
        papers[0],
        profile=AreaProfile(cycle=papers[0].cycle, area=Area(key="1", name="Ort"), choice_reason="Hinweis"),
        run=None,
        result=None,
        lines=(),
        results=(),
        shapes=None,
        statements=(),
    )
    text = text_of(profile.render(bare, language="en"))
    assert "Hinweis" in text
    assert "No index has been computed for this cycle." in text


def test_the_map_has_a_legend_and_the_hash_stands_once(papers: list[ProfileData]) -> None:
    data = papers[0]
    assert data.run is not None
    content = profile.render(data, language="en")
    text = text_of(content)
    assert text.count(data.run.inputs_sha256) == 1
    legend = next(words for words in descriptions(content) if "up to" in words)
    assert data.area.name in legend, "what the outline is"
    counts = [int(count) for count in re.findall(r"\((\d+)\)", legend)]
    assert sum(counts) == len(data.results)


def test_a_tip_at_a_bar_is_explained_where_there_is_one(papers: list[ProfileData]) -> None:
    with translation.override("en"):
        assert "tip" not in chart_words([1.0, None, -3.0])
        assert "beyond 3" in chart_words([1.0, -3.1])


# --- chart -----------------------------------------------------------------------------------------


def test_bars_lie_on_their_side_and_end_at_the_limit() -> None:
    chart = deviation_chart([Deviation("A", 1.5), Deviation("B", -9.0), Deviation("C", None)], title="T")
    bars = [shape for shape in chart.shapes if isinstance(shape, Rect) and "value--" in shape.css]
    grounds = [shape for shape in chart.shapes if isinstance(shape, Rect) and "ground" in shape.css]
    middle = grounds[0].x + grounds[0].width / 2
    assert (bars[0].x, bars[0].width) == (middle, grounds[0].width / 4)
    assert (bars[1].x, bars[1].x + bars[1].width) == (grounds[0].x, middle)
    assert "C: –" in chart.description
    assert "−9,0" in chart.description
    assert to_svg(chart).count("<rect") == 5


def test_long_names_take_more_lines_and_no_chart_is_empty() -> None:
    short = deviation_chart([Deviation("A", 1.0)], title="T")
    long = deviation_chart([Deviation("Anteil " * 20, 1.0)], title="T", has_directions=False)
    assert long.height > short.height
    with pytest.raises(ValueError, match="rows"):
        deviation_chart([], title="T")


# --- pages -----------------------------------------------------------------------------------------


@pytest.fixture
def cycle(stages: Stages) -> PlanningCycle:
    """Two released profiles; the conference is running and one statement is given."""
    found = stages.in_conference()
    stages.statement(found)
    return found


def pdf(client: Client, cycle: PlanningCycle, area: Area) -> bytes:
    answer = client.get(reverse("workflows:profile-pdf", args=[cycle.profiles.get(area=area).pk]))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    return bytes(answer.content)


def test_the_pages_link_to_their_papers(client_as: ClientAs, planner: User, cycle: PlanningCycle) -> None:
    client = client_as(planner)
    chosen = cycle.profiles.first()
    assert chosen is not None
    paper = reverse("workflows:profile-pdf", args=[chosen.pk])
    whole = reverse("workflows:profile-booklet", args=[cycle.pk])
    assert paper in client.get(reverse("workflows:profile-detail", args=[chosen.pk])).content.decode()
    assert whole in client.get(reverse("workflows:profile-list", args=[cycle.pk])).content.decode()


def test_downloads_have_german_names(client_as: ClientAs, planner: User, cycle: PlanningCycle) -> None:
    client = client_as(planner)
    chosen = cycle.profiles.order_by("area__name")[0]
    name = client.get(reverse("workflows:profile-pdf", args=[chosen.pk]))["Content-Disposition"]
    assert name.startswith("attachment")
    assert "Steckbrief" in name
    assert "Altstadt" in name
    whole = client.get(reverse("workflows:profile-booklet", args=[cycle.pk]))["Content-Disposition"]
    assert "Steckbriefe" in whole
    assert ".pdf" in whole


def test_paper_and_page_hold_the_same_figures(
    client_as: ClientAs, planner: User, cycle: PlanningCycle, world: World
) -> None:
    client = client_as(planner)
    profile_row = cycle.profiles.get(area=world.areas[0])
    page = client.get(reverse("workflows:profile-detail", args=[profile_row.pk]))
    text = plain(text_of(pdf(client, cycle, world.areas[0])))
    assert page.context["rows"]
    for row in page.context["rows"]:
        assert plain(row.indicator.name) in text
        if row.text:
            assert plain(row.text) in text


def test_page_and_paper_say_how_sure_the_place_is(
    client_as: ClientAs, planner: User, cycle: PlanningCycle, world: World
) -> None:
    profile_row = cycle.profiles.get(area=world.areas[0])
    assert cycle.index_run is not None
    results = cycle.index_run.results.filter(area=world.areas[0])
    results.update(outstanding_share=0.62, best_rank=1, worst_rank=3)
    sure = results.get().how_sure
    client = client_as(planner)
    page = client.get(reverse("workflows:profile-detail", args=[profile_row.pk])).content.decode()
    assert "62" in sure
    assert sure in page
    assert plain(sure) in plain(text_of(pdf(client, cycle, world.areas[0])))
    assert '<p lang="de">' in page


def test_the_list_begins_with_where_need_is_greatest_for_who_sees_the_run(
    client_as: ClientAs, planner: User, cycle: PlanningCycle, world: World
) -> None:
    AreaProfile.objects.update(released_at=timezone.now())
    url = reverse("workflows:profile-list", args=[cycle.pk])
    page = client_as(planner).get(url)
    assert page.context["need"].need in page.content.decode()
    page = client_as(world.fresh("provider_head")).get(url)
    assert page.status_code == 200
    assert "pg-need" not in page.content.decode()


def test_who_sees_no_areas_gets_no_link_to_what_follows(
    client_as: ClientAs, planner: User, cycle: PlanningCycle, world: World
) -> None:
    """A provider in the conference reads released profiles, but the chain from an area is not theirs."""
    AreaProfile.objects.update(released_at=timezone.now())
    url = reverse("workflows:profile-detail", args=[cycle.profiles.all()[0].pk])
    assert "/why/area/" in client_as(planner).get(url).content.decode()
    page = client_as(world.fresh("provider_head")).get(url)
    assert page.status_code == 200
    assert "/why/area/" not in page.content.decode()


def test_drafts_are_for_those_who_prepare(
    client_as: ClientAs,
    planner: User,
    specialist: User,
    member: User,
    outsider: User,
    cycle: PlanningCycle,
) -> None:
    AreaProfile.objects.update(released_at=None)
    chosen = cycle.profiles.first()
    assert chosen is not None
    urls = [
        reverse("workflows:profile-pdf", args=[chosen.pk]),
        reverse("workflows:profile-booklet", args=[cycle.pk]),
    ]
    for url in urls:
        assert client_as(planner).get(url).status_code == 200
        # See the cycle, but no profile yet.
        assert client_as(specialist).get(url).status_code == 404
        assert client_as(member).get(url).status_code == 404
        assert client_as(outsider).get(url).status_code == 404
        assert Client().get(url).status_code == 302
        assert client_as(planner).post(url).status_code == 405
    AreaProfile.objects.update(released_at="2026-01-01T00:00:00Z")
    for url in urls:
        assert client_as(member).get(url).status_code == 200
        assert client_as(outsider).get(url).status_code == 404


def test_the_booklet_leaves_out_what_a_person_may_not_see(
    client_as: ClientAs, member: User, cycle: PlanningCycle
) -> None:
    hidden = cycle.profiles.order_by("area__name")[0]
    AreaProfile.objects.filter(pk=hidden.pk).update(released_at=None)
    answer = client_as(member).get(reverse("workflows:profile-booklet", args=[cycle.pk]))
    titles = [entry.title for entry in read(bytes(answer.content)).outline]  # type: ignore[union-attr]
    assert titles == ["Zentrum Nord"]


def test_statements_name_the_house_and_are_drafts_while_the_conference_works(
    client_as: ClientAs, planner: User, member: User, cycle: PlanningCycle, world: World
) -> None:
    statement = Statement.objects.get(cycle=cycle)
    text = plain(text_of(pdf(client_as(planner), cycle, world.areas[0])))
    assert plain(statement.text) in text
    assert plain(statement.organisation.label) in text
    assert plain(statement.created_by.get_full_name() or statement.created_by.username) not in text
    assert plain(statement.text) not in plain(text_of(pdf(client_as(member), cycle, world.areas[0])))


def test_a_change_of_borders_is_told_on_page_and_paper(
    client_as: ClientAs, planner: User, cycle: PlanningCycle, world: World
) -> None:
    area = world.areas[0]
    client = client_as(planner)
    assert plain("haben sich die Grenzen") not in plain(text_of(pdf(client, cycle, area)))
    AreaSuccession.objects.create(old=world.areas[1], new=area, changed_on=datetime.date(2021, 1, 1), share=1)
    assert plain("Am 01.01.2021 haben sich die Grenzen") in plain(text_of(pdf(client, cycle, area)))
    page = client.get(reverse("workflows:profile-detail", args=[cycle.profiles.get(area=area).pk]))
    assert "01.01.2021" in page.content.decode()


def test_collecting_costs_the_same_for_many_profiles(
    cycle: PlanningCycle, world: World, planner: User
) -> None:
    def queries() -> int:
        rows = profiles_seen_by(planner).filter(cycle=cycle)
        rows = rows.select_related("area__parent", "cycle__territory", "cycle__planning_unit")
        with CaptureQueriesContext(connection) as found:
            data = profile.collect(planner, cycle, rows)
            booklet.render(data, language="de")
        return len(found)

    queries()
    few = queries()
    for number in range(9):
        AreaProfile.objects.create(cycle=cycle, area=factories.area(world.territory, f"Viertel {number}"))
    assert queries() == few <= 15
