"""The sheet of a funded project (Projektblatt): one or two pages for whoever sees it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from measures.models import FundedProject, GrantNotice
from measures.money import PlanTable, plan_table
from measures.reports.project_parts import (
    duty_blocks,
    key_figure_blocks,
    money_block,
    plan_blocks,
    share_blocks,
)
from measures.selectors.figures import FigureLine, figure_lines
from measures.selectors.grants import latest_notice, lines_of
from measures.selectors.portfolio import measures_seen_by
from measures.selectors.project_duties import DutyLine, duties_of
from measures.selectors.project_money import ProjectMoney, money_of
from measures.selectors.project_sides import Part, parts_seen
from measures.selectors.project_told import insight_of
from measures.services.raw_figures import figures_told
from project.common.formats import date_de, money_de, period_de
from project.common.pdf import blocks
from project.common.pdf.paper import render_paper


@dataclass(frozen=True)
class ProjectSheetData:
    """Everything the sheet shows, with all rows loaded.

    Attributes:
        project: With programme, funder, provider, measure and its territory.
        notice: The one that holds; None before there is one.
        table: Its plan; None without a notice.
        money: What was drawn and spent; None for those who see no accounts.
        duties: With their states.
        figures: As they may be told to the reader.
        partners: Names with what they do.
        areas: Names; none means those of the whole territory.
        measures: Measures it pays for, as far as the reader sees them.
        today: The day looked from.
    """

    project: FundedProject
    notice: GrantNotice | None
    table: PlanTable | None
    money: ProjectMoney | None
    duties: Sequence[DutyLine]
    figures: Sequence[FigureLine]
    partners: Sequence[str]
    areas: Sequence[str]
    measures: Sequence[str]
    today: datetime.date


def collect(user: Any, project: FundedProject, *, today: datetime.date) -> ProjectSheetData:
    """Read what a person may see of a project.

    Args:
        user: For whom it is.
        project: One they see, with programme, funder, provider, measure, plan and territory.
        today: The day to look from.

    Returns:
        Data for ``render``. Queries: at most 25.
    """
    rows = FundedProject.objects.filter(pk=project.pk)
    notice = latest_notice(project)
    lines = figure_lines([project.measure_id]).get(project.measure_id, [])
    paid = [project.measure_id, *project.further_measures.values_list("pk", flat=True)]
    seen = measures_seen_by(user).filter(pk__in=paid)
    areas = project.areas.order_by("name") or project.measure.areas.order_by("name")
    return ProjectSheetData(
        project=project,
        notice=notice,
        table=plan_table(lines_of(notice)) if notice is not None else None,
        money=money_of(rows)[project.pk] if Part.DELIVERED in parts_seen(user, project) else None,
        duties=duties_of(rows, today, insight_of(user)).get(project.pk, ()),
        figures=figures_told(lines, user=user, measure=project.measure),
        partners=[
            f"{row.organisation.name} – {row.task}" if row.task else row.organisation.name
            for row in project.partners.select_related("organisation")
        ],
        areas=[area.name for area in areas],
        measures=[f"{row.number} {row.title}" for row in seen.order_by("field__number", "position", "pk")],
        today=today,
    )


def render(data: ProjectSheetData, *, language: str) -> bytes:
    """Write the sheet: a tagged PDF, the same bytes for the same data."""
    with override(language):
        project = data.project
        return render_paper(
            blocks.Paper(
                title=file_name(project),
                language=language,
                author=project.funder.name,
                subject=_reference(project),
                blocks=content(data),
                running=f"{_reference(project)} · {project.provider.name}",
                footer=_("As of %(day)s") % {"day": date_de(data.today)},
                page_of=_("Page %(page)s of %(pages)s"),
            )
        )


def file_name(project: FundedProject) -> str:
    """Name people find among their downloads, without ending."""
    return _("Project sheet %(title)s") % {"title": project.title}


def content(data: ProjectSheetData) -> list[blocks.Block]:
    """The sheet as blocks, in the language in force."""
    project = data.project
    parts: list[blocks.Block] = [
        blocks.Heading(
            project.title,
            1,
            preline=f"{project.programme} · {_('Project sheet')}",
            badges=_badges(data),
            running=_("Project sheet"),
        ),
        blocks.KeyValues(_facts(data)),
    ]
    if data.money is not None:
        parts += [blocks.Heading(_("Where the money stands"), 2), money_block(data.money)]
    parts.append(blocks.Heading(_("Plan of cost and financing"), 2))
    if data.table is None:
        parts.append(blocks.Paragraph(_("The grant notice has not been recorded yet.")))
    else:
        parts += [*plan_blocks(data.table), *share_blocks(data.table)]
    parts += [blocks.Heading(_("Key figures"), 2), *key_figure_blocks(data.figures)]
    return [*parts, blocks.Heading(_("Reporting duties"), 2), *duty_blocks(data.duties)]


def _badges(data: ProjectSheetData) -> tuple[str, ...]:
    project = data.project
    if project.ends_on < data.today:
        state = _("funding is over")
    elif project.starts_on > data.today:
        state = _("not yet begun")
    else:
        state = _("being funded")
    return (state, _("Example")) if project.is_example else (state,)


def _facts(data: ProjectSheetData) -> list[tuple[str, str]]:
    project, notice = data.project, data.notice
    rows = [
        (_("Recipient of the grant"), project.provider.name),
        (_("Grantor"), project.funder.name),
        (_("File reference"), _reference(project)),
        (_("Grant notice of"), date_de(notice.issued_on) if notice is not None else _("no details given")),
        (_("Term"), period_de(project.starts_on, project.ends_on)),
        (_("Municipality"), str(project.measure.plan.territory)),
        (_("Areas"), ", ".join(data.areas) or _("no details given")),
        (_("Partners"), "\n".join(data.partners) or _("no details given")),
    ]
    if data.money is None and notice is not None:
        rows.append((_("Sum granted"), money_de(notice.granted)))
    if data.measures:
        rows.append((_("Measures it pays for"), "\n".join(data.measures)))
    return rows


def _reference(project: FundedProject) -> str:
    return project.reference or _("no details given")
