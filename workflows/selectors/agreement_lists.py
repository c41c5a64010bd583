"""Reads of the agreements of many measures: where each stands, and which review comes next."""

from __future__ import annotations

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping

from measures.models import Measure
from project.common.formats import Badge
from workflows.models import (
    AgreementConfirmation,
    AgreementDraft,
    AgreementReview,
    ConfirmationState,
    ReviewState,
)
from workflows.selectors.agreement_versions import AgreementState, agreement_badge, is_over, round_state


@dataclasses.dataclass(frozen=True)
class AgreementFilter:
    """What a person wants to see of the agreements of a plan."""

    search: str = ""
    state: str = ""
    field: int | None = None
    is_due: bool = False


@dataclasses.dataclass(frozen=True)
class AgreementLine:
    """A measure with where its agreement stands.

    Attributes:
        measure: The measure.
        state: Of the version in force, else of the latest.
        version: Number of the version shown; None where there is none.
        is_being_changed: Whether a later version is worded or asked while one is in force.
        open_count: Parties that have not answered.
        review: The review that waits.
    """

    measure: Measure
    state: AgreementState
    version: int | None
    is_being_changed: bool
    open_count: int
    review: AgreementReview | None

    @property
    def badge(self) -> Badge:
        """State as a badge."""
        return agreement_badge(self.state)


def agreement_lines(
    measures: Iterable[Measure], wanted: AgreementFilter, *, today: datetime.date
) -> list[AgreementLine]:
    """Where the agreements of some measures stand, in the order of the measures.

    Args:
        measures: With field and responsible organisation joined.
        wanted: Filter.
        today: Until when a review counts as due.

    Returns:
        Queries: 3 for any number.
    """
    rows = list(measures)
    keys = [row.pk for row in rows]
    answers: dict[int, dict[int, list[AgreementConfirmation]]] = defaultdict(lambda: defaultdict(list))
    asked = AgreementConfirmation.objects.filter(measure__in=keys).select_related("agreement")
    for answer in asked:
        answers[answer.measure_id][answer.round].append(answer)
    drafts = set(AgreementDraft.objects.filter(measure__in=keys).values_list("measure", flat=True))
    waiting = AgreementReview.objects.filter(state=ReviewState.WAITING, agreement__measure__in=keys)
    reviews = {row.agreement.measure_id: row for row in waiting.select_related("agreement")}
    lines = [_line(row, answers[row.pk], row.pk in drafts, reviews.get(row.pk)) for row in rows]
    return [line for line in lines if _fits(line, wanted, today)]


def _line(
    measure: Measure,
    rounds: Mapping[int, list[AgreementConfirmation]],
    has_draft: bool,
    review: AgreementReview | None,
) -> AgreementLine:
    states = {number: round_state(rows) for number, rows in rounds.items()}
    held = [number for number, state in states.items() if state is AgreementState.IN_FORCE]
    latest = max(states, default=None)
    version = max(held, default=latest)
    if version is not None:
        state = states[version]
        if held and is_over(measure, rounds[version][0].agreement):
            state = AgreementState.OVER
    elif not measure.needs_agreement:
        state = AgreementState.NOT_NEEDED
    else:
        state = AgreementState.DRAFT if has_draft else AgreementState.NONE
    open_rows = [row for row in rounds.get(latest or 0, ()) if row.state == ConfirmationState.OPEN]
    is_changing = bool(held) and (has_draft or (latest != version and bool(open_rows)))
    return AgreementLine(measure, state, version, is_changing, len(open_rows), review)


def _fits(line: AgreementLine, wanted: AgreementFilter, today: datetime.date) -> bool:
    if wanted.search:
        text = f"{line.measure.number} {line.measure.title} {line.measure.responsible.name}"
        if wanted.search.casefold() not in text.casefold():
            return False
    if wanted.state and line.state != wanted.state:
        return False
    if wanted.field is not None and line.measure.field_id != wanted.field:
        return False
    return not wanted.is_due or (line.review is not None and line.review.due_on <= today)
