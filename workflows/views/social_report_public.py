"""Public pages of social reports: readable without sign-in, without cookies, only what was published."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from project.common.exports import export_format, export_links, pdf_response
from project.common.formats import date_de, language_of_papers
from project.common.public import public
from workflows.chapter_page import ChapterPage, page_of_edition
from workflows.chapters import text_blocks
from workflows.models import ChapterEdition, ReportChapter, SocialReport
from workflows.reports import social_report as paper
from workflows.reports.chapter_table import chapter_table
from workflows.selectors.chapter_secrets import hidden_in, hidden_in_each
from workflows.selectors.social_report import contents_of, public_editions, public_reports


@public
def public_report_list(request: HttpRequest) -> HttpResponseBase:
    """All reports of which anything is published."""
    return render(request, "workflows/public_report_list.html", {"reports": public_reports()})


@public
def public_report(request: HttpRequest, slug: str) -> HttpResponseBase:
    """First page of a report: introduction and contents."""
    report = _report(slug)
    lines = contents_of(report)
    return render(
        request,
        "workflows/public_report.html",
        {
            "report": report,
            "introduction": text_blocks(report.introduction),
            "lines": lines,
            "has_paper": any(not line.is_withdrawn for line in lines),
        },
    )


@public
def public_report_pdf(request: HttpRequest, slug: str) -> HttpResponseBase:
    """All published chapters as a paper."""
    report = _report(slug)
    lines = [line for line in contents_of(report, has_figures=True) if not line.is_withdrawn]
    if not lines:
        raise Http404
    hidden = hidden_in_each(report, [line.edition for line in lines])
    data = paper.ReportPaper.of(report, [(line.edition, hidden[line.edition.pk]) for line in lines])
    return pdf_response(paper.file_name(report), paper.render(data, language=language_of_papers()))


@public
def public_chapter(request: HttpRequest, slug: str, chapter: str) -> HttpResponseBase:
    """A chapter with what was published last."""
    editions = _editions(slug, chapter)
    return _edition_page(request, editions[0], editions)


@public
def public_edition(request: HttpRequest, slug: str, chapter: str, number: int) -> HttpResponseBase:
    """An edition of a chapter, the last one or an older one."""
    editions = _editions(slug, chapter)
    return _edition_page(request, _numbered(editions, number), editions)


@public
def public_edition_pdf(request: HttpRequest, slug: str, chapter: str, number: int) -> HttpResponseBase:
    """An edition as a paper."""
    edition = _numbered(_editions(slug, chapter), number)
    if hasattr(edition, "withdrawal"):
        raise Http404
    data = paper.ReportPaper.of(edition.chapter.report, [(edition, hidden_in(edition))], is_chapter=True)
    return pdf_response(paper.chapter_file_name(edition), paper.render(data, language=language_of_papers()))


def _report(slug: str) -> SocialReport:
    return get_object_or_404(public_reports(), slug=slug)


def _editions(slug: str, chapter: str) -> list[ChapterEdition]:
    """Editions of a chapter, latest first; 404 before the first one is published."""
    rows = get_object_or_404(ReportChapter, report__slug=slug, slug=chapter)
    editions = public_editions(rows.report).filter(chapter=rows).order_by("-number").defer("figures")
    found = list(editions.select_related("chapter__report__territory", "chapter__report__planning_unit"))
    if not found:
        raise Http404
    return found


def _numbered(editions: list[ChapterEdition], number: int) -> ChapterEdition:
    for edition in editions:
        if edition.number == number:
            return edition
    raise Http404


def _edition_page(
    request: HttpRequest, edition: ChapterEdition, editions: list[ChapterEdition]
) -> HttpResponseBase:
    context: dict[str, Any] = {
        "report": edition.chapter.report,
        "chapter": edition.chapter,
        "edition": edition,
        "editions": editions,
        "is_latest": edition == editions[0],
        "latest": editions[0],
    }
    fmt = export_format(request)
    if hasattr(edition, "withdrawal"):
        if fmt is not None:
            raise Http404
        return render(request, "workflows/public_chapter_withdrawn.html", context)
    page = page_of_edition(edition, hidden_in(edition))
    if fmt is not None:
        return chapter_table(page, fmt, _source_lines(edition, page))
    has_table = bool(page.figures.parts or page.figures.results)
    context |= {"page": page, "export_links": export_links(request) if has_table else []}
    return render(request, "workflows/public_chapter.html", context)


def _source_lines(edition: ChapterEdition, page: ChapterPage) -> list[str]:
    report = edition.chapter.report
    return [
        f"{report.territory}, {report.title}",
        _("Data as of %(day)s, published on %(published)s.")
        % {"day": date_de(page.data_on), "published": date_de(page.published_on)},
        *page.notes,
    ]
