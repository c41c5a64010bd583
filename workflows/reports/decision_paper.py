"""The decision paper (Beschlussvorlage): what a body is to decide, and why."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import override

from monitoring.deviations import chart_words
from project.common.formats import date_de
from project.common.pdf import blocks
from project.common.pdf.paper import render_paper
from workflows.models import (
    CosignRequest,
    Decision,
    Meeting,
    Recommendation,
    RecommendationState,
    RecommendationVersion,
)
from workflows.reports.evidence import figure_blocks, statement_block, urgency_blocks
from workflows.reports.parts import consequences_of, file_reference_of, reasons_of
from workflows.reports.recommendation import cosigned_blocks, return_blocks
from workflows.selectors.cosigning import answers_before_body
from workflows.selectors.decisions import likely_meeting, meetings_to_decide_in
from workflows.selectors.merged import merged_origins
from workflows.selectors.recommendations import Evidence, evidence_of
from workflows.selectors.versions import SinceReturn, since_return


@dataclass(frozen=True)
class PaperData:
    """Everything the paper shows, with all rows loaded.

    Attributes:
        version: The wording, with addressee and field.
        body: Who decides.
        territory: For whom.
        planning_unit: Who publishes the paper.
        meeting: In which it comes up, or was decided; None as long as none is set.
        evidence: Figures of the run and statements.
        decisions: Earlier decisions on it, the first one first.
        answers: Of those who were asked to co-sign; none on a draft, whose co-signers answer unseen.
        since: Why the body returned it, and what has changed; None where it never did.
    """

    version: RecommendationVersion
    body: str
    territory: str
    planning_unit: str
    meeting: Meeting | None
    evidence: Evidence
    decisions: Sequence[Decision]
    answers: Sequence[CosignRequest]
    since: SinceReturn | None = None

    @property
    def is_draft(self) -> bool:
        """Whether the conference has not released it to the body yet."""
        return self.version.submitted_at is None

    @property
    def day(self) -> datetime.date | datetime.datetime:
        """When it was submitted, a draft when it was written."""
        return self.version.submitted_at or self.version.created_at


def collect(version: RecommendationVersion) -> PaperData:
    """Read all that the paper of a version shows; that the reader may read the version is checked before.

    Returns:
        Figures are protected by statistical secrecy. Queries: at most 17, more for what was merged or
        returned.
    """
    recommendation = version.recommendation
    process = getattr(recommendation, "process", None)
    cycle = process.cycle if process is not None else recommendation.cycle
    decided = version.decisions.select_related("meeting").order_by("pk").last()
    if decided is not None and _comes_up_again(version):
        decided = None
    meeting = decided.meeting if decided is not None else None
    if meeting is None and process is not None and version.submitted_at is not None:
        meeting = likely_meeting(meetings_to_decide_in(recommendation))
    origins = merged_origins([recommendation.pk])[recommendation.pk]
    before = Q(version__recommendation=recommendation, version__number__lt=version.number)
    before |= Q(version__recommendation__in=origins)
    # A decision on this very version went before it where it was postponed.
    earlier = Decision.objects.filter(before | Q(version=version))
    if decided is not None:
        earlier = earlier.exclude(pk=decided.pk)
    return PaperData(
        version=version,
        body=cycle.steering_group.name,
        territory=str(cycle.territory),
        planning_unit=str(cycle.planning_unit),
        meeting=meeting,
        evidence=evidence_of(version),
        decisions=list(earlier.select_related("recommendation__cycle").order_by("pk")),
        answers=answers_before_body([version])[version.pk] if version.submitted_at is not None else [],
        since=since_return(version),
    )


def _comes_up_again(version: RecommendationVersion) -> bool:
    """Whether the body decides on this version once more: it was postponed, or taken up again. Queries: 1."""
    recommendation = version.recommendation
    waits = recommendation.state in {RecommendationState.SUBMITTED, RecommendationState.POSTPONED}
    return waits and not recommendation.versions.filter(number__gt=version.number).exists()


def render(data: PaperData, *, language: str) -> bytes:
    """Write the paper: a tagged PDF, the same bytes for the same data."""
    with override(language):
        return render_paper(paper_of(data, language=language))


def paper_of(data: PaperData, *, language: str) -> blocks.Paper:
    """The paper as blocks, in the language in force; the page shows the same."""
    title = _("Decision paper %(reference)s: %(subject)s") % {
        "reference": file_reference_of(data.version),
        "subject": data.version.title,
    }
    run = data.evidence.run
    source = (
        _("Figures of the index %(year)s, computed on %(day)s.")
        % {"year": run.year, "day": date_de(run.created_at)}
        if run is not None
        else data.planning_unit
    )
    return blocks.Paper(
        title=title,
        language=language,
        author=data.planning_unit,
        subject=f"{data.territory}, {data.body}",
        blocks=content(data),
        running=f"{data.territory} · {data.body}",
        footer=source,
        draft=_("Draft") if data.is_draft else "",
        page_of=_("Page %(page)s of %(pages)s"),
    )


def content(data: PaperData) -> list[blocks.Block]:
    """Head, proposal, reasons, figures, consequences, what went before."""
    version = data.version
    badges = (_("Draft, not released to the body"),) if data.is_draft else ()
    parts: list[blocks.Block] = [
        blocks.Heading(version.title, 1, preline=f"{data.territory} · {_('Decision paper')}", badges=badges),
        blocks.KeyValues(_head(data)),
        blocks.Heading(_("Proposed decision"), 2),
        blocks.Paragraph(version.proposal or "–", "lead"),
        *return_blocks(data.since),
        *_sections(_("Reasons"), reasons_of(version)),
        *_figures(data.evidence),
        *_statements(data.evidence),
        *_sections(_("Cost and consequences"), consequences_of(version)),
        *cosigned_blocks(data.answers),
        *_before(data),
    ]
    return parts


def _head(data: PaperData) -> list[tuple[str, str]]:
    version = data.version
    rows = [(_("Body"), data.body)]
    if data.meeting is not None:
        rows.append((_("Meeting"), date_de(data.meeting.held_on)))
    rows += [
        (_("File reference"), file_reference_of(version)),
        (_("Date"), date_de(data.day)),
        (_("Version"), str(version.number)),
        (_("Addressee"), str(version.addressee)),
    ]
    if fields := [str(field) for field in version.fields.all()]:
        rows.append((_("Fields of action"), "; ".join(fields)))
    rows.append((_("Prepared by"), data.planning_unit))
    return rows


def _sections(title: str, parts: Sequence[tuple[str, str]]) -> list[blocks.Block]:
    """A heading with its parts; a part of the same name needs no second heading."""
    found: list[blocks.Block] = []
    for name, text in parts:
        if name != title:
            found.append(blocks.Heading(name, 3, is_listed=False))
        found.append(blocks.Paragraph(text))
    return [blocks.Heading(title, 2), *found] if found else []


def _figures(evidence: Evidence) -> list[blocks.Block]:
    """Bars and table of each area; what is secret shows its sign only."""
    shown = [area for area in evidence.areas if area.figures or area.urgencies]
    if not shown:
        return []
    parts: list[blocks.Block] = [blocks.Heading(_("What the figures say"), 2)]
    charted = [area for area in shown if area.figures]
    if charted:
        said = chart_words(row.z for area in charted for row in area.figures)
        parts.append(blocks.Paragraph(said, "note"))
    for area in shown:
        parts += [blocks.Heading(area.area.name, 3, is_listed=False), *urgency_blocks(area)]
        parts += figure_blocks(area, has_directions=area in charted[:1])
    return parts


def _statements(evidence: Evidence) -> list[blocks.Block]:
    """What experts said: organisation and source group, never the person."""
    rows = [row for area in evidence.areas for row in area.statements] + evidence.other_statements
    if not rows:
        return []
    said = [statement_block(row, names_area=True) for row in rows]
    return [blocks.Heading(_("What experts say"), 2), *said]


def _before(data: PaperData) -> list[blocks.Block]:
    """Earlier decisions, returns among them."""
    own = data.version.recommendation_id
    lines = [
        _origin(row.recommendation, own)
        + _("Decision %(number)s of %(day)s: %(result)s.")
        % {
            "number": row.reference,
            "day": date_de(row.decided_on),
            "result": row.get_result_display(),
        }
        + (f" {row.reason}" if row.reason else "")
        for row in data.decisions
    ]
    return [blocks.Heading(_("What went before"), 2), blocks.Bullets(lines)] if lines else []


def _origin(recommendation: Recommendation, own: int) -> str:
    """Number of what was merged into it; nothing for itself."""
    return "" if recommendation.pk == own else f"{recommendation.reference}: "


def file_name(version: RecommendationVersion) -> str:
    """Name of the file without its ending."""
    return _("Decision paper %(reference)s") % {"reference": version.recommendation.reference}
