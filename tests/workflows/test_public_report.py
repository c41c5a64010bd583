"""What everybody may read: published chapters without sign-in, and nothing else."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest
from django.test import Client
from django.urls import reverse

from stakeholders.models import User
from tests.chapters import TEXT, Reports, make_reports
from tests.factories import World
from tests.pdfua.validator import faults_of
from tests.stages import Stages
from workflows.models import ChapterEdition, ChapterKind
from workflows.services.social_report import chapter_archive, edition_withdraw

ClientAs = Callable[[User], Client]

REPORT = "/sozialbericht/musterkreis/"
CHAPTER = f"{REPORT}kapitel/arbeit/"


@pytest.fixture
def reports(world: World, stages: Stages) -> Reports:
    return make_reports(world, stages)


@pytest.fixture
def edition(reports: Reports) -> ChapterEdition:
    return reports.edition(reports.chapter())


def text_of(content: bytes) -> str:
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


def status(path: str) -> int:
    return Client().get(path).status_code


def test_everybody_reads_what_is_published(edition: ChapterEdition) -> None:
    client = Client()
    overview = client.get("/sozialbericht/").content.decode()
    assert REPORT in overview
    first = client.get(REPORT).content.decode()
    assert "Wofür dieser Bericht da ist." in first
    assert CHAPTER in first
    response = client.get(CHAPTER)
    page = response.content.decode()
    assert page.count("<h1") == 1
    for words in ("<p>Die Quote ist hoch.</p>", "<li>zweitens</li>", "<svg", "Kennwert sgb2_rate", "34,0"):
        assert words in page, words
    assert edition.figures_sha256 in page
    for named in (f'href="#i{edition.indicators.first().pk}"', 'href="#method"', 'id="method"'):  # type: ignore[union-attr]
        assert named in page
    assert status(f"{CHAPTER}ausgabe-1/") == 200


def test_no_cookie_and_always_asked_again(edition: ChapterEdition) -> None:
    client = Client()
    for path in ("/sozialbericht/", REPORT, CHAPTER, f"{REPORT}pdf/", f"{CHAPTER}ausgabe-1/pdf/"):
        response = client.get(path)
        assert not response.cookies, path
        assert response["Cache-Control"] == "public, no-cache", path
        again = client.get(path, headers={"If-None-Match": response["ETag"]})
        assert again.status_code == 304, path
        assert "default-src 'self'" in response["Content-Security-Policy"]
    page = client.get(CHAPTER).content.decode()
    assert "csrfmiddlewaretoken" not in page
    assert not re.search(r'\sstyle="|<script(?![^>]*src=)|\son[a-z]+="', page)


def test_no_person_is_named(edition: ChapterEdition, world: World) -> None:
    client = Client()
    pages = [client.get(path).content.decode() for path in (REPORT, CHAPTER, f"{CHAPTER}?export=csv")]
    pages.append(text_of(client.get(f"{CHAPTER}ausgabe-1/pdf/").content))
    for user in world.people.values():
        for page in pages:
            assert user.display_name not in page
            assert user.username not in page


def test_what_is_not_published_does_not_exist(reports: Reports, world: World, client_as: ClientAs) -> None:
    assert status(REPORT) == 404, "nothing is published"
    assert "musterkreis" not in Client().get("/sozialbericht/").content.decode()
    reports.submitted(reports.chapter(title="Entwurf"), "Noch geheim")
    for path in (f"{REPORT}kapitel/entwurf/", f"{REPORT}kapitel/entwurf/ausgabe-1/", f"{REPORT}pdf/"):
        assert status(path) == 404, path
        assert client_as(world.fresh("planner")).get(path).status_code == 404, path
    edition = reports.edition(reports.chapter())
    again = reports.submitted(edition.chapter, "Neuer Entwurf")
    page = Client().get(CHAPTER).content.decode()
    assert "Neuer Entwurf" not in page
    first = Client().get(REPORT).content.decode()
    assert "Entwurf" not in first
    for path in (
        f"{CHAPTER}ausgabe-2/",
        f"{CHAPTER}ausgabe-2/pdf/",
        f"{CHAPTER}ausgabe-0/",
        f"{REPORT}kapitel/{edition.chapter_id}/",
        "/sozialbericht/anderswo/",
        f"/sozialbericht/anderswo/kapitel/{edition.chapter.slug}/",
    ):
        assert status(path) == 404, path
    for name, key in (
        ("renewal-preview", again.pk),
        ("chapter-detail", edition.chapter_id),
        ("social-report-detail", reports.report.pk),
    ):
        assert Client().get(reverse(f"workflows:{name}", args=[key])).status_code == 302, name


def test_older_editions_stay_readable(reports: Reports, edition: ChapterEdition) -> None:
    second = reports.edition(edition.chapter, "Zweite Ausgabe.")
    assert second.number == 2
    latest = Client().get(CHAPTER).content.decode()
    assert "Zweite Ausgabe." in latest
    assert f"{CHAPTER}ausgabe-1/" in latest
    older = Client().get(f"{CHAPTER}ausgabe-1/").content.decode()
    assert "Die Quote ist hoch." in older
    assert "Zweite Ausgabe." not in older
    assert f'href="{CHAPTER}"' in older


def test_a_withdrawn_edition_only_says_so(reports: Reports, edition: ChapterEdition, world: World) -> None:
    edition_withdraw(edition, reason="Interne Panne", user=world.fresh("planning_head"))
    for path in (CHAPTER, f"{CHAPTER}ausgabe-1/"):
        page = Client().get(path).content.decode()
        assert "zurückgezogen am" in page
        for words in ("Interne Panne", "Die Quote ist hoch.", "34,0"):
            assert words not in page
        assert status(f"{path}?export=csv") == 404
    assert status(f"{CHAPTER}ausgabe-1/pdf/") == 404
    assert status(f"{REPORT}pdf/") == 404, "nothing else is published"
    assert "zurückgezogen am" in Client().get(REPORT).content.decode()
    reports.edition(edition.chapter, "Verbessert.")
    assert "Verbessert." in Client().get(CHAPTER).content.decode()


def test_an_archived_chapter_leaves_the_contents(edition: ChapterEdition, world: World) -> None:
    chapter_archive(edition.chapter, reason="Zusammengelegt", user=world.fresh("planner"))
    assert CHAPTER not in Client().get(REPORT).content.decode()
    page = Client().get(CHAPTER).content.decode()
    assert "nicht mehr fortgeführt" in page
    assert "Zusammengelegt" not in page


def test_files_hold_the_figures_of_the_page(edition: ChapterEdition) -> None:
    client = Client()
    table = client.get(f"{CHAPTER}?export=csv").content.decode("utf-8-sig")
    assert '"Kennwert sgb2_rate";"05378000";"Zentrum Nord";2024;34' in table
    assert "Quellen: Test." in table
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{CHAPTER}?export=xlsx").content))
    rows = [row for row in book.active.iter_rows(values_only=True) if row[2] == "Zentrum Nord"]  # type: ignore[union-attr]
    assert {row[4] for row in rows if row[0] == "Kennwert sgb2_rate"} == {34}


def test_papers_of_a_chapter_and_of_the_report(reports: Reports, edition: ChapterEdition) -> None:
    reports.edition(reports.chapter(ChapterKind.INDEX, "Vergleich"), "Der Index.")
    reports.edition(reports.chapter(ChapterKind.AREAS, "Gebiete"), "Die Gebiete.")
    one = text_of(Client().get(f"{CHAPTER}ausgabe-1/pdf/").content)
    for words in ("Die Quote ist hoch.", "Zentrum Nord", "34,0", "Seite 1 von"):
        assert words in one, words
    response = Client().get(f"{REPORT}pdf/")
    assert response["Content-Type"] == "application/pdf"
    reader = pypdf.PdfReader(io.BytesIO(response.content))
    whole = text_of(response.content)
    for words in ("Inhalt", "Wofür dieser Bericht da ist.", "Arbeit", "Der Index.", "Die Gebiete."):
        assert words in whole, words
    titles = [str(row.title) for row in reader.outline if not isinstance(row, list)]
    assert titles == ["Arbeit", "Vergleich", "Gebiete"]
    assert Client().get(f"{REPORT}pdf/").content == response.content, "the same bytes"


def test_the_papers_pass_the_validator(reports: Reports, edition: ChapterEdition, tmp_path: Path) -> None:
    reports.edition(reports.chapter(ChapterKind.INDEX, "Vergleich"))
    reports.edition(reports.chapter(ChapterKind.AREAS, "Gebiete"))
    files = {
        "report": Client().get(f"{REPORT}pdf/").content,
        "chapter": Client().get(f"{CHAPTER}ausgabe-1/pdf/").content,
    }
    assert faults_of(files, tmp_path) == []


def test_index_and_areas_as_pages_and_tables(reports: Reports) -> None:
    reports.edition(reports.chapter(ChapterKind.INDEX, "Vergleich"))
    reports.edition(reports.chapter(ChapterKind.AREAS, "Gebiete"))
    reports.edition(reports.chapter(ChapterKind.TEXT, "Ziele"))
    index = Client().get(f"{REPORT}kapitel/vergleich/").content.decode()
    assert 'id="ranking"' in index
    ranking = Client().get(f"{REPORT}kapitel/vergleich/?export=csv").content.decode("utf-8-sig")
    assert '1;"05378000";"Zentrum Nord";1' in ranking
    areas = Client().get(f"{REPORT}kapitel/gebiete/").content.decode()
    assert "33,0" in areas
    text = Client().get(f"{REPORT}kapitel/ziele/").content.decode()
    assert "Die Quote ist hoch." in text
    assert "export=" not in text


def test_only_looking(edition: ChapterEdition) -> None:
    for path in ("/sozialbericht/", REPORT, CHAPTER, f"{CHAPTER}ausgabe-1/", f"{REPORT}pdf/"):
        assert Client().post(path).status_code in {403, 405}, path
        assert Client().head(path).status_code == 200, path


@pytest.mark.parametrize("count", [2, 20])
def test_pages_cost_the_same_for_many_chapters(
    reports: Reports, edition: ChapterEdition, count: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(count - 1):
        reports.edition(reports.chapter(ChapterKind.TEXT, f"Kapitel {number}"), TEXT)
    for path, most in ((REPORT, 3), (CHAPTER, 5), (f"{REPORT}pdf/", 4)):
        with django_assert_max_num_queries(most):
            assert status(path) == 200


def test_the_sign_in_page_leads_there(client: Client, db: None) -> None:
    assert "/sozialbericht/" in client.get(reverse("stakeholders:login")).content.decode()


def test_a_chapter_of_text_only_has_no_date_of_figures(reports: Reports) -> None:
    edition = reports.edition(reports.chapter(ChapterKind.TEXT, "Ziele"))
    slug = reports.report.slug
    address = reverse("workflows:public-chapter", args=[slug, edition.chapter.slug])
    for url in (address, reverse("workflows:public-report", args=[slug])):
        page = Client().get(url).content.decode()
        assert "veröffentlicht am" in page
        assert "Stand der Zahlen" not in page
        assert "SHA-256" not in page
