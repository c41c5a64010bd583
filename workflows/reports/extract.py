"""The extract of a decision (Beschlussauszug): what goes to its origin and to all who must act."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from project.common.formats import date_de
from project.common.pdf import blocks
from workflows.models import Decision, DecisionCondition, VoteChoice
from workflows.models.meetings import APPROVED_RESULTS
from workflows.reports.parts import file_reference_of
from workflows.reports.seal import SealedPaper, seal

#: A paper of a German authority, whatever language the person at the screen reads.
LANGUAGE = "de"


@dataclass(frozen=True)
class ExtractData:
    """Everything an extract shows; no names of those who voted.

    Attributes:
        decision: With version, body, meeting, rules and what it replaces.
        territory: For whom.
        office: Function and office of who issues it.
        conditions: Rows of its conditions; without any the words of the decision count.
        biased_count: Members that were biased and left out.
        recipients: Names of those who receive it.
        issued_on: Day of issue.
    """

    decision: Decision
    territory: str
    office: str
    conditions: Sequence[DecisionCondition]
    biased_count: int
    recipients: Sequence[str]
    issued_on: datetime.date


def collect(
    decision: Decision, *, recipients: Sequence[str], issued_on: datetime.date, office: str
) -> ExtractData:
    """Read all that the extract of a decision shows. Queries: at most 8."""
    cycle = decision.cycle
    return ExtractData(
        decision=decision,
        territory=str(cycle.territory),
        office=office,
        conditions=list(decision.condition_rows.select_related("organisation").order_by("number")),
        biased_count=decision.votes.filter(choice=VoteChoice.BIASED).count(),
        recipients=recipients,
        issued_on=issued_on,
    )


def render(data: ExtractData, *, address: str) -> SealedPaper:
    """Write the extract with its check sum; the same bytes for the same data."""
    with override(LANGUAGE):
        return seal(paper_of(data), address=address)


def paper_of(data: ExtractData) -> blocks.Paper:
    """The extract as blocks, in the language in force; the preview shows the same."""
    decision = data.decision
    return blocks.Paper(
        title=title_of(decision),
        language=LANGUAGE,
        author=data.office,
        subject=f"{data.territory}, {decision.body.name}",
        blocks=_content(data),
        running=f"{data.territory} · {decision.body.name}",
        footer=_("Issued on %(day)s for %(body)s by: %(office)s")
        % {"day": date_de(data.issued_on), "body": decision.body.name, "office": data.office},
        page_of=_("Page %(page)s of %(pages)s"),
    )


def title_of(decision: Decision) -> str:
    """Title of the paper."""
    return _("Extract of decision %(number)s: %(subject)s") % {
        "number": decision.reference,
        "subject": decision.version.title,
    }


def _content(data: ExtractData) -> list[blocks.Block]:
    decision = data.decision
    parts: list[blocks.Block] = [
        blocks.Heading(
            _("Extract of decision %(number)s") % {"number": decision.reference},
            1,
            preline=f"{data.territory} · {decision.body.name}",
        ),
        blocks.KeyValues(_head(data)),
        blocks.Heading(
            _("Wording") if decision.result in APPROVED_RESULTS else _("Wording as it was proposed"), 2
        ),
        blocks.Paragraph(decision.decided_wording or "–", "lead"),
        blocks.Heading(_("Result"), 2),
        blocks.Paragraph(_result(decision), "strong"),
        blocks.Paragraph(_count(data)),
        *_conditions(data),
    ]
    if decision.reason:
        parts += [blocks.Heading(_("Grounds"), 2), blocks.Paragraph(decision.reason)]
    if decision.replaces is not None:
        replaced = _("This decision corrects and replaces decision %(number)s of %(day)s.") % {
            "number": decision.replaces.reference,
            "day": date_de(decision.replaces.decided_on),
        }
        parts.append(blocks.Paragraph(replaced, "strong"))
    if data.recipients:
        parts += [blocks.Heading(_("Sent to"), 2), blocks.Bullets(data.recipients)]
    return parts


def _head(data: ExtractData) -> list[tuple[str, str]]:
    decision = data.decision
    return [
        (_("Body"), decision.body.name),
        _where(decision),
        (_("Number"), decision.reference),
        (_("File reference"), file_reference_of(decision.version)),
        (_("Subject"), decision.version.title),
        (_("Addressee"), str(decision.version.addressee)),
    ]


def _where(decision: Decision) -> tuple[str, str]:
    """The meeting, or that it was decided in circulation."""
    if decision.meeting is None:
        return _("Circulated decision"), date_de(decision.decided_on)
    place = f", {decision.meeting.place}" if decision.meeting.place else ""
    return _("Meeting"), f"{date_de(decision.meeting.held_on)}{place}"


def _result(decision: Decision) -> str:
    return _("The body has decided: %(result)s.") % {"result": decision.get_result_display()}


def _count(data: ExtractData) -> str:
    """Votes as numbers, quorum, and under which rules they were counted."""
    decision = data.decision
    sentences = [
        _("Yes %(yes)s, no %(no)s, abstentions %(abstain)s.")
        % {"yes": decision.yes_count, "no": decision.no_count, "abstain": decision.abstain_count},
        _("Quorate: %(present)s of %(voting)s voting members took part, %(quorum)s were needed.")
        % {
            "present": decision.present_count,
            "voting": decision.voting_count,
            "quorum": decision.quorum_count,
        },
    ]
    if decision.is_tie_decided_by_chair:
        sentences.append(
            _("As many yes as no: the vote of the chair decided, as the rules of procedure say.")
        )
    if data.biased_count:
        biased = ngettext(
            "%(counter)s member was biased and left out.",
            "%(counter)s members were biased and left out.",
            data.biased_count,
        )
        sentences.append(biased % {"counter": data.biased_count})
    sentences.append(
        _("Counted under the rules of procedure from %(day)s.") % {"day": date_de(decision.rules.valid_from)}
    )
    return " ".join(sentences)


def _conditions(data: ExtractData) -> list[blocks.Block]:
    if not data.decision.conditions:
        return []
    heading = blocks.Heading(_("Conditions"), 2)
    if not data.conditions:
        return [heading, blocks.Paragraph(data.decision.conditions)]
    columns = (
        blocks.Column(_("Condition"), 5),
        blocks.Column(_("Who acts"), 2.5),
        blocks.Column(_("Due"), 1.5),
    )
    rows = [
        (f"{row.number}. {row.text}", row.organisation.name, date_de(row.due_on)) for row in data.conditions
    ]
    return [heading, blocks.Table("", columns, rows)]
