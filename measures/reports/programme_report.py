"""The portfolio report of a programme for its funder: money, reports, key figures, each project."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from measures.models import GRANT_SOURCES, DutyKind, FinanceKind, FundedProject, GrantNotice, Programme
from measures.money import ZERO
from measures.reports.project_account import euros
from measures.reports.project_parts import duty_blocks, key_figure_blocks, money_block, spent_note
from measures.selectors.figures import FigureLine, figure_lines, protected
from measures.selectors.grants import notices_that_hold
from measures.selectors.project_duties import STANDING_LABELS, DutyLine, Standing, duties_of
from measures.selectors.project_money import ProjectMoney, money_of, money_sum
from measures.selectors.project_told import insight_of
from measures.selectors.projects import projects_seen_by
from measures.status import LIGHT_LABELS
from project.common.formats import date_de, decimal_de, money_de, period_de
from project.common.pdf import blocks
from project.common.pdf.paper import render_paper
from project.common.sorting import german_order


@dataclass(frozen=True)
class ProjectBlock:
    """A project of the report.

    Attributes:
        project: With provider, measure and its territory.
        notice: The one that holds; None before there is one.
        money: Granted, drawn, spent.
        duties: With their states.
        figures: Without small counts of people.
        areas: Names.
        partners: Names.
    """

    project: FundedProject
    notice: GrantNotice | None
    money: ProjectMoney
    duties: Sequence[DutyLine]
    figures: Sequence[FigureLine]
    areas: Sequence[str]
    partners: Sequence[str]


@dataclass(frozen=True)
class ProgrammeReportData:
    """Everything the report shows.

    Attributes:
        programme: With its funder.
        by_year: Year -> source of the grant -> euros, by the notices that hold.
        counts: Year -> projects with money of that year.
        projects: By title.
        today: The day looked from.
    """

    programme: Programme
    by_year: Mapping[int, Mapping[str, Decimal]]
    counts: Mapping[int, int]
    projects: Sequence[ProjectBlock]
    today: datetime.date

    @property
    def money(self) -> ProjectMoney:
        """All projects together."""
        return money_sum(row.money for row in self.projects)


def collect(user: Any, programme: Programme, *, today: datetime.date) -> ProgrammeReportData:
    """Read what the funder's people see of all projects of a programme.

    Args:
        user: One of the funder's people.
        programme: With its funder.
        today: The day to look from.

    Returns:
        Data for ``render``. Queries: at most 20 for any number of projects, besides those of indicators
        that key figures follow.
    """
    projects = projects_seen_by(user).filter(programme=programme)
    rows = list(
        projects.select_related("provider", "measure__plan__territory")
        .prefetch_related("areas", "measure__areas", "partners__organisation")
        .order_by(german_order("title"), "pk")
    )
    held = notices_that_hold(projects)
    notices = {notice.project_id: notice for notice in held}
    money, duties = money_of(projects), duties_of(projects, today, insight_of(user))
    figures = figure_lines({row.measure_id for row in rows}, latest_only=True)
    by_year: dict[int, dict[str, Decimal]] = defaultdict(dict)
    grants = held.filter(lines__side=FinanceKind.FUNDING, lines__kind__in=GRANT_SOURCES).order_by()
    for year, kind, amount in (
        grants.values("lines__year", "lines__kind")
        .annotate(amount=Sum("lines__amount"))
        .order_by("lines__year")
        .values_list("lines__year", "lines__kind", "amount")
    ):
        by_year[year][kind] = amount
    counted = grants.values("lines__year").annotate(count=Count("project", distinct=True))
    return ProgrammeReportData(
        programme=programme,
        by_year=dict(by_year),
        counts=dict(counted.values_list("lines__year", "count")),
        projects=[
            ProjectBlock(
                project=row,
                notice=notices.get(row.pk),
                money=money[row.pk],
                duties=duties.get(row.pk, ()),
                figures=[protected(line) for line in figures.get(row.measure_id, ())],
                areas=sorted(area.name for area in (row.areas.all() or row.measure.areas.all())),
                partners=[partner.organisation.name for partner in row.partners.all()],
            )
            for row in rows
        ],
        today=today,
    )


def render(data: ProgrammeReportData, *, language: str) -> bytes:
    """Write the report: a tagged PDF with cover, contents and bookmarks, the same bytes for the same data."""
    with override(language):
        programme = data.programme
        return render_paper(
            blocks.Paper(
                title=file_name(programme, data.today),
                language=language,
                author=programme.funder.name,
                subject=programme.title,
                blocks=content(data),
                running=f"{programme.funder.name} · {programme.title}",
                footer=_("As of %(day)s") % {"day": date_de(data.today)},
                page_of=_("Page %(page)s of %(pages)s"),
                has_cover=True,
            )
        )


def file_name(programme: Programme, day: datetime.date) -> str:
    """Name people find among their downloads, without ending."""
    return _("Portfolio report %(programme)s as of %(day)s") % {
        "programme": programme.title,
        "day": date_de(day),
    }


def content(data: ProgrammeReportData) -> list[blocks.Block]:
    """The report as blocks, in the language in force."""
    parts: list[blocks.Block] = [
        *_cover(data),
        blocks.PageBreak(),
        blocks.Contents(_("Contents"), depth=2),
        blocks.PageBreak(),
        *_summary(data),
        *_overview(data),
        blocks.PageBreak(),
        blocks.Heading(_("The projects one by one"), 1, running=_("The projects one by one")),
    ]
    for row in data.projects:
        parts += _project(row)
    return parts if data.projects else [*parts, blocks.Paragraph(_("No project is paid from it yet."))]


def _cover(data: ProgrammeReportData) -> list[blocks.Block]:
    programme, count = data.programme, len(data.projects)
    words = ngettext("%(count)s project", "%(count)s projects", count) % {"count": decimal_de(count, 0)}
    facts = [
        (_("Funder"), programme.funder.name),
        (_("Programme"), programme.title),
        (_("Legal basis"), programme.legal_basis or _("no details given")),
        (_("Granted"), money_de(data.money.granted)),
        (_("As of"), date_de(data.today)),
    ]
    return [
        blocks.Heading(
            _("Portfolio report"), 1, is_listed=False, preline=f"{programme.funder.name}", is_title=True
        ),
        blocks.Paragraph(f"{programme.title}, {words}", "lead"),
        blocks.KeyValues(facts),
    ]


# --- summary -----------------------------------------------------------------------------------------


def _summary(data: ProgrammeReportData) -> list[blocks.Block]:
    return [
        blocks.Heading(_("Summary"), 1, running=_("Summary")),
        blocks.Heading(_("Where the money stands"), 2),
        money_block(data.money),
        blocks.Paragraph(
            _("Drawn and spent: by drawdowns, interim and final reports that the funder accepted."), "note"
        ),
        blocks.Paragraph(spent_note(), "note"),
        blocks.Heading(_("Granted by year and source"), 2),
        *_by_year(data),
        blocks.Heading(_("Reports and drawdowns"), 2),
        *_reports(data),
        blocks.Heading(_("Key figures"), 2),
        *_figures(data),
    ]


def _by_year(data: ProgrammeReportData) -> list[blocks.Block]:
    if not data.by_year:
        return [blocks.Paragraph(_("No grant notice has been recorded yet."))]
    columns = [blocks.Column(_("Year"), 1.6), blocks.Column(_("Projects"), 1.2, is_number=True)]
    columns += [blocks.Column(f"{source.label} (€)", 2.4, is_number=True) for source in GRANT_SOURCES]
    columns.append(blocks.Column(_("Altogether (euros)"), 2, is_number=True))
    rows: list[blocks.Row] = [
        (str(year), decimal_de(data.counts.get(year, 0), 0), *_across(data.by_year[year]))
        for year in sorted(data.by_year)
    ]
    whole = {
        source: sum((amounts.get(source, ZERO) for amounts in data.by_year.values()), ZERO)
        for source in GRANT_SOURCES
    }
    rows.append(blocks.SumRow((_("Sum"), "", *_across(whole))))
    note = _("Projects that run over several years are counted in each; so they are not added up.")
    return [blocks.Table("", columns, rows), blocks.Paragraph(note, "note")]


def _across(amounts: Mapping[Any, Decimal]) -> list[str]:
    cells = [amounts.get(source, ZERO) for source in GRANT_SOURCES]
    return [euros(amount) for amount in (*cells, sum(cells, ZERO))]


def _reports(data: ProgrammeReportData) -> list[blocks.Block]:
    """How many of each kind stand where."""
    counts = Counter((line.kind, line.standing) for row in data.projects for line in row.duties)
    if not counts:
        return [blocks.Paragraph(_("No reporting duty has been recorded yet."))]
    columns = [blocks.Column(_("Duty"), 2.4)]
    columns += [blocks.Column(str(label), 1.5, is_number=True) for label in STANDING_LABELS.values()]
    columns.append(blocks.Column(_("Altogether"), 1.5, is_number=True))
    rows: list[blocks.Row] = []
    for kind in DutyKind:
        of_kind = [counts[kind.value, standing] for standing in Standing]
        rows.append((str(kind.label), *(decimal_de(count, 0) for count in (*of_kind, sum(of_kind)))))
    sums = [sum(counts[kind.value, standing] for kind in DutyKind) for standing in Standing]
    rows.append(blocks.SumRow((_("Sum"), *(decimal_de(count, 0) for count in (*sums, sum(sums))))))
    return [blocks.Table("", columns, rows, is_whole=True)]


def _figures(data: ProgrammeReportData) -> list[blocks.Block]:
    """How key figures stand, by unit; values are not added up: they do not count the same."""
    by_unit: dict[str, list[FigureLine]] = defaultdict(list)
    for row in data.projects:
        for line in row.figures:
            by_unit[line.figure.unit.symbol].append(line)
    if not by_unit:
        return [blocks.Paragraph(_("No key figure has been recorded yet."))]
    columns = [blocks.Column(_("Unit"), 2.4), blocks.Column(_("Key figures"), 1.5, is_number=True)]
    columns += [blocks.Column(str(label), 1.5, is_number=True) for label in LIGHT_LABELS.values()]
    rows: list[blocks.Row] = [
        (unit, *_lights(lines)) for unit, lines in sorted(by_unit.items(), key=lambda item: item[0].lower())
    ]
    rows.append(blocks.SumRow((_("Sum"), *_lights([line for lines in by_unit.values() for line in lines]))))
    note = _("Counted are key figures, not what they measure: figures of projects are not added up.")
    return [blocks.Table("", columns, rows), blocks.Paragraph(note, "note")]


def _lights(lines: Sequence[FigureLine]) -> list[str]:
    counts = Counter(line.light for line in lines)
    return [decimal_de(count, 0) for count in (len(lines), *(counts[light] for light in LIGHT_LABELS))]


# --- projects ------------------------------------------------------------------------------------------


def _overview(data: ProgrammeReportData) -> list[blocks.Block]:
    """All projects with their money, and the sums."""
    if not data.projects:
        return []
    columns = (
        blocks.Column(_("Project and provider"), 3.6),
        blocks.Column(_("File reference"), 1.9),
        blocks.Column(_("Granted (euros)"), 1.5, is_number=True),
        blocks.Column(_("Drawn, accepted (euros)"), 1.5, is_number=True),
        blocks.Column(_("Left to be drawn (euros)"), 1.5, is_number=True),
        blocks.Column(_("Spent, accepted (euros)"), 1.5, is_number=True),
    )
    rows: list[blocks.Row] = [
        (
            f"{row.project.title}\n{row.project.provider.name}",
            row.project.reference or "–",
            *_money(row.money),
        )
        for row in data.projects
    ]
    rows.append(blocks.SumRow((_("Sum"), *_money(data.money)), span=2))
    title = _("All projects")
    return [
        blocks.PageBreak(),
        blocks.Heading(title, 1, running=title),
        blocks.Table("", columns, rows),
        blocks.Paragraph(spent_note(), "note"),
    ]


def _money(money: ProjectMoney) -> list[str]:
    return [euros(value) for value in (money.granted, money.drawn, money.remaining, money.spent)]


def _project(row: ProjectBlock) -> list[blocks.Block]:
    project, notice = row.project, row.notice
    late = sum(line.standing == Standing.LATE for line in row.duties)
    badges = (
        (ngettext("%(count)s duty late", "%(count)s duties late", late) % {"count": late},) if late else ()
    )
    none = _("no details given")
    return [
        blocks.Heading(project.title, 2, badges=badges),
        blocks.KeyValues(
            [
                (_("Recipient of the grant"), project.provider.name),
                (_("File reference"), project.reference or none),
                (_("Grant notice of"), date_de(notice.issued_on) if notice is not None else none),
                (_("Term"), period_de(project.starts_on, project.ends_on)),
                (_("Municipality"), str(project.measure.plan.territory)),
                (_("Areas"), ", ".join(row.areas) or none),
                (_("Partners"), "; ".join(row.partners) or none),
            ]
        ),
        money_block(row.money),
        blocks.Heading(_("Key figures"), 3, is_listed=False),
        *key_figure_blocks(row.figures),
        blocks.Heading(_("Reporting duties"), 3, is_listed=False),
        *duty_blocks(row.duties),
    ]
