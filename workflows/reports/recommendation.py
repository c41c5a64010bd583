"""A recommendation as part of a paper: its words, earlier decisions, and what it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from monitoring.deviations import chart_words
from project.common.comparison import Segment
from project.common.formats import date_de
from project.common.pdf import blocks
from workflows.models import CosignRequest, Decision, RecommendationVersion
from workflows.reports.evidence import figure_blocks, statement_block, urgency_blocks
from workflows.reports.parts import consequences_of, reasons_of
from workflows.selectors.cosigning import outcome_badge
from workflows.selectors.recommendations import AreaEvidence, Evidence
from workflows.selectors.versions import SinceReturn


def recommendation_blocks(
    version: RecommendationVersion, evidence: Evidence, earlier: Sequence[Decision]
) -> list[blocks.Block]:
    """A recommendation without its title, in the language in force.

    Args:
        version: With addressee and fields loaded.
        evidence: From ``evidence_of``.
        earlier: Decisions taken on it before.
    """
    facts = [(_("Addressee"), str(version.addressee))]
    if fields := [str(field) for field in version.fields.all()]:
        facts.append((_("Fields of action"), "; ".join(fields)))
    if evidence.areas:
        facts.append((_("Areas"), ", ".join(row.area.name for row in evidence.areas)))
    if version.submitted_at is not None:
        facts.append((_("Submitted"), date_de(version.submitted_at)))
    parts: list[blocks.Block] = [blocks.KeyValues(facts)]
    told = [(_("Proposal"), version.proposal), *reasons_of(version), *consequences_of(version)]
    for title, text in told:
        parts += [blocks.Heading(title, 2, is_listed=False), blocks.Paragraph(text or "–")]
    parts += _earlier(earlier)
    return parts + _evidence(evidence)


def cosigned_blocks(requests: Sequence[CosignRequest], *, is_listed: bool = True) -> list[blocks.Block]:
    """Who co-signed, with comments and dissent: the organisation, never the person.

    Args:
        requests: From ``answers_before_body``.
        is_listed: Whether the contents of the paper name it.
    """
    if not requests:
        return []
    lines = []
    for row in requests:
        answer = getattr(row, "answer", None)
        comment = f" – {answer.comment}" if answer is not None and answer.comment else ""
        lines.append(f"{row.organisation.name}: {outcome_badge(row).text}{comment}")
    return [blocks.Heading(_("Co-signing"), 2, is_listed=is_listed), blocks.Bullets(lines)]


def return_blocks(since: SinceReturn | None) -> list[blocks.Block]:
    """Why a recommendation came back, and what has changed since; nothing where it never did."""
    if since is None:
        return []
    reason = _("Returned on %(day)s. Reason: %(reason)s") % {
        "day": date_de(since.returned.returned_at),
        "reason": since.returned.reason,
    }
    parts: list[blocks.Block] = [
        blocks.Heading(_("Changed since the return"), 2, is_listed=False),
        blocks.Paragraph(reason),
    ]
    if not since.changes:
        return [*parts, blocks.Paragraph(_("The wording is the same."), "note")]
    columns = (blocks.Column(_("Part"), 2), blocks.Column(_("Before"), 5), blocks.Column(_("Now"), 5))
    rows = [(str(row.label), _joined(row.before), _joined(row.after)) for row in since.changes]
    return [*parts, blocks.Table("", columns, rows)]


def _joined(segments: Sequence[Segment]) -> str:
    """A part in one version; things of a list one after the other."""
    if any(row.is_item for row in segments):
        return "; ".join(row.text for row in segments)
    return "".join(row.text for row in segments).strip() or "–"


def _earlier(decisions: Sequence[Decision]) -> list[blocks.Block]:
    if not decisions:
        return []
    lines = [
        " · ".join(
            part
            for part in (
                f"{row.reference}, {date_de(row.decided_on)}: {row.get_result_display()}",
                row.conditions,
                row.reason,
            )
            if part
        )
        for row in decisions
    ]
    return [blocks.Heading(_("Decided before"), 2, is_listed=False), blocks.Bullets(lines)]


def _evidence(evidence: Evidence) -> list[blocks.Block]:
    if not (evidence.areas or evidence.other_statements):
        return []
    parts: list[blocks.Block] = [blocks.Heading(_("What it rests on"), 2, is_listed=False)]
    for row in evidence.areas:
        if row.figures or row.statements or row.urgencies:
            parts += _area_evidence(row)
    for statement in evidence.other_statements:
        parts.append(statement_block(statement, names_area=True))
    return parts


def _area_evidence(row: AreaEvidence) -> list[blocks.Block]:
    parts: list[blocks.Block] = [blocks.Heading(row.area.name, 3, is_listed=False), *urgency_blocks(row)]
    if row.figures:
        parts.append(blocks.Paragraph(chart_words(figure.z for figure in row.figures), "note"))
    parts += figure_blocks(row)
    return parts + [statement_block(statement) for statement in row.statements]
