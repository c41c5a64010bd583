"""The progress report (Umsetzungsbericht) of a closed reporting round, drawn from its frozen content."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from measures.models import ReportingRound, RoundReportState
from measures.reports.drawings import Count, count_bars, state_css
from measures.reports.round_data import RoundMeasure, round_measure
from measures.selectors.round_comparison import (
    CHANGE_LABELS,
    Change,
    Compared,
    change_counts,
    compare_rounds,
    corrected_since,
)
from measures.services.snapshots import content_sha256, snapshot_content
from measures.status import LIGHT_LABELS, STATE_KINDS, STATE_LABELS, Light, PortfolioState, light_badge
from project.common.formats import SIGN_UNKNOWN, date_de, decimal_de, sign_meaning
from project.common.pdf import blocks
from project.common.pdf.paper import render_paper

#: States of which the report says why.
_SLIPPING = (PortfolioState.DELAYED, PortfolioState.AT_RISK)


@dataclass(frozen=True)
class RoundData:
    """Everything a progress report shows.

    Attributes:
        plan: Title of the plan.
        territory: Whose it is.
        reference_on: Day the figures are of.
        closed_on: When the round was closed.
        closing_reason: Why it was closed although reports were missing; "" if none was.
        organisations: Who was asked, with the state of the report.
        measures: By number.
        sha256: Check sum of the content it was drawn from.
        is_frozen: Whether the content was frozen when the round was closed.
        before_on: Day of the frozen round before it; None without one.
        compared: Measures and key figures in both rounds; empty without one before.
        corrected: Organisations whose report was corrected since, with the day.
    """

    plan: str
    territory: str
    reference_on: datetime.date
    closed_on: datetime.date
    closing_reason: str
    organisations: tuple[tuple[str, str], ...]
    measures: tuple[RoundMeasure, ...]
    sha256: str
    is_frozen: bool
    before_on: datetime.date | None = None
    compared: tuple[Compared, ...] = ()
    corrected: tuple[tuple[str, datetime.date], ...] = ()


def collect(reporting_round: ReportingRound) -> RoundData:
    """Read all that the report of a round shows.

    Args:
        reporting_round: A closed round the person may see, with its plan and territory. Small counts of
            people are not in its content, so that whoever sees the plan may read all of it.

    Returns:
        From the frozen content; a round closed before rounds were frozen is read from the data of today, as
        of its day. Queries: at most 3 for a frozen round, else some 15.
    """
    earlier = None
    if hasattr(reporting_round, "snapshot"):
        rows = reporting_round.plan.rounds.filter(
            snapshot__isnull=False, reference_on__lt=reporting_round.reference_on
        )
        earlier = rows.select_related("snapshot").order_by("-reference_on").first()
    return read(reporting_round, earlier, corrected=corrected_since(reporting_round))


def read(
    reporting_round: ReportingRound,
    earlier: ReportingRound | None = None,
    *,
    corrected: Sequence[tuple[str, datetime.date]] = (),
) -> RoundData:
    """Put the content of a round into words.

    Args:
        reporting_round: Closed; with its snapshot joined if it has one.
        earlier: The frozen round before, with its snapshot joined; None compares with nothing.
        corrected: Organisations whose report was corrected since, with the day.
    """
    snapshot = getattr(reporting_round, "snapshot", None)
    content = snapshot.content if snapshot is not None else snapshot_content(reporting_round)
    asked = content["round"]
    return RoundData(
        plan=content["plan"]["title"],
        territory=content["plan"]["territory"],
        reference_on=datetime.date.fromisoformat(asked["reference_on"]),
        closed_on=datetime.date.fromisoformat(asked["closed_on"]),
        closing_reason=asked["closing_reason"],
        organisations=tuple((row["name"], row["state"]) for row in asked["organisations"]),
        measures=tuple(round_measure(row, asked["reference_on"]) for row in content["measures"]),
        sha256=snapshot.sha256 if snapshot is not None else content_sha256(content),
        is_frozen=snapshot is not None,
        before_on=earlier.reference_on if earlier is not None else None,
        compared=tuple(compare_rounds(earlier, reporting_round)) if earlier is not None else (),
        corrected=tuple(corrected),
    )


# --- the paper -------------------------------------------------------------------------------------


def render(data: RoundData, *, language: str) -> bytes:
    """Write the report.

    Args:
        data: From ``collect``; nothing is read from the database here.
        language: "de" or "en".

    Returns:
        A tagged PDF with cover, contents and bookmarks, the same bytes for the same data.
    """
    with override(language):
        return render_paper(
            blocks.Paper(
                title=file_name(data.plan, data.reference_on),
                language=language,
                author=data.territory,
                subject=data.plan,
                blocks=content(data),
                running=f"{data.territory} · {data.plan}",
                footer=_("Figures as of %(day)s") % {"day": date_de(data.reference_on)},
                page_of=_("Page %(page)s of %(pages)s"),
                has_cover=True,
            )
        )


def file_name(plan: str, day: datetime.date) -> str:
    """Name people find among their downloads, without ending."""
    return _("Progress report %(plan)s as of %(day)s") % {"plan": plan, "day": date_de(day)}


def content(data: RoundData) -> list[blocks.Block]:
    """The report as blocks, in the language in force."""
    parts = [*_cover(data), blocks.PageBreak(), blocks.Contents(_("Contents"), depth=1)]
    parts += [*_overview(data), *_comparison(data), *_slips(data)]
    for field, rows in groupby(data.measures, key=lambda row: row.field):
        parts += _chapter(field, list(rows))
    return parts + _sources(data)


def _cover(data: RoundData) -> list[blocks.Block]:
    count = len(data.measures)
    words = ngettext("%(count)s measure", "%(count)s measures", count) % {"count": decimal_de(count, 0)}
    facts = [
        (_("Published by"), data.territory),
        (_("Action plan"), data.plan),
        (_("Figures as of"), date_de(data.reference_on)),
        (_("Round closed"), date_de(data.closed_on)),
    ]
    if data.before_on is not None:
        facts.append((_("Compared with"), date_de(data.before_on)))
    as_of = _("figures as of %(day)s") % {"day": date_de(data.reference_on)}
    return [
        blocks.Heading(
            _("Progress report"), 1, is_listed=False, preline=f"{data.territory} · {data.plan}", is_title=True
        ),
        blocks.Paragraph(f"{words}, {as_of}", "lead"),
        blocks.KeyValues(facts),
    ]


def _overview(data: RoundData) -> list[blocks.Block]:
    title = _("Overview")
    states = Counter(row.state for row in data.measures)
    lights = Counter(figure.light for row in data.measures for figure in row.figures)
    kinds = {light: light_badge(light).kind for light in Light}
    charts = (
        (
            _("Measures by state"),
            [
                Count(str(label), states[state], state_css(STATE_KINDS[state]))
                for state, label in STATE_LABELS.items()
                if states[state]
            ],
        ),
        (
            _("Key figures by traffic light"),
            [
                Count(str(label), lights[light], state_css(kinds[light]))
                for light, label in LIGHT_LABELS.items()
                if lights[light]
            ],
        ),
    )
    parts: list[blocks.Block] = [blocks.PageBreak(), blocks.Heading(title, 1, running=title)]
    for name, counts in charts:
        if counts:
            parts += [blocks.Heading(name, 2, is_listed=False), blocks.Figure(count_bars(name, counts))]
    return [*parts, *_answers(data)]


def _answers(data: RoundData) -> list[blocks.Block]:
    """Who has reported."""
    confirmed = sum(state == RoundReportState.CONFIRMED for _name, state in data.organisations)
    words = _("%(count)s of %(total)s reports were confirmed.") % {
        "count": decimal_de(confirmed, 0),
        "total": decimal_de(len(data.organisations), 0),
    }
    parts: list[blocks.Block] = [
        blocks.Heading(_("Reports"), 2, is_listed=False),
        blocks.Paragraph(words),
    ]
    if data.closing_reason:
        reason = _("Closed without all reports: %(reason)s") % {"reason": data.closing_reason}
        parts.append(blocks.Paragraph(reason))
    missing = [name for name, state in data.organisations if state != RoundReportState.CONFIRMED]
    if missing:
        parts.append(blocks.Paragraph(_("Without a confirmed report:"), "strong"))
        parts.append(blocks.Bullets(missing))
    return parts


def _comparison(data: RoundData) -> list[blocks.Block]:
    """Better, worse, new, ended against the round before."""
    if data.before_on is None:
        return []
    title = _("Comparison with the round before")
    counts = change_counts(list(data.compared))
    bars = [Count(str(CHANGE_LABELS[change]), counts[change]) for change in Change if counts[change]]
    intro = _("Measures on %(day)s against %(before)s.") % {
        "day": date_de(data.reference_on),
        "before": date_de(data.before_on),
    }
    parts: list[blocks.Block] = [
        blocks.PageBreak(),
        blocks.Heading(title, 1, running=title),
        blocks.Paragraph(intro, "lead"),
    ]
    if bars:
        parts.append(blocks.Figure(count_bars(title, bars)))
    for change in (Change.WORSE, Change.BETTER, Change.NEW, Change.ENDED):
        rows = [row for row in data.compared if row.change is change]
        if rows:
            parts += [
                blocks.Heading(str(CHANGE_LABELS[change]).capitalize(), 2, is_listed=False),
                _changes(rows),
            ]
    return parts


def _changes(rows: Sequence[Compared]) -> blocks.Table:
    columns = (
        blocks.Column(_("No."), 0.9),
        blocks.Column(_("Measure or key figure"), 5),
        blocks.Column(_("Before"), 2.4),
        blocks.Column(_("Now"), 2.4),
    )
    return blocks.Table(
        "",
        columns,
        [
            (
                row.number,
                row.figure or row.title,
                _told(row.before.text if row.before else "–", row.value_before),
                _told(row.after.text if row.after else "–", row.value_after),
            )
            for row in rows
        ],
    )


def _told(state: str, value: str) -> str:
    return f"{state}\n{value}" if value else state


def _slips(data: RoundData) -> list[blocks.Block]:
    """What is delayed or at risk, and why."""
    title = _("What slips, and why")
    slipping = [row for state in _SLIPPING for row in data.measures if row.state is state]
    parts: list[blocks.Block] = [blocks.PageBreak(), blocks.Heading(title, 1, running=title)]
    if not slipping:
        return [*parts, blocks.Paragraph(_("No measure is delayed or at risk."))]
    for row in slipping:
        parts += [
            blocks.Paragraph(f"{row.name}: {STATE_LABELS[row.state]} ({row.responsible})", "strong"),
            blocks.Bullets(row.reasons(data.reference_on) or [_("No reason was reported.")]),
        ]
    return parts


def _chapter(field: str, rows: Sequence[RoundMeasure]) -> list[blocks.Block]:
    """A field of action: its measures, then key figures and comments of each that has any."""
    count = len(rows)
    words = ngettext("%(count)s measure", "%(count)s measures", count) % {"count": decimal_de(count, 0)}
    columns = (
        blocks.Column(_("No."), 0.9),
        blocks.Column(_("Measure"), 4.4),
        blocks.Column(_("Responsible"), 3),
        blocks.Column(_("State"), 1.8),
        blocks.Column(_("Milestones reached"), 1.7),
    )
    parts: list[blocks.Block] = [
        blocks.PageBreak(),
        blocks.Heading(field, 1, preline=_("Field of action"), badges=(words,), running=field),
        blocks.Table(
            "",
            columns,
            [
                (row.number, row.title, row.responsible, str(STATE_LABELS[row.state]), row.milestone_words)
                for row in rows
            ],
        ),
    ]
    for row in rows:
        if row.figures or row.override_reason:
            parts += _measure(row)
    return parts


def _measure(row: RoundMeasure) -> list[blocks.Block]:
    parts: list[blocks.Block] = [blocks.Heading(row.name, 2)]
    if row.override_reason:
        words = _("computed: %(computed)s; set: %(told)s, because: %(reason)s") % {
            "computed": STATE_LABELS[row.computed],
            "told": STATE_LABELS[row.state],
            "reason": row.override_reason,
        }
        parts.append(blocks.Paragraph(words, "note"))
    if row.figures:
        columns = (
            blocks.Column(_("Key figure"), 3.1),
            blocks.Column(_("Baseline"), 2.2),
            blocks.Column(_("Next target"), 2.4),
            blocks.Column(_("Actual"), 2.2),
            blocks.Column(_("Expected by the path"), 2.2),
            blocks.Column(_("Traffic light"), 1.6),
        )
        cells = [
            (
                figure.title,
                figure.baseline,
                figure.target,
                figure.actual,
                figure.expected,
                str(LIGHT_LABELS[figure.light]),
            )
            for figure in row.figures
        ]
        parts.append(blocks.Table("", columns, cells))
    parts += [
        blocks.Statement(f"{figure.asked_of or row.responsible}: {figure.title}", figure.comment)
        for figure in row.figures
        if figure.comment
    ]
    return parts


def _sources(data: RoundData) -> list[blocks.Block]:
    """Where all of it comes from, and how it can be checked."""
    title = _("On this report")
    if data.is_frozen:
        text = _(
            "Drawn from what was frozen when the round was closed: later values and corrections do not "
            "change it."
        )
    else:
        text = _("The round was not frozen when it was closed: drawn from the data known by its day.")
    parts: list[blocks.Block] = [
        blocks.PageBreak(),
        blocks.Heading(title, 1, running=title),
        blocks.Paragraph(text),
        blocks.Paragraph(
            _("State: confirmed key figures against the straight path from baseline to the next target.")
        ),
        blocks.KeyValues([(_("Check sum of the content (SHA-256)"), data.sha256)]),
    ]
    if any(figure.is_secret for row in data.measures for figure in row.figures):
        signs = f"{SIGN_UNKNOWN} {sign_meaning(SIGN_UNKNOWN)}"
        parts.append(blocks.Paragraph(_("Signs: %(meanings)s") % {"meanings": signs}, "note"))
    if data.corrected:
        parts.append(blocks.Paragraph(_("Corrected since:"), "strong"))
        parts.append(blocks.Bullets([f"{name}, {date_de(day)}" for name, day in data.corrected]))
    return parts
