"""The first wording of the minutes of an item, from what came out of it; in the language of the office."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from project.common.formats import NO_VALUE, date_de
from workflows.models import ItemOutcome, Minutes, OutcomeKind
from workflows.selectors.outcomes import ItemLine


@dataclasses.dataclass(frozen=True)
class Draft:
    """What is drafted for the public and for the internal part; of an internal item all is the first."""

    text: str
    internal_text: str


def draft_of(line: ItemLine) -> Draft:
    """Draft what the minutes say of an item.

    Decisions are not drafted: the minutes print them with their counts as they were recorded.

    Args:
        line: The item with all its outcomes, internal ones included.
    """
    with translation.override(settings.LANGUAGE_CODE):
        is_public = line.item.is_internal
        said, said_internally = _course(line)
        return Draft(
            text=_sentences(said, (row for row in line.outcomes if is_public or not row.is_internal)),
            internal_text=_sentences(
                said_internally, (row for row in line.outcomes if not is_public and row.is_internal)
            ),
        )


def _sentences(said: list[str], outcomes: Iterable[ItemOutcome]) -> str:
    return "\n\n".join([*said, *(outcome_words(row) for row in outcomes)])


def _course(line: ItemLine) -> tuple[list[str], list[str]]:
    """What became of the item apart from what was noted: publicly, internally."""
    if line.was_approved is not None:
        return _approval(line.was_approved)
    if line.circulated is not None:
        words = _("Decided in circulation: %(reference)s, %(result)s.")
        values = {"reference": line.circulated.reference, "result": line.circulated.get_result_display()}
        return [words % values], []
    if line.item.called_at is None and not line.outcomes and not line.decisions:
        return [_("The item was not dealt with.")], []
    return [], []


def _approval(minutes: Minutes) -> tuple[list[str], list[str]]:
    """That the meeting approved earlier minutes; of an internal correction only the internal part tells."""
    day = {"day": date_de(minutes.meeting.held_on)}
    kinds = set(minutes.amendments.values_list("is_internal", flat=True))
    if False in kinds:
        said = _("The minutes of %(day)s were approved with a correction.") % day
    else:
        said = _("The minutes of %(day)s were approved.") % day
    return [said], [_("Approved with an internal correction.")] if True in kinds else []


def outcome_words(outcome: ItemOutcome) -> str:
    """An outcome in a sentence, in the language in force."""
    match outcome.kind:
        case OutcomeKind.STATEMENT if outcome.statement is not None:
            said = outcome.statement
            return _("%(organisation)s (%(position)s): %(text)s") % {
                "organisation": said.organisation.label,
                "position": said.get_position_display(),
                "text": said.text,
            }
        case OutcomeKind.FIELD if outcome.field is not None:
            return _("New field of action: %(title)s") % {"title": outcome.field.title}
        case OutcomeKind.RECOMMENDATION if outcome.recommendation is not None:
            current = outcome.recommendation.current
            return _("A recommendation is being written: %(reference)s %(title)s") % {
                "reference": outcome.recommendation.reference,
                "title": current.title if current is not None else NO_VALUE,
            }
        case OutcomeKind.TASK if outcome.assignment is not None:
            return _("Task for %(organisation)s until %(day)s: %(text)s") % {
                "organisation": outcome.assignment.organisation.label,
                "day": date_de(outcome.assignment.due_on),
                "text": outcome.assignment.text,
            }
        case OutcomeKind.DECISION:
            words = (
                _("Decided with %(yes)s yes, %(no)s no and %(abstain)s abstentions: %(text)s")
                if outcome.is_carried
                else _("Rejected with %(yes)s yes, %(no)s no and %(abstain)s abstentions: %(text)s")
            )
            votes = {"yes": outcome.yes_count, "no": outcome.no_count, "abstain": outcome.abstain_count}
            return words % {**votes, "text": outcome.text}
        case OutcomeKind.POSTPONED:
            words = _("The item is postponed to the next meeting.")
            return f"{words} {outcome.text}".strip()
    return outcome.text
