"""Requests for amendments: who sees which of them, and which of what was written there."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from measures.models import (
    GRANT_SOURCES,
    AmendmentAnswer,
    AmendmentRequest,
    AmendmentState,
    AmendmentStep,
    AmendmentVersion,
    FundedProject,
    GrantNotice,
    ProjectPartner,
)
from measures.money import (
    COST,
    FUNDING,
    ZERO,
    LineChange,
    PlanLine,
    PlanTable,
    percent_of,
    plan_changes,
    plan_table,
    total,
)
from measures.report_rules import is_beyond
from measures.selectors.grants import latest_notice, lines_of
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, can, territories_where, visible


@dataclasses.dataclass(frozen=True)
class Eyes:
    """In which parts somebody looks at the requests of a project; without any there is nothing to see.

    Attributes:
        is_provider: Acts for the provider: drafts, too.
        is_partner: Acts for a partner: what was asked for and what was decided.
        is_planning: Plans the territory: all but drafts.
        is_funder: Acts for the funder: what was forwarded.
    """

    is_provider: bool = False
    is_partner: bool = False
    is_planning: bool = False
    is_funder: bool = False

    def sees_version(self, version: AmendmentVersion, answers: Sequence[AmendmentAnswer]) -> bool:
        """Whether a version that was sent may be read: the funder's only once it was forwarded."""
        is_forwarded = any(row.step == AmendmentStep.FORWARDED for row in answers)
        return self.is_provider or self.is_partner or self.is_planning or (self.is_funder and is_forwarded)

    def sees_answer(self, step: str) -> bool:
        """Whether it is told that a step was taken."""
        between = {AmendmentStep.RETURNED}
        return self.is_provider or self.is_partner or self.is_planning or step not in between

    def reads_answer(self, step: str) -> bool:
        """Whether the words of a step may be read: remarks to another are not for everybody."""
        readers = {
            AmendmentStep.FORWARDED: self.is_planning or self.is_funder,
            AmendmentStep.RETURNED: self.is_planning or self.is_provider,
            AmendmentStep.ASKED: self.is_planning or self.is_provider or self.is_funder,
        }
        return readers.get(AmendmentStep(step), True)


def eyes_of(user: Any, project: FundedProject) -> Eyes:
    """In which parts a person looks at the requests of a project. Queries: 4."""
    partners = Organisation.objects.filter(shared_projects__project=project)
    return Eyes(
        is_provider=bool(can(user, Perm.ACT_FOR_ORGANISATION, project.provider)),
        is_partner=visible(user, Perm.ACT_FOR_ORGANISATION, partners).exists(),
        is_planning=bool(can(user, Perm.EDIT_MEASURE, project.measure)),
        is_funder=bool(can(user, Perm.ACT_FOR_ORGANISATION, project.funder)),
    )


def amendments_seen_by(user: Any) -> QuerySet[AmendmentRequest]:
    """Requests whose page a person may open, with their project. Queries: 1.

    Partners and planning from the moment it was sent, the funder once it was forwarded to it.
    """
    own = visible(user, Perm.ACT_FOR_ORGANISATION, Organisation.objects.all()).values("pk")
    planned = territories_where(user, Perm.PLAN_TERRITORY).values("pk")
    shared = ProjectPartner.objects.filter(project=OuterRef("project"), organisation__in=own)
    sent = Exists(AmendmentVersion.objects.filter(request=OuterRef("pk")))
    forwarded = Exists(AmendmentAnswer.objects.filter(request=OuterRef("pk"), step=AmendmentStep.FORWARDED))
    partly = Q(Exists(shared)) | Q(project__measure__plan__territory__in=planned)
    rows = AmendmentRequest.objects.select_related(
        "project__programme", "project__provider", "project__funder", "project__measure__plan", "notice"
    )
    return rows.filter(
        Q(project__provider__in=own) | (partly & Q(sent)) | (Q(project__funder__in=own) & Q(forwarded))
    )


@dataclasses.dataclass(frozen=True)
class Change:
    """A line that would differ.

    Attributes:
        line: Before and after.
        percent: By how much of what it was, in percent; None of nothing.
        is_beyond: Whether a cost moves by more than the programme lets an account deviate.
    """

    line: LineChange
    percent: Decimal | None
    is_beyond: bool


@dataclasses.dataclass(frozen=True)
class Difference:
    """What a request would change in the notice it is held against.

    Attributes:
        notice: That notice.
        changes: Lines that differ.
        granted: Grant asked for, in euros.
        cost: Cost asked for, and so far, in euros.
        ends_on: End of the term asked for.
        limit: Allowed deviation of the programme in percent.
    """

    notice: GrantNotice
    changes: tuple[Change, ...]
    granted: Decimal
    cost: tuple[Decimal, Decimal]
    ends_on: datetime.date
    limit: Decimal

    @property
    def granted_more(self) -> Decimal:
        """Euros more, or fewer, than was granted."""
        return self.granted - self.notice.granted

    @property
    def moves_end(self) -> bool:
        """Whether the term would end on another day."""
        return self.ends_on != self.notice.ends_on


def difference_of(
    notice: GrantNotice,
    before: Sequence[PlanLine],
    after: Sequence[PlanLine],
    *,
    granted: Decimal,
    ends_on: datetime.date,
) -> Difference:
    """Hold a wish against a notice. Queries: none, with project and programme of the notice at hand."""
    limit = notice.project.programme.deviation_percent
    changes = []
    for line in plan_changes(before, after):
        old, new = line.before or ZERO, line.after or ZERO
        percent = percent_of(line.difference, old)
        is_over = line.side == COST and is_beyond(new, old, limit, is_whole=True)
        changes.append(Change(line, percent, is_over))
    cost = (total(after, COST), total(before, COST))
    return Difference(notice, tuple(changes), granted, cost, ends_on, limit)


@dataclasses.dataclass(frozen=True)
class Answer:
    """An answer as a person may read it: without its words where they are for others."""

    row: AmendmentAnswer
    text: str


@dataclasses.dataclass(frozen=True)
class Round:
    """A version that was sent, and what was answered to it.

    Attributes:
        version: As it was sent.
        table: The plan asked for.
        difference: What it would change in the notice it built on.
        answers: Oldest first.
        is_latest: Whether it is the last one of its request.
    """

    version: AmendmentVersion
    table: PlanTable
    difference: Difference
    answers: tuple[Answer, ...]
    is_latest: bool


@dataclasses.dataclass(frozen=True)
class RequestView:
    """A request as a person may see it.

    Attributes:
        request: The request.
        rounds: Versions the person may read, the latest first.
        loose: Answers to nothing that was sent: withdrawn as a draft.
        holds: The notice that holds by now.
        is_outdated: Whether it is open and its last version builds on an earlier notice.
        difference_now: What its last version would change in the notice that holds, if that is another one.
        eyes: In which parts the person looks.
    """

    request: AmendmentRequest
    rounds: tuple[Round, ...]
    loose: tuple[Answer, ...]
    holds: GrantNotice
    is_outdated: bool
    difference_now: Difference | None
    eyes: Eyes


def amendment_view(request: AmendmentRequest, eyes: Eyes) -> RequestView:
    """A request field by field. Queries: 5, and 2 for each version."""
    holds = latest_notice(request.project)
    assert holds is not None
    versions = list(
        request.versions.select_related("basis__project__programme", "submitted_by", "request")
        .prefetch_related(Prefetch("answers", AmendmentAnswer.objects.select_related("written_by")))
        .order_by("-number")
    )
    seen = [row for row in versions if eyes.sees_version(row, list(row.answers.all()))]
    rounds = tuple(_round(row, eyes, is_latest=row is versions[0]) for row in seen)
    loose = request.answers.filter(version__isnull=True).select_related("written_by")
    is_outdated = request.is_open and bool(versions) and versions[0].basis_id != holds.pk
    now = None
    if is_outdated and rounds and rounds[0].is_latest:
        last = rounds[0]
        holds.project = request.project
        now = difference_of(
            holds,
            lines_of(holds),
            lines_of(last.version),
            granted=last.difference.granted,
            ends_on=last.version.ends_on,
        )
    return RequestView(request, rounds, _answers(loose, eyes), holds, is_outdated, now, eyes)


def _round(version: AmendmentVersion, eyes: Eyes, *, is_latest: bool) -> Round:
    lines = lines_of(version)
    difference = difference_of(
        version.basis,
        lines_of(version.basis),
        lines,
        granted=total(lines, FUNDING, GRANT_SOURCES),
        ends_on=version.ends_on,
    )
    answers = _answers(version.answers.all(), eyes)
    return Round(version, plan_table(lines), difference, answers, is_latest)


def _answers(rows: Any, eyes: Eyes) -> tuple[Answer, ...]:
    seen = sorted((row for row in rows if eyes.sees_answer(row.step)), key=lambda row: row.pk)
    return tuple(Answer(row, row.text if eyes.reads_answer(row.step) else "") for row in seen)


@dataclasses.dataclass(frozen=True)
class ProjectRequests:
    """Requests of a project for its page.

    Attributes:
        rows: Those the person may open, the latest first.
        may_ask: Whether the person may begin one: acts for the provider, a notice holds, none is open.
        open_one: The open one, if the person may open its page.
    """

    rows: tuple[AmendmentRequest, ...]
    may_ask: bool
    open_one: AmendmentRequest | None


def requests_of(project: FundedProject, user: Any) -> ProjectRequests:
    """Requests of a project that a person may see. Queries: at most 3."""
    rows = tuple(amendments_seen_by(user).filter(project=project).order_by("-number"))
    open_one = next((row for row in rows if row.is_open), None)
    may_ask = (
        open_one is None
        and bool(can(user, Perm.ACT_FOR_ORGANISATION, project.provider))
        and project.notices.exists()
    )
    return ProjectRequests(rows, may_ask, open_one)


def shown_state(request: AmendmentRequest, eyes: Eyes) -> AmendmentState:
    """Where a request stands, as far as a person may know.

    What goes on between provider and planning before it is forwarded (again) is not for the funder.
    """
    state = AmendmentState(request.state)
    knows = eyes.is_provider or eyes.is_partner or eyes.is_planning
    between = {AmendmentState.SUBMITTED, AmendmentState.RETURNED}
    return AmendmentState.ASKED if not knows and state in between else state
