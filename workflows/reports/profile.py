"""The profile (Steckbrief) of an area as a paper of two to four pages."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from monitoring.deviations import Deviation, chart_words, deviation_chart
from monitoring.models import Area, IndexResult, IndexRun, Indicator
from monitoring.presets import Content
from monitoring.run_map import RunArea, run_map
from monitoring.secrecy import Shown
from monitoring.selectors.areas import area_shapes, border_days_of
from monitoring.selectors.atlas import run_borders
from monitoring.selectors.methods import content_of, index_words
from monitoring.selectors.runs import RunTable, run_table
from monitoring.shapes import MapShapes
from monitoring.words import FILLED_SIGN, shown_text, with_unit
from project.common.formats import date_de, decimal_de, sign_meaning, signed_de
from project.common.pdf import blocks
from project.common.pdf.paper import render_paper
from workflows.models import AreaProfile, DataRequest, PlanningCycle, Statement, UrgencyProposal
from workflows.reports.evidence import statement_block, urgency_facts
from workflows.selectors.conference import statements_seen_by
from workflows.selectors.requests import gone_without
from workflows.selectors.urgency import in_force, index_says, urgency_proposals

#: Of the column beside the map.
_LEGEND_SHARE = 0.6


@dataclass(frozen=True)
class FigureLine:
    """A figure of the area as it may be shown.

    Attributes:
        indicator: With unit and domain loaded.
        year: Of the figure; None without one.
        shown: The figure or its sign.
        z: Deviation in standard deviations, above 0 is more need; None without a figure or if it is secret.
        mean: Mean of the areas whose figure is shown; None for counts, whose mean says nothing of an area.
        filled: What took the place of a missing figure, in words; "" for an own figure.
    """

    indicator: Indicator
    year: int | None
    shown: Shown
    z: float | None
    mean: float | None
    filled: str = ""


@dataclass(frozen=True)
class ProfileData:
    """Everything a profile's paper shows, with all rows loaded.

    Attributes:
        profile: Text, with area (and its parent), cycle, territory and planning unit.
        run: The cycle's run; None where the areas were chosen without an index.
        result: What the run says of the area.
        ranked_count: Areas that have a rank.
        lines: Figures of the run, by domain.
        results: Results of all areas, for the map.
        shapes: Boundaries in picture units; None without any.
        statements: What experts said and the reader may read.
        gone_without: Deliveries the cycle went on without.
        content: Rules of the run.
        border_days: Days on which the borders of the area changed, latest first.
        urgencies: How urgent each body sees the area that said something else than the index.
    """

    profile: AreaProfile
    run: IndexRun | None
    result: IndexResult | None
    ranked_count: int
    lines: Sequence[FigureLine]
    results: Sequence[IndexResult]
    shapes: MapShapes | None
    statements: Sequence[Statement]
    gone_without: Sequence[DataRequest]
    content: Content | None = None
    border_days: Sequence[datetime.date] = ()
    urgencies: Sequence[UrgencyProposal] = ()

    @property
    def area(self) -> Area:
        """The area described."""
        return self.profile.area

    @property
    def cycle(self) -> PlanningCycle:
        """The cycle of the profile."""
        return self.profile.cycle


def collect(user: Any, cycle: PlanningCycle, profiles: Iterable[AreaProfile]) -> list[ProfileData]:
    """Read all that the papers of some profiles of one cycle show.

    Args:
        user: Who asks; statements that are still drafts stay with those who may read them.
        cycle: The cycle, with its run.
        profiles: Profiles the person may see (``profiles_seen_by``), with area, its parent, cycle, territory
            and planning unit loaded.

    Returns:
        One a profile, in their order; figures protected by statistical secrecy. Queries: at most 17, whatever
        the number of profiles.
    """
    profiles = list(profiles)
    run = cycle.index_run
    table = run_table(run) if run is not None else None
    results = list(table.results) if table is not None else []
    shapes = area_shapes([row.area for row in results], width=400, max_height=440) if results else None
    said: dict[int, list[Statement]] = defaultdict(list)
    for statement in statements_seen_by(user, cycle):
        said[statement.area_id].append(statement)
    missing = gone_without(cycle)
    by_area = {row.area_id: row for row in results}
    proposals = urgency_proposals(cycle, [row.area for row in profiles])
    border_days = border_days_of([row.area for row in profiles])
    return [
        ProfileData(
            profile=profile,
            run=run,
            result=by_area.get(profile.area_id),
            ranked_count=sum(row.rank is not None for row in results),
            lines=_lines(table, profile.area_id) if table is not None else (),
            results=results,
            shapes=shapes,
            statements=said[profile.area_id],
            gone_without=missing,
            content=content_of(run, table.columns) if run is not None and table is not None else None,
            border_days=border_days.get(profile.area_id, ()),
            urgencies=in_force(proposals.get(profile.area_id, ())),
        )
        for profile in profiles
    ]


def _lines(table: RunTable, area_pk: int) -> list[FigureLine]:
    lines = []
    for column in table.columns:
        indicator = column.indicator
        cell = table.cell(area_pk, indicator.pk)
        year = cell.year or table.years.get(indicator.pk)
        lines.append(
            FigureLine(indicator, year, cell.shown, cell.z, table.mean_shown(indicator), cell.filled)
        )
    lines.sort(
        key=lambda line: (line.indicator.domain.position, line.indicator.domain.key, line.indicator.key)
    )
    return lines


# --- the paper -------------------------------------------------------------------------------------


def render(data: ProfileData, *, language: str) -> bytes:
    """Write the paper of one profile.

    Args:
        data: From ``collect``; nothing is read from the database here.
        language: "de" or "en".

    Returns:
        A tagged PDF, the same bytes for the same data.
    """
    with override(language):
        title = _("Area profile %(area)s") % {"area": data.area.name}
        return render_paper(paper_of(title, data, content(data), language=language))


def paper_of(
    title: str,
    data: ProfileData,
    parts: Sequence[blocks.Block],
    *,
    language: str,
    is_draft: bool | None = None,
) -> blocks.Paper:
    """The frame of profile and booklet: running heads, date of the data, mark of a draft.

    Args:
        title: Of the file.
        data: Any profile of the cycle.
        parts: Content.
        language: "de" or "en"; texts are taken in the language in force.
        is_draft: None asks the profile.
    """
    cycle, run = data.cycle, data.run
    draft = data.profile.released_at is None if is_draft is None else is_draft
    return blocks.Paper(
        title=title,
        language=language,
        author=str(cycle.planning_unit),
        subject=f"{cycle.territory}, {cycle.title}",
        blocks=parts,
        running=f"{cycle.territory} · {cycle.title}",
        footer=_figures_of(run) if run is not None else str(cycle.planning_unit),
        draft=_("Draft") if draft else "",
        page_of=_("Page %(page)s of %(pages)s"),
    )


def _figures_of(run: IndexRun) -> str:
    return _("Figures of the index %(year)s, computed on %(day)s.") % {
        "year": run.year,
        "day": date_de(run.created_at),
    }


def content(data: ProfileData) -> list[blocks.Block]:
    """The profile as blocks, in the language in force; a part of the booklet as well."""
    profile, area = data.profile, data.area
    parts: list[blocks.Block] = [
        blocks.Heading(
            area.name,
            1,
            preline=" · ".join(
                [str(data.cycle.territory), _("Area profile")]
                + ([_("example values")] if area.is_example else [])
            ),
            badges=_badges(data),
            running=area.name,
        ),
        *_place(data),
    ]
    for title, text in (
        (_("Strengths"), profile.strengths),
        (_("Weaknesses"), profile.weaknesses),
        (_("Potentials"), profile.potentials),
    ):
        parts += [blocks.Heading(title, 2, is_listed=False), _list(text)]
    parts += _statements(data)
    parts += _deviations(data)
    parts += _figures(data)
    return parts


def _badges(data: ProfileData) -> tuple[str, ...]:
    profile, result = data.profile, data.result
    words = []
    if result is not None and result.stands_out:
        words.append(_("increased need for action"))
    if result is not None and result.rank is not None:
        words.append(_("Rank %(rank)s of %(count)s") % {"rank": result.rank, "count": data.ranked_count})
    if profile.released_at is None:
        words.append(_("draft, not released"))
    else:
        words.append(_("released on %(day)s") % {"day": date_de(profile.released_at)})
    return tuple(words)


def _list(text: str) -> blocks.Block:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return blocks.Bullets(lines) if lines else blocks.Paragraph("–")


def _place(data: ProfileData) -> list[blocks.Block]:
    """Map and facts side by side."""
    facts = blocks.KeyValues(_facts(data))
    beside: blocks.Block = facts
    figures = _map(data)
    if figures is not None:
        drawing, legend = figures
        beside = blocks.Beside((drawing,), (facts, legend), share=0.37)
    parts = [beside]
    if data.profile.choice_reason:
        reason = _("Chosen by planning: %(reason)s") % {"reason": data.profile.choice_reason}
        parts.append(blocks.Paragraph(reason))
    for day in data.border_days:
        broken = _(
            "The borders changed on %(day)s: figures from before cannot be compared with later ones."
        ) % {"day": date_de(day)}
        parts.append(blocks.Paragraph(broken))
    return parts


def _facts(data: ProfileData) -> list[tuple[str, str]]:
    area, result, run = data.area, data.result, data.run
    rows = [(_("Area key"), area.key)]
    if area.parent is not None:
        rows.append((_("Part of"), area.parent.name))
    if area.population is not None:
        rows.append((_("Inhabitants"), decimal_de(area.population, 0)))
    if run is not None:
        rows.append((_("Index"), str(run.year)))
    if result is not None and result.normalised is not None:
        deviation = _("%(number)s standard deviations from the mean") % {
            "number": signed_de(result.normalised, 2)
        }
        rows.append((_("Deviation of the index"), deviation))
    if result is not None and result.how_sure:
        rows.append((_("How sure"), result.how_sure))
    if data.urgencies:
        rows.append((_("By the index"), index_says(result)))
        rows += urgency_facts(data.urgencies)
    rows.append((_("Planning cycle"), data.cycle.title))
    if data.profile.edited_at is not None:
        rows.append((_("Text"), f"{data.cycle.planning_unit}, {date_de(data.profile.edited_at)}"))
    return rows


def _map(data: ProfileData) -> tuple[blocks.Figure, blocks.Figure] | None:
    """Map and legend; None without boundaries or an index."""
    if data.shapes is None or data.run is None:
        return None
    found = run_map(
        data.shapes,
        [RunArea(str(row.area_id), row.area.name, row.normalised) for row in data.results],
        run_borders(data.run, data.results),
        chosen=RunArea(str(data.area.pk), data.area.name, None),
        place=str(data.cycle.territory),
        year=data.run.year,
    )
    source = f"{found.drawing.description} {data.area.geometry_source}".strip()
    legend = blocks.Figure(found.legend, caption=found.legend.title, share=_LEGEND_SHARE)
    return blocks.Figure(found.drawing, caption=source), legend


def _by_domain(lines: Sequence[FigureLine]) -> dict[str, list[FigureLine]]:
    groups: dict[str, list[FigureLine]] = {}
    for line in lines:
        groups.setdefault(line.indicator.domain.name, []).append(line)
    return groups


def _deviations(data: ProfileData) -> list[blocks.Block]:
    parts: list[blocks.Block] = [blocks.Heading(_("Deviation from the mean"), 2, is_listed=False)]
    if not data.lines:
        return [*parts, blocks.Paragraph(_("No index has been computed for this cycle."))]
    parts.append(blocks.Paragraph(chart_words(line.z for line in data.lines), "note"))
    for place, (domain, lines) in enumerate(_by_domain(data.lines).items()):
        ordered = sorted(lines, key=lambda line: (line.z is None, -(line.z or 0.0), line.indicator.key))
        chart = deviation_chart(
            [Deviation(_marked(line), line.z) for line in ordered],
            title=f"{data.area.name}, {domain}",
            has_directions=place == 0,
        )
        parts += [blocks.Heading(domain, 3, is_listed=False), blocks.Figure(chart)]
    return parts


def _statements(data: ProfileData) -> list[blocks.Block]:
    """What experts said: organisation and source group, never the person."""
    parts: list[blocks.Block] = [blocks.Heading(_("What the figures do not show"), 2, is_listed=False)]
    parts += [statement_block(row) for row in data.statements]
    if not data.statements:
        text = _("Nobody has said anything on this area yet; the planning conference adds it.")
        parts.append(blocks.Paragraph(text))
    return parts


def _figures(data: ProfileData) -> list[blocks.Block]:
    """Table of all figures, and where they come from."""
    parts: list[blocks.Block] = []
    sources = sorted({line.indicator.source for line in data.lines if line.indicator.source})
    if data.lines:
        rows: list[blocks.Row] = []
        for domain, lines in _by_domain(data.lines).items():
            rows.append(blocks.GroupRow(domain))
            rows += [_row(line, sources) for line in lines]
        columns = (
            blocks.Column(_("Indicator"), 6.2),
            blocks.Column(_("Value"), 2.5, is_number=True),
            blocks.Column(_("Year"), 1, is_number=True),
            blocks.Column(_("Mean of the areas"), 2.5, is_number=True),
            blocks.Column(_("Deviation"), 1.7, is_number=True),
            blocks.Column(_("Source"), 1.1, is_number=True),
        )
        parts += [
            blocks.Heading(_("All figures of the index"), 2, is_listed=False),
            blocks.Table("", columns, rows),
        ]
    if sources:
        numbered = "; ".join(f"{place} {source}" for place, source in enumerate(sources, start=1))
        parts.append(blocks.Paragraph(f"{_('Sources')}: {numbered}.", "note"))
    return parts + [blocks.Paragraph(note, "note") for note in _notes(data)]


def _marked(line: FigureLine) -> str:
    """Name of the indicator, with the sign of what was taken in place of a missing figure."""
    return f"{line.indicator.name} {FILLED_SIGN}" if line.filled else line.indicator.name


def _row(line: FigureLine, sources: Sequence[str]) -> tuple[str, ...]:
    unit, name = line.indicator.unit, line.indicator.name
    has_none = line.shown.value is None and not line.shown.sign
    figure = "–" if has_none else shown_text(line.shown, unit, has_unit=True)
    return (
        f"{name} ({FILLED_SIGN} {line.filled})" if line.filled else name,
        f"{figure}{FILLED_SIGN}" if line.filled else figure,
        "–" if line.year is None else str(line.year),
        with_unit(line.mean, unit),
        signed_de(line.z),
        str(sources.index(line.indicator.source) + 1) if line.indicator.source else "–",
    )


def _notes(data: ProfileData) -> list[str]:
    notes = []
    if data.run is not None:
        if data.content is not None:
            notes.append(index_words(data.content))
        notes.append(_("Inputs of the index, SHA-256: %(hash)s") % {"hash": data.run.inputs_sha256})
    if data.run is not None and data.result is not None and data.result.how_sure:
        variants, spread = data.run.weightings
        notes.append(
            _("How sure: in %(count)s weightings of the indicators, each varied by up to %(spread)s %%.")
            % {"count": decimal_de(variants, 0), "spread": decimal_de(spread * 100, 0)}
        )
    if any(line.filled for line in data.lines):
        notes.append(
            _(
                "* Figures were missing here, so others were taken in their place by the rule of the method. "
                "Rank and class are less certain."
            )
        )
    signs = sorted({line.shown.sign for line in data.lines if line.shown.sign})
    if signs:
        meanings = "; ".join(f"{sign} {sign_meaning(sign)}" for sign in signs)
        notes.append(_("Signs: %(meanings)s") % {"meanings": meanings})
    notes += [
        _("Without the delivery of %(supplier)s: %(reason)s")
        % {"supplier": row.organisation, "reason": row.waive_reason}
        for row in data.gone_without
    ]
    return notes


def file_name(area: Area, cycle: PlanningCycle) -> str:
    """Name people find among their downloads, without ending."""
    return _("Area profile %(area)s") % {"area": area.name} + f" ({cycle.title})"


def latest(moments: Iterable[datetime.datetime | None]) -> datetime.datetime | None:
    """The last of some moments; None without any."""
    return max((moment for moment in moments if moment is not None), default=None)
