"""The sheet of a measure (Maßnahmenblatt): one to two pages, alone or as a page of the plan."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from measures.models import FinanceLine, Measure, MeasureDependency, MeasurePartner, Milestone
from measures.reports.figures import figure_blocks
from measures.reports.finance import finance_blocks
from measures.selectors.figures import FigureLine, protected
from measures.selectors.numbering import number_key
from measures.selectors.portfolio import MeasureLine, measure_lines
from measures.selectors.submeasures import milestone_line
from measures.services.raw_figures import figures_told
from project.common.formats import date_de, decimal_de, period_de
from project.common.pdf import blocks
from project.common.pdf.paper import render_paper

#: Longest texts and facts that stand side by side (characters); more would not fit below the title.
_MOST_BESIDE: Final = 1_200
#: Texts up to so many characters take a narrow column.
_FEW: Final = 400


@dataclass(frozen=True)
class Origin:
    """Where a measure comes from, in words: the recommendation and the decision on it."""

    recommendation: str
    decision: str


@dataclass(frozen=True)
class SheetData:
    """Everything the sheet of a measure shows, with all rows loaded.

    Attributes:
        line: The measure and its state.
        figures: Its key figures as they may be told.
        today: The day looked from.
        is_internal: Whether notes and the reasons of planning are told.
        areas: Names of its areas; none means the whole territory.
        area_keys: Their keys.
        goals: What it serves.
        partners: With their contributions.
        milestones: By day.
        finance: Cost and funding; None where they are not told.
        needs: What it needs first, in words.
        needed_by: What waits for it, in words.
        parts: Its sub-measures, in words.
        above: The measure it is part of, in words; "" for none.
        merged: The measure it was merged into, in words; "" for none.
        origins: Recommendations and decisions it rests on.
    """

    line: MeasureLine
    figures: tuple[FigureLine, ...]
    today: datetime.date
    is_internal: bool
    areas: tuple[str, ...] = ()
    area_keys: tuple[int, ...] = ()
    goals: tuple[str, ...] = ()
    partners: tuple[MeasurePartner, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    finance: tuple[FinanceLine, ...] | None = None
    needs: tuple[str, ...] = ()
    needed_by: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    above: str = ""
    merged: str = ""
    origins: tuple[Origin, ...] = ()

    @property
    def measure(self) -> Measure:
        """The measure described."""
        return self.line.measure

    @property
    def name(self) -> str:
        """Number and title."""
        return f"{self.measure.number} {self.measure.title}"


def collect(
    user: Any,
    measures: QuerySet[Measure],
    *,
    shown: Iterable[int],
    today: datetime.date,
    origins: Mapping[int, Sequence[Origin]],
    is_internal: bool,
    has_finance: bool,
) -> list[SheetData]:
    """Read all that the sheets of some measures show.

    Args:
        user: Who asks.
        measures: Measures the person may see.
        shown: Keys of the measures that may be named beside them: as needed, as parts.
        today: The day to look from.
        origins: Key of a measure -> where it comes from; that lives above this app.
        is_internal: Tell notes, and small counts to those who may know them; else neither.
        has_finance: Tell cost and funding.

    Returns:
        One a measure, by number. Queries: 15 for any number of measures; where an internal sheet has small
        counts of people, those of ``figures_told`` for each such measure.
    """
    rows = sorted(_loaded(measures), key=number_key)
    known = set(shown)
    return [
        _sheet(
            line,
            figures_told(line.figures, user=user, measure=line.measure)
            if is_internal
            else [protected(row) for row in line.figures],
            known,
            today=today,
            origins=tuple(origins.get(line.measure.pk, ())),
            is_internal=is_internal,
            has_finance=has_finance,
        )
        for line in measure_lines(rows, today)
    ]


def _loaded(measures: QuerySet[Measure]) -> QuerySet[Measure]:
    needed = MeasureDependency.objects.select_related("needed__field", "needed__parent__field")
    waiting = MeasureDependency.objects.select_related("measure__field", "measure__parent__field")
    return measures.select_related(
        "plan__territory",
        "field",
        "parent__field",
        "responsible",
        "merged_into__field",
        "merged_into__parent__field",
    ).prefetch_related(
        "areas",
        "goals",
        "milestones",
        "partners__organisation",
        "finance_lines__payer",
        Prefetch("needs", needed),
        Prefetch("needed_by", waiting),
        Prefetch("submeasures", Measure.objects.select_related("field", "parent__field")),
    )


def counted(measures: Sequence[Measure]) -> str:
    """How many measures, and how many parts of them, in words: parts are no measures of their own."""
    parts = sum(measure.parent_id is not None for measure in measures)
    count = len(measures) - parts
    words = ngettext("%(count)s measure", "%(count)s measures", count) % {"count": decimal_de(count, 0)}
    if not parts:
        return words
    counter = {"counter": decimal_de(parts, 0)}
    with_parts = ngettext("with %(counter)s sub-measure", "with %(counter)s sub-measures", parts) % counter
    return f"{words} {with_parts}"


def _sheet(
    line: MeasureLine,
    figures: Sequence[FigureLine],
    known: set[int],
    *,
    today: datetime.date,
    origins: tuple[Origin, ...],
    is_internal: bool,
    has_finance: bool,
) -> SheetData:
    measure = line.measure
    areas = sorted(measure.areas.all(), key=lambda area: area.name)
    return SheetData(
        line=line,
        figures=tuple(figures),
        today=today,
        is_internal=is_internal,
        areas=tuple(area.name for area in areas),
        area_keys=tuple(area.pk for area in areas),
        goals=tuple(goal.title for goal in measure.goals.all()),
        partners=tuple(measure.partners.all()),
        milestones=tuple(sorted(measure.milestones.all(), key=lambda row: (row.due_on, row.pk))),
        finance=tuple(measure.finance_lines.all()) if has_finance else None,
        needs=tuple(
            _dependency(row.needed, row.note if is_internal else "")
            for row in measure.needs.all()
            if row.needed_id in known
        ),
        needed_by=tuple(str(row.measure) for row in measure.needed_by.all() if row.measure_id in known),
        parts=tuple(str(row) for row in sorted(measure.submeasures.all(), key=number_key) if row.pk in known),
        above=str(measure.parent) if measure.parent and measure.parent_id in known else "",
        merged=str(measure.merged_into) if measure.merged_into and measure.merged_into_id in known else "",
        origins=origins,
    )


def _dependency(measure: Measure, note: str) -> str:
    return f"{measure} ({note})" if note else str(measure)


# --- the paper -------------------------------------------------------------------------------------


def render(data: SheetData, *, language: str) -> bytes:
    """Write the sheet of one measure.

    Args:
        data: From ``collect``; nothing is read from the database here.
        language: "de" or "en".

    Returns:
        A tagged PDF, the same bytes for the same data.
    """
    with override(language):
        plan = data.measure.plan
        return render_paper(
            blocks.Paper(
                title=file_name(data.measure),
                language=language,
                author=str(plan.territory),
                subject=plan.title,
                blocks=content(data, 1),
                running=f"{plan.territory} · {plan.title}",
                footer=_("As of %(day)s") % {"day": date_de(data.today)},
                page_of=_("Page %(page)s of %(pages)s"),
            )
        )


def file_name(measure: Measure) -> str:
    """Name people find among their downloads, without ending."""
    return _("Measure %(number)s %(title)s") % {"number": measure.number, "title": measure.title}


def content(data: SheetData, level: int) -> list[blocks.Block]:
    """The sheet as blocks, in the language in force.

    Args:
        data: Of the measure.
        level: Of its heading.
    """
    measure = data.measure
    parts: list[blocks.Block] = [
        blocks.Heading(data.name, level, preline=str(measure.field), badges=_badges(data), running=data.name)
    ]
    if measure.short_description:
        parts.append(blocks.Paragraph(measure.short_description, "lead"))
    if data.is_internal and data.line.state_note:
        parts.append(blocks.Paragraph(data.line.state_note, "note"))
    parts += _what_and_who(data, level + 1)
    parts += _milestones(data, level + 1)
    if data.figures:
        parts.append(blocks.Heading(_("Key figures"), level + 1, is_listed=False))
        parts += figure_blocks(data.figures, today=data.today, is_public=not data.is_internal)
    if data.finance:
        parts.append(blocks.Heading(_("Cost and funding"), level + 1, is_listed=False))
        parts += finance_blocks(data.finance)
    return parts


def _what_and_who(data: SheetData, level: int) -> list[blocks.Block]:
    """Texts and facts side by side, so that a usual measure fits on a page; long ones below one another."""
    measure = data.measure
    texts = [
        *_text(_("What is done"), measure.description, level),
        *_text(_("Hypothesis of effect"), measure.effect_hypothesis, level),
    ]
    rows = _facts(data)
    length = len(measure.description) + len(measure.effect_hypothesis)
    if texts and max(length, sum(len(value) for _name, value in rows)) <= _MOST_BESIDE:
        # Short texts leave the facts more room: their lines are what a page is filled with.
        return [blocks.Beside(texts, (blocks.KeyValues(rows),), share=0.38 if length <= _FEW else 0.46)]
    return [blocks.KeyValues(rows), *texts]


def _badges(data: SheetData) -> tuple[str, ...]:
    measure = data.measure
    told = (data.line.badge.text, str(measure.get_stage_display()), str(measure.get_status_display()))
    # What waits for stage 2 says so as its state, and a completed one twice.
    words = list(dict.fromkeys(told))
    if measure.is_example:
        words.append(_("Example"))
    return tuple(words)


def _text(title: str, text: str, level: int) -> list[blocks.Block]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return []
    return [blocks.Heading(title, level, is_listed=False), *(blocks.Paragraph(line) for line in lines)]


def _facts(data: SheetData) -> list[tuple[str, str]]:
    measure = data.measure
    actual = _actual_term(measure)
    rows = [
        (_("Responsible"), measure.responsible.name),
        (_("Contact (function)"), measure.contact_function),
        (_("Partners"), "\n".join(_partner(row) for row in data.partners)),
        (_("Target group"), measure.target_group),
        (_("Areas"), ", ".join(data.areas) or _whole(measure)),
        (_("Goals"), "\n".join(data.goals)),
        (_("Planned term"), period_de(measure.starts_on, measure.ends_on)),
        (_("Actual term"), actual),
        (_("Merged into"), data.merged),
        (_("Part of the measure"), data.above),
        (_("Parts"), "\n".join(data.parts)),
        (_("Needs first"), "\n".join(data.needs)),
        (_("Needed by"), "\n".join(data.needed_by)),
        (
            _("Where it comes from"),
            "\n".join(f"{row.recommendation} ({row.decision})" for row in data.origins),
        ),
    ]
    return [(name, value) for name, value in rows if value]


def _whole(measure: Measure) -> str:
    return _("Whole territory (%(territory)s)") % {"territory": measure.plan.territory}


def _partner(row: MeasurePartner) -> str:
    return f"{row.organisation.name} – {row.role}" if row.role else row.organisation.name


def _actual_term(measure: Measure) -> str:
    if measure.started_on is None:
        return _("not begun")
    if measure.ended_on is None:
        return _("since %(day)s") % {"day": date_de(measure.started_on)}
    return period_de(measure.started_on, measure.ended_on)


def _milestones(data: SheetData, level: int) -> list[blocks.Block]:
    if not data.milestones:
        return []
    columns = (
        blocks.Column(_("Milestone"), 4.2),
        blocks.Column(_("First planned for"), 2.2, is_number=True),
        blocks.Column(_("Due"), 1.6, is_number=True),
        blocks.Column(_("Reached"), 1.6, is_number=True),
        blocks.Column(_("Delay"), 2),
    )
    rows = [
        (
            f"{row.title} ({row.note})" if data.is_internal and row.note else row.title,
            date_de(row.planned_on),
            date_de(row.due_on),
            date_de(row.reached_on),
            delay_words(milestone_line(row, data.today).days_late),
        )
        for row in data.milestones
    ]
    return [blocks.Heading(_("Milestones"), level, is_listed=False), blocks.Table("", columns, rows)]


def delay_words(days: int) -> str:
    """How late something is against what was planned first; "" if it is not."""
    if not days:
        return ""
    return ngettext("%(days)s day late", "%(days)s days late", days) % {"days": decimal_de(days, 0)}
