"""Drives a cycle through the engine as its people would: the demo and the tests share these steps.

Each function takes and completes real tasks with the rights of a real person; nothing is written past the
flows.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence

from django.utils import timezone

from measures.models import Measure, RoundReport
from measures.services.reporting import Actual, report_review, report_save, report_submit
from monitoring.models import Area, Delivery, IndexRun
from stakeholders.models import Body, Organisation, User
from stakeholders.permissions import Perm, holders
from workflows.counting import Ballot
from workflows.engine import recommendation_begin
from workflows.extracts import issue_last
from workflows.flows import (
    ChapterFlow,
    ConfirmationFlow,
    ContributionFlow,
    CosigningFlow,
    DeliveryFlow,
    MeasureFlow,
    PlanningCycleFlow,
    RecommendationFlow,
    ReportFlow,
)
from workflows.flows.recommendation import writing_step
from workflows.models import (
    ChapterRenewal,
    CosignRequest,
    CosignVerdict,
    DataRequest,
    Decision,
    DecisionResult,
    Meeting,
    PlanningCycle,
    Recommendation,
    VoteChoice,
)
from workflows.nodes import complete_task, open_task
from workflows.services import (
    analysis,
    conference,
    cosigning,
    decisions,
    deliveries,
    implementation,
    meetings,
    recommendations,
    renewals,
)
from workflows.services.conditions import ConditionRow
from workflows.services.cycles import cycle_close
from workflows.services.recommendations import Wording


def person_for(perm: Perm, obj: Organisation | Body, *, not_: Iterable[User] = ()) -> User:
    """Somebody who has a right on an organisation or body, the first by name.

    Raises:
        LookupError: Nobody has it.
    """
    barred = {user.pk for user in not_}
    for user in holders(perm, obj).order_by("username"):
        if user.pk not in barred:
            return user
    raise LookupError(f"nobody has {perm} on {obj}")


def deliver(request: DataRequest, delivery: Delivery, *, user: User) -> None:
    """The supplier hands a delivery in."""
    complete_task(
        open_task(request.process, DeliveryFlow.provide_data),
        user=user,
        act=lambda process: deliveries.delivery_submit(process.request, delivery=delivery, user=user),
    )
    request.refresh_from_db()


def review(request: DataRequest, *, is_accepted: bool, user: User, reason: str = "") -> None:
    """Planning accepts or returns a delivery."""
    complete_task(
        open_task(request.process, DeliveryFlow.review_delivery),
        user=user,
        act=lambda process: deliveries.delivery_review(
            process.request, is_accepted=is_accepted, reason=reason, user=user
        ),
    )
    request.refresh_from_db()


def analyse(
    cycle: PlanningCycle,
    run: IndexRun | None,
    areas: Sequence[Area],
    *,
    user: User,
    drafts: Mapping[int, tuple[str, str, str]],
    reasons: Mapping[int, str] | None = None,
) -> None:
    """Planning fixes the run and the areas, and writes their profiles; a colleague releases them."""
    complete_task(
        open_task(cycle.process, PlanningCycleFlow.run_analysis),
        user=user,
        act=lambda process: analysis.areas_choose(
            process.cycle, run=run, areas=areas, reasons=reasons or {}, drafts=drafts, user=user
        ),
    )

    colleagues = holders(Perm.ACT_FOR_ORGANISATION, cycle.planning_unit).exclude(pk=user.pk)
    releaser = colleagues.order_by("pk")[0]

    def write(process: object) -> None:
        for profile in cycle.profiles.all():
            analysis.profile_save(
                profile,
                strengths=profile.strengths,
                weaknesses=profile.weaknesses,
                potentials=profile.potentials,
                user=user,
            )
        analysis.profiles_release(cycle, user=releaser)

    complete_task(open_task(cycle.process, PlanningCycleFlow.write_profiles), user=releaser, act=write)
    cycle.refresh_from_db()


def invite_conference(
    cycle: PlanningCycle,
    participants: Iterable[Organisation],
    *,
    user: User,
    held_on: datetime.date | None = None,
    place: str = "",
    starts_at: datetime.time | None = None,
) -> Meeting:
    """Planning sets the date of the conference and invites."""
    complete_task(
        open_task(cycle.process, PlanningCycleFlow.prepare_conference),
        user=user,
        act=lambda process: meetings.meeting_schedule(
            process.cycle,
            body=process.cycle.planning_conference,
            held_on=held_on or timezone.localdate(),
            place=place,
            starts_at=starts_at,
            participants=participants,
            user=user,
        ),
    )
    return cycle.meetings.filter(body=cycle.planning_conference).latest("pk")


def contribute(
    cycle: PlanningCycle,
    organisation: Organisation,
    *,
    user: User,
    statements: Iterable[Mapping[str, object]] = (),
) -> None:
    """An organisation gives its statements (keyword arguments of ``statement_add``) and finishes."""
    contribution = cycle.contributions.get(organisation=organisation)

    def act(process: object) -> None:
        for statement in statements:
            conference.statement_add(cycle, organisation=organisation, user=user, **statement)  # type: ignore[arg-type]
        conference.contribution_finish(contribution, user=user)

    complete_task(open_task(contribution.process, ContributionFlow.give_statements), user=user, act=act)


def close_conference(cycle: PlanningCycle, *, user: User) -> None:
    """Planning closes the conference; all invited came."""
    meeting = cycle.meetings.filter(body=cycle.planning_conference).latest("pk")
    attended = [row.organisation for row in meeting.participants.select_related("organisation")]
    complete_task(
        open_task(cycle.process, PlanningCycleFlow.hold_conference),
        user=user,
        act=lambda process: conference.conference_close(cycle, attended={meeting.pk: attended}, user=user),
    )
    cycle.refresh_from_db()


def recommend(
    cycle: PlanningCycle, wording: Wording, *, author: User, chair: User | None = None, **kwargs: object
) -> Recommendation:
    """A participant drafts a recommendation; with a chair given it is adopted and submitted as well."""
    recommendation = recommendation_begin(cycle, wording=wording, user=author, **kwargs)  # type: ignore[arg-type]
    propose(recommendation, user=author)
    if chair is not None:
        adopt(recommendation, user=chair)
    return recommendation


def propose(recommendation: Recommendation, *, user: User, wording: Wording | None = None) -> None:
    """The author puts the (changed) wording before the conference."""

    def act(process: object) -> None:
        recommendation.refresh_from_db()
        if wording is not None:
            recommendations.version_save(recommendation, wording=wording, user=user)
        recommendations.recommendation_propose(recommendation, user=user)

    complete_task(open_task(recommendation.process, writing_step(recommendation)), user=user, act=act)


def cosign(
    recommendation: Recommendation,
    organisation: Organisation,
    verdict: CosignVerdict,
    *,
    user: User,
    comment: str = "",
) -> None:
    """An organisation answers the question to co-sign."""
    request = CosignRequest.objects.get(
        cosigning__recommendation=recommendation,
        cosigning__ended_at__isnull=True,
        organisation=organisation,
    )
    complete_task(
        open_task(request.process, CosigningFlow.cosign_recommendation),
        user=user,
        act=lambda process: cosigning.cosign_answer(
            process.request, verdict=verdict, comment=comment, user=user
        ),
    )


def adopt(recommendation: Recommendation, *, user: User) -> None:
    """The conference's chair adopts and submits."""
    complete_task(
        open_task(recommendation.process, RecommendationFlow.adopt_recommendation),
        user=user,
        act=lambda process: recommendations.recommendation_adopt(process.recommendation, user=user),
    )
    recommendation.refresh_from_db()


def invite_steering_group(
    cycle: PlanningCycle,
    *,
    user: User,
    held_on: datetime.date | None = None,
    place: str = "",
    starts_at: datetime.time | None = None,
) -> Meeting:
    """Planning sets a meeting of the steering group."""
    organisations = [
        seat.organisation
        for seat in cycle.steering_group.memberships.on(timezone.localdate()).select_related("organisation")
    ]
    complete_task(
        open_task(cycle.process, PlanningCycleFlow.prepare_steering_group),
        user=user,
        act=lambda process: meetings.meeting_schedule(
            process.cycle,
            body=process.cycle.steering_group,
            held_on=held_on or timezone.localdate(),
            place=place,
            starts_at=starts_at,
            participants=organisations,
            user=user,
        ),
    )
    return cycle.meetings.filter(body=cycle.steering_group).latest("pk")


def all_yes(meeting: Meeting) -> list[Ballot]:
    """Ballots of a meeting in which every voting seat says yes and every advisory one is heard."""
    return [
        Ballot(seat=seat, choice=VoteChoice.YES if seat.is_voting else VoteChoice.HEARD)
        for seat in meeting.body.memberships.on(meeting.held_on).select_related("organisation", "body")
    ]


def decide(
    recommendation: Recommendation,
    meeting: Meeting,
    result: DecisionResult,
    *,
    user: User,
    ballots: Sequence[Ballot] | None = None,
    conditions: str = "",
    reason: str = "",
    postponed_until: datetime.date | None = None,
    condition_rows: Sequence[ConditionRow] = (),
    wording: str = "",
    issues_extract: bool = True,
) -> Decision:
    """The chair records what the steering group decided, and issues the extract."""
    complete_task(
        open_task(recommendation.process, RecommendationFlow.decide_recommendation),
        user=user,
        act=lambda process: decisions.decision_record(
            process.recommendation,
            meeting=meeting,
            result=result,
            ballots=ballots if ballots is not None else all_yes(meeting),
            user=user,
            conditions=conditions,
            reason=reason,
            postponed_until=postponed_until,
            condition_rows=condition_rows,
            wording=wording,
        ),
    )
    if issues_extract and result != DecisionResult.POSTPONED:
        issue_extract(recommendation, user=user)
    recommendation.refresh_from_db()
    return recommendation.decisions.latest("pk")


def issue_extract(recommendation: Recommendation, *, user: User) -> None:
    """The chair issues the extract of the latest decision."""
    complete_task(
        open_task(recommendation.process, RecommendationFlow.issue_extract),
        user=user,
        act=lambda process: issue_last(process, user=user),
    )


def shape(
    cycle: PlanningCycle, make: Callable[[Recommendation], Iterable[Measure]], *, user: User
) -> list[Measure]:
    """Planning shapes measures from each approved recommendation and asks the parties."""
    made: list[Measure] = []

    def act(process: object) -> None:
        approved = [
            row.recommendation
            for row in cycle.recommendation_processes.select_related("recommendation")
            if row.recommendation.state in {"approved", "conditional"}
        ]
        for recommendation in approved:
            for measure in make(recommendation):
                implementation.measure_link_origin(measure, recommendation=recommendation, user=user)
                made.append(measure)

    complete_task(open_task(cycle.process, PlanningCycleFlow.shape_measures), user=user, act=act)
    return made


def confirm(measure: Measure, organisation: Organisation, *, user: User, refusal: str = "") -> None:
    """A party confirms, or refuses with a reason."""
    confirmation = measure.confirmations.filter(organisation=organisation).latest("round")
    complete_task(
        open_task(confirmation.process, ConfirmationFlow.confirm_agreement),
        user=user,
        act=lambda process: implementation.confirmation_answer(
            process.confirmation, is_confirmed=not refusal, comment=refusal, user=user
        ),
    )


def confirm_all(measure: Measure) -> None:
    """Every party's head confirms."""
    waiting = measure.confirmations.filter(state="open").select_related(
        "organisation", "agreement__drafted_by"
    )
    for confirmation in list(waiting):
        party, agreement = confirmation.organisation, confirmation.agreement
        drafter = agreement.drafted_by if agreement is not None else None
        barred = [drafter] if drafter is not None else []
        confirm(measure, party, user=person_for(Perm.LEAD_ORGANISATION, party, not_=barred))


def begin(measure: Measure, *, started_on: datetime.date, user: User) -> None:
    """The responsible organisation begins a measure."""
    complete_task(
        open_task(measure.process, MeasureFlow.begin_measure),
        user=user,
        act=lambda process: implementation.measure_begin(process.measure, started_on=started_on, user=user),
    )
    measure.refresh_from_db()


def complete(measure: Measure, *, ended_on: datetime.date, summary: str, user: User) -> None:
    """The responsible organisation completes a measure at its planned end."""
    complete_task(
        open_task(measure.process, MeasureFlow.finish_measure),
        user=user,
        act=lambda process: implementation.measure_complete(
            process.measure, ended_on=ended_on, summary=summary, user=user
        ),
    )
    measure.refresh_from_db()


def report(round_report: RoundReport, actuals: Sequence[Actual], *, user: User) -> None:
    """An organisation reports its figures and hands them in."""

    def act(process: object) -> None:
        report_save(round_report, actuals=actuals, user=user)
        report_submit(round_report, user=user)

    complete_task(open_task(round_report.process, ReportFlow.report_figures), user=user, act=act)
    round_report.refresh_from_db()


def confirm_report(
    round_report: RoundReport, *, user: User, is_confirmed: bool = True, reason: str = ""
) -> None:
    """Planning confirms or returns a report."""
    complete_task(
        open_task(round_report.process, ReportFlow.confirm_figures),
        user=user,
        act=lambda process: report_review(
            process.report, is_confirmed=is_confirmed, reason=reason, user=user
        ),
    )
    round_report.refresh_from_db()


def end_implementation(cycle: PlanningCycle, *, user: User) -> None:
    """Planning goes on to the evaluation."""
    complete_task(
        open_task(cycle.process, PlanningCycleFlow.steer_implementation), user=user, act=lambda process: None
    )
    cycle.refresh_from_db()


def close(cycle: PlanningCycle, *, user: User) -> None:
    """Planning closes the cycle."""
    complete_task(
        open_task(cycle.process, PlanningCycleFlow.close_cycle),
        user=user,
        act=lambda process: cycle_close(process.cycle, user=user),
    )
    cycle.refresh_from_db()


def write_chapter(renewal: ChapterRenewal, text: str, *, user: User) -> None:
    """Planning hands a chapter of the social report in."""
    complete_task(
        open_task(renewal.process, ChapterFlow.write_chapter),
        user=user,
        act=lambda process: renewals.renewal_submit(process.renewal, text=text, user=user),
    )
    renewal.refresh_from_db()


def release_chapter(
    renewal: ChapterRenewal, *, user: User, is_released: bool = True, reason: str = ""
) -> None:
    """The head releases a chapter of the social report or returns it."""
    complete_task(
        open_task(renewal.process, ChapterFlow.release_chapter),
        user=user,
        act=lambda process: renewals.renewal_review(
            process.renewal, is_released=is_released, reason=reason, user=user
        ),
    )
    renewal.refresh_from_db()
