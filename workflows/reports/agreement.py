"""The paper of a target agreement: parties, commitments, targets, term, reviews, and who confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import override

from project.common.formats import date_de, decimal_de
from project.common.pdf import blocks
from project.common.pdf.paper import render_paper
from workflows.models import (
    AgreementCommitment,
    AgreementConfirmation,
    AgreementReviewDate,
    AgreementTarget,
    ConfirmationState,
    TargetAgreement,
)
from workflows.reports.seal import SealedPaper, seal

#: A paper of a German authority, whatever language the person at the screen reads.
LANGUAGE = "de"


@dataclass(frozen=True)
class AgreementData:
    """Everything the paper shows, with all rows loaded.

    Attributes:
        agreement: The version; measure and parties are called what they were when they were asked.
        territory: For whom.
        office: Who publishes it.
        confirmations: Answers of the parties, in the order of the commitments.
    """

    agreement: TargetAgreement
    territory: str
    office: str
    commitments: Sequence[AgreementCommitment]
    targets: Sequence[AgreementTarget]
    review_dates: Sequence[AgreementReviewDate]
    confirmations: Sequence[AgreementConfirmation]

    @property
    def is_draft(self) -> bool:
        """Whether a party has not confirmed."""
        return not self.confirmations or any(
            row.state != ConfirmationState.CONFIRMED for row in self.confirmations
        )


def collect(agreement: TargetAgreement) -> AgreementData:
    """Read all that the paper of a version shows; that the reader sees the measure is checked before.

    Returns:
        No names: parties confirm by their head. Queries: at most 8.
    """
    measure = agreement.measure
    process = getattr(measure, "process", None)
    territory = str(measure.plan.territory)
    commitments = list(agreement.commitments.select_related("organisation").order_by("position"))
    places = {row.organisation_id: row.position for row in commitments}
    answers = agreement.confirmations.select_related("organisation").order_by("organisation__name")
    return AgreementData(
        agreement=agreement,
        territory=territory,
        office=str(process.cycle.planning_unit) if process is not None else territory,
        commitments=commitments,
        targets=list(agreement.targets.order_by("position")),
        review_dates=list(agreement.review_dates.order_by("due_on")),
        confirmations=sorted(answers, key=lambda row: places.get(row.organisation_id, len(places) + 1)),
    )


def render(data: AgreementData, *, language: str) -> bytes:
    """Write the paper: a tagged PDF, the same bytes for the same data."""
    with override(language):
        return render_paper(paper_of(data, language=language))


def seal_agreement(data: AgreementData, *, address: str) -> SealedPaper:
    """The paper as it is issued, with its check sum."""
    with override(LANGUAGE):
        return seal(paper_of(data, language=LANGUAGE), address=address)


def title_of(agreement: TargetAgreement) -> str:
    """Title of the paper."""
    return _("Target agreement %(reference)s: %(subject)s") % {
        "reference": agreement.reference,
        "subject": agreement.measure_title,
    }


def paper_of(data: AgreementData, *, language: str) -> blocks.Paper:
    """The paper as blocks, in the language in force; the page shows the same."""
    return blocks.Paper(
        title=title_of(data.agreement),
        language=language,
        author=data.office,
        subject=f"{data.territory}, {data.agreement.reference}",
        blocks=content(data),
        running=f"{data.territory} · {data.agreement.reference}",
        footer=_("Parties asked on %(day)s") % {"day": date_de(data.agreement.asked_at)},
        draft=_("Draft") if data.is_draft else "",
        page_of=_("Page %(page)s of %(pages)s"),
    )


def content(data: AgreementData) -> list[blocks.Block]:
    """Head, subject, commitments, targets, resources, rule, reviews, confirmations."""
    agreement = data.agreement
    badges = (_("Draft: not all parties have confirmed"),) if data.is_draft else ()
    parts: list[blocks.Block] = [
        blocks.Heading(
            agreement.measure_title, 1, preline=f"{data.territory} · {_('Target agreement')}", badges=badges
        ),
        blocks.KeyValues(_head(data)),
    ]
    if agreement.change_reason:
        parts += [blocks.Heading(_("Reason for the change"), 2), blocks.Paragraph(agreement.change_reason)]
    if agreement.preamble:
        parts += [blocks.Heading(_("Preamble"), 2), blocks.Paragraph(agreement.preamble)]
    parts += [blocks.Heading(_("Subject"), 2), blocks.Paragraph(agreement.subject, "lead")]
    parts += _commitments(data.commitments)
    parts += _targets(data.targets)
    if agreement.resources:
        parts += [blocks.Heading(_("Resources"), 2), blocks.Paragraph(agreement.resources)]
    parts += [
        blocks.Heading(_("What happens on deviation"), 2),
        blocks.Paragraph(agreement.deviation_rule),
        *_reviews(data),
        *_confirmations(data),
    ]
    return parts


def _head(data: AgreementData) -> list[tuple[str, str]]:
    agreement = data.agreement
    return [
        (_("File reference"), agreement.reference),
        (_("Version of the text"), str(agreement.version)),
        (_("Measure"), agreement.measure_name),
        (_("Field of action"), agreement.field_title),
        (_("Parties"), "; ".join(row.party_name for row in data.commitments)),
        (_("Term"), f"{date_de(agreement.starts_on)} – {date_de(agreement.ends_on)}"),
    ]


def _commitments(rows: Sequence[AgreementCommitment]) -> list[blocks.Block]:
    """Who gives what, side by side in one table."""
    columns = (blocks.Column(_("Party"), 2), blocks.Column(_("Commits itself to"), 4))
    table = blocks.Table("", columns, [(row.party_name, row.text or "–") for row in rows])
    return [blocks.Heading(_("Mutual commitments"), 2), table]


def _targets(rows: Sequence[AgreementTarget]) -> list[blocks.Block]:
    if not rows:
        return []
    columns = (
        blocks.Column(_("Key figure"), 4),
        blocks.Column(_("Baseline"), 2, is_number=True),
        blocks.Column(_("Target"), 2, is_number=True),
        blocks.Column(_("By"), 1.6),
    )
    lines = [
        (
            f"{row.title}: {row.wording}" if row.wording else row.title,
            f"{decimal_de(row.baseline)} {row.unit}",
            f"{decimal_de(row.value)} {row.unit}",
            date_de(row.due_on),
        )
        for row in rows
    ]
    return [blocks.Heading(_("What shall be reached"), 2), blocks.Table("", columns, lines)]


def _reviews(data: AgreementData) -> list[blocks.Block]:
    holder = _("The reviews are held by %(holder)s.") % {"holder": data.agreement.get_review_holder_display()}
    days = [date_de(row.due_on) for row in data.review_dates]
    listed = [blocks.Bullets(days)] if days else [blocks.Paragraph(_("No day of review was agreed."))]
    return [blocks.Heading(_("Days of review"), 2), *listed, blocks.Paragraph(holder, "note")]


def _confirmations(data: AgreementData) -> list[blocks.Block]:
    """Who confirmed for which party and when: the function, never the name."""
    columns = (
        blocks.Column(_("Party"), 3),
        blocks.Column(_("Confirmed by"), 2.4),
        blocks.Column(_("On"), 1.4),
        blocks.Column(_("State"), 1.8),
    )
    names = {row.organisation_id: row.party_name for row in data.commitments}
    lines = []
    for row in data.confirmations:
        is_done = row.state == ConfirmationState.CONFIRMED
        lines.append(
            (
                names.get(row.organisation_id, row.organisation.name),
                _("Head of the organisation") if is_done else "–",
                date_de(row.answered_at) if is_done and row.answered_at is not None else "–",
                row.get_state_display(),
            )
        )
    return [blocks.Heading(_("Confirmations"), 2), blocks.Table("", columns, lines)]


def file_name(agreement: TargetAgreement) -> str:
    """Name of the file without its ending."""
    return _("Target agreement %(number)s version %(version)s") % {
        "number": agreement.measure_number,
        "version": agreement.version,
    }
