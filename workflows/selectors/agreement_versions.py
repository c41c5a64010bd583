"""Reads of target agreements: what they say, which version is in force, what changed from one to the next."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.conf import settings
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from measures.models import FinanceLine, Measure, MeasureStatus
from project.common.formats import Badge, money_de
from project.common.seen import mark_of
from stakeholders.models import Organisation
from workflows.models import (
    AgreementConfirmation,
    AgreementDraft,
    ConfirmationState,
    PlanningCycle,
    ReviewHolder,
    TargetAgreement,
)

#: Reviews that are proposed: one a year, on the last day of a year within the term.
_LAST_OF_YEAR = (12, 31)


@dataclasses.dataclass(frozen=True)
class AgreementContent:
    """What an agreement shall say.

    ``commitments`` are by key of the party; ``change_reason`` is empty unless a version in force is changed.
    """

    subject: str
    starts_on: datetime.date
    ends_on: datetime.date
    deviation_rule: str
    preamble: str = ""
    resources: str = ""
    review_holder: str = ReviewHolder.PLANNING
    change_reason: str = ""
    commitments: Mapping[int, str] = dataclasses.field(default_factory=dict)
    review_days: Sequence[datetime.date] = ()


def planning_unit_of(measure: Measure) -> Organisation | None:
    """The planning unit that steers the cycle a measure is in, or was shaped in. Queries: 1 or 2."""
    cycles = PlanningCycle.objects.select_related("planning_unit")
    cycle = cycles.filter(measure_processes__measure=measure).first()
    if cycle is None:
        origins = cycles.filter(recommendation_processes__recommendation__measure_origins__measure=measure)
        cycle = origins.order_by("-pk").first() or cycles.filter(plan=measure.plan_id).order_by("-pk").first()
    return cycle.planning_unit if cycle is not None else None


def parties_to_agree(measure: Measure, planning_unit: Organisation | None = None) -> list[Organisation]:
    """Responsible organisation, partners by name, and planning; each once. Queries: 2 to 4."""
    partners = measure.partners.select_related("organisation").order_by("organisation__name")
    planning = planning_unit or planning_unit_of(measure)
    found = [measure.responsible, *(row.organisation for row in partners)]
    return list(dict.fromkeys([*found, *([planning] if planning is not None else [])]))


def content_for(measure: Measure) -> AgreementContent:
    """What the next version says: the draft; without one what follows from the measure and the last version.

    What is agreed is changed from what was agreed: subject and term are those of the last version. While the
    measure itself is being worded they follow from the measure.

    Queries: at most 12.
    """
    proposed = _proposed(measure)
    draft = AgreementDraft.objects.filter(measure=measure).first()
    if draft is not None:
        own = {int(pk): str(text) for pk, text in draft.commitments.items()}
        return AgreementContent(
            subject=draft.subject,
            preamble=draft.preamble,
            resources=draft.resources,
            starts_on=draft.starts_on,
            ends_on=draft.ends_on,
            deviation_rule=draft.deviation_rule,
            review_holder=draft.review_holder,
            change_reason=draft.change_reason,
            # Parties may have come and gone since it was worded.
            commitments={pk: own.get(pk) or text for pk, text in proposed.commitments.items()},
            review_days=[datetime.date.fromisoformat(day) for day in draft.review_days],
        )
    last = measure.agreements.prefetch_related("commitments", "review_dates").order_by("-version").first()
    if last is None:
        return proposed
    if measure.status != MeasureStatus.PROPOSED:
        proposed = dataclasses.replace(
            proposed, subject=last.subject, starts_on=last.starts_on, ends_on=last.ends_on
        )
    said = {row.organisation_id: row.text for row in last.commitments.all()}
    days = [row.due_on for row in last.review_dates.all()]
    return dataclasses.replace(
        proposed,
        preamble=last.preamble,
        resources=last.resources or proposed.resources,
        deviation_rule=last.deviation_rule,
        review_holder=last.review_holder,
        commitments={pk: said.get(pk) or text for pk, text in proposed.commitments.items()},
        review_days=[day for day in days if proposed.starts_on <= day <= proposed.ends_on],
    )


def content_of(agreement: TargetAgreement) -> AgreementContent:
    """What a version says, to be compared with a wording. Queries: 2."""
    return AgreementContent(
        subject=agreement.subject,
        preamble=agreement.preamble,
        resources=agreement.resources,
        starts_on=agreement.starts_on,
        ends_on=agreement.ends_on,
        deviation_rule=agreement.deviation_rule,
        review_holder=agreement.review_holder,
        commitments={row.organisation_id: row.text for row in agreement.commitments.all()},
        review_days=[row.due_on for row in agreement.review_dates.all()],
    )


def content_mark(content: AgreementContent) -> str:
    """Stands for what an agreement shall say (``project.common.seen``)."""
    return mark_of(
        *(
            str(getattr(content, field.name))
            for field in dataclasses.fields(content)
            if field.name not in {"commitments", "review_days"}
        ),
        sorted(content.commitments.items()),
        sorted(content.review_days),
    )


def _proposed(measure: Measure) -> AgreementContent:
    """What follows from the measure alone, in the language of the papers."""
    with translation.override(settings.LANGUAGE_CODE):
        roles = {row.organisation_id: row.role for row in measure.partners.all()}
        commitments = {}
        for party in parties_to_agree(measure):
            if party.pk == measure.responsible_id:
                text = gettext(
                    "Carries the measure out, reports its key figures, and tells of deviations early."
                )
            elif party.pk in roles:
                text = roles[party.pk] or gettext("Takes part in the measure and supports its targets.")
            else:
                text = gettext(
                    "Accompanies the measure, evaluates its key figures and brings in the steering group."
                )
            commitments[party.pk] = text
        return AgreementContent(
            subject="\n\n".join(part for part in (measure.title, measure.description) if part),
            resources="\n".join(_money_lines(measure)),
            starts_on=measure.starts_on,
            ends_on=measure.ends_on,
            deviation_rule=gettext(
                "If a key figure falls behind its path by more than a quarter, or a milestone is missed by "
                "more than three months, the parties meet within four weeks, name the causes and agree on "
                "what to do. If that does not help, the agreement is changed, or the steering group decides."
            ),
            commitments=commitments,
            review_days=_yearly(measure.starts_on, measure.ends_on),
        )


def _money_lines(measure: Measure) -> list[str]:
    rows = FinanceLine.objects.filter(measure=measure).select_related("payer")
    lines = []
    for row in rows:
        more = [str(row.year)] if row.year else []
        more += [row.payer.label] if row.payer is not None else []
        behind = f" ({', '.join(more)})" if more else ""
        lines.append(f"{row.get_kind_display()}: {row.title}, {money_de(row.amount)}{behind}")
    return lines


def _yearly(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    days = [datetime.date(year, *_LAST_OF_YEAR) for year in range(first.year, last.year + 1)]
    return [day for day in days if first < day <= last]


# --- States ---------------------------------------------------------------------------------------------


class AgreementState(enum.StrEnum):
    """Where a version of an agreement stands, by the answers of its parties."""

    DRAFT = "draft"
    ASKED = "asked"
    IN_FORCE = "in_force"
    REFUSED = "refused"
    CALLED_OFF = "called_off"
    REPLACED = "replaced"
    OVER = "over"
    NONE = "none"
    NOT_NEEDED = "not_needed"


AGREEMENT_LABELS: dict[str, Promise] = {
    AgreementState.DRAFT: _("being worded"),
    AgreementState.ASKED: _("parties are asked"),
    AgreementState.IN_FORCE: _("in force"),
    AgreementState.REFUSED: _("refused"),
    AgreementState.CALLED_OFF: _("called off"),
    AgreementState.REPLACED: _("replaced by a later version"),
    AgreementState.OVER: _("term has ended"),
    AgreementState.NONE: _("no agreement yet"),
    AgreementState.NOT_NEEDED: _("no agreement needed"),
}
_KINDS = {
    AgreementState.ASKED: "info",
    AgreementState.IN_FORCE: "success",
    AgreementState.REFUSED: "danger",
    AgreementState.CALLED_OFF: "warning",
}


def agreement_badge(state: AgreementState) -> Badge:
    """State for ``components/_badge.html``."""
    return Badge(_KINDS.get(state, "neutral"), str(AGREEMENT_LABELS[state]))


def round_state(rows: Iterable[AgreementConfirmation]) -> AgreementState:
    """Where one round stands: refused or called off as soon as one is, in force when all have confirmed."""
    states = {row.state for row in rows}
    if ConfirmationState.REFUSED in states:
        return AgreementState.REFUSED
    if ConfirmationState.CALLED_OFF in states:
        return AgreementState.CALLED_OFF
    if states == {ConfirmationState.CONFIRMED}:
        return AgreementState.IN_FORCE
    return AgreementState.ASKED if states else AgreementState.NONE


def is_over(measure: Measure, agreement: TargetAgreement | None) -> bool:
    """Whether what was confirmed holds no more: the measure has ended, or the term of the version."""
    return measure.ended_on is not None or (
        agreement is not None and agreement.ends_on < timezone.localdate()
    )


def confirmed_round(measure: Measure) -> int | None:
    """The latest round in which every party confirmed, the present parties among them. Queries: 2."""
    rounds: dict[int, list[AgreementConfirmation]] = defaultdict(list)
    for row in measure.confirmations.all():
        rounds[row.round].append(row)
    needed = {measure.responsible_id, *measure.partners.values_list("organisation", flat=True)}
    for number in sorted(rounds, reverse=True):
        rows = rounds[number]
        is_whole = needed <= {row.organisation_id for row in rows}
        if is_whole and round_state(rows) is AgreementState.IN_FORCE:
            return number
    return None


def in_force(measure: Measure) -> TargetAgreement | None:
    """The version of the agreement that holds now; None where there is none. Queries: 3."""
    number = confirmed_round(measure)
    return None if number is None else measure.agreements.filter(version=number).first()


def agreement_drafters(confirmation: AgreementConfirmation) -> list[int]:
    """Key of who worded the version a party is asked about; confirms it for nobody. Queries: 1."""
    agreement = confirmation.agreement
    return [agreement.drafted_by_id] if agreement is not None and agreement.drafted_by_id else []


def is_confirmed_by_all(agreement: TargetAgreement) -> bool:
    """Whether every party of a version has confirmed it. Queries: 1."""
    return round_state(agreement.confirmations.all()) is AgreementState.IN_FORCE


def may_begin(measure: Measure) -> bool:
    """Whether a measure needs no agreement, or all its parties have confirmed one. Queries: at most 2."""
    return not measure.needs_agreement or confirmed_round(measure) is not None


@dataclasses.dataclass(frozen=True)
class VersionLine:
    """A version of an agreement with its state and answers."""

    agreement: TargetAgreement
    state: AgreementState
    confirmations: list[AgreementConfirmation]

    @property
    def badge(self) -> Badge:
        """State as a badge."""
        return agreement_badge(self.state)


def version_lines(measure: Measure) -> list[VersionLine]:
    """All versions of an agreement, the latest first. Queries: 5."""
    rows = measure.agreements.select_related("drafted_by").prefetch_related(
        "confirmations__organisation",
        "confirmations__answered_by",
        "commitments__organisation",
        "targets",
        "review_dates",
    )
    lines: list[VersionLine] = []
    holds = False
    for row in rows.order_by("-version"):
        row.measure = measure
        answers = sorted(row.confirmations.all(), key=lambda answer: answer.organisation.name)
        state = round_state(answers)
        if state is AgreementState.IN_FORCE:
            if holds:
                state = AgreementState.REPLACED
            elif is_over(measure, row):
                state = AgreementState.OVER
            holds = True
        lines.append(VersionLine(row, state, answers))
    return lines
