"""The planning cycle: seven stages from data to evaluation.

Purpose: carry a territory from figures to evaluated measures without a gap. Who acts: the planning unit
carries the cycle; suppliers, conference, steering group, parties and responsible organisations act in
cases of their own, which the cycle waits for. Ends: closed. Source: domain, section 2.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _
from viewflow import this

from stakeholders.permissions import Perm
from workflows.flows.contribution import ContributionFlow
from workflows.flows.delivery import DeliveryFlow
from workflows.flows.measure import MeasureFlow
from workflows.flows.minutes import MinutesFlow
from workflows.models import PlanningCycleProcess, StageKind
from workflows.nodes import Begin, GuardedView, Outcome, PlanningFlow, Step, WaitFor, poke, send
from workflows.selectors import cycles as selectors
from workflows.selectors.cycles import hold_due, stage_due
from workflows.selectors.minutes import meetings_without_minutes
from workflows.selectors.requests import unsettled_requests
from workflows.services import conference, cycles, deliveries, implementation
from workflows.services.minutes import minutes_create
from workflows.views import analysis_tasks, conference_tasks, cycle_tasks


def _planning(process: Any) -> Any:
    return process.cycle.planning_unit


def _title(process: Any) -> str:
    return str(process.cycle.title)


class PlanningCycleFlow(PlanningFlow):
    """Planning cycle."""

    process_class = PlanningCycleProcess
    process_title = _("Planning cycle")

    start = Begin(this.on_start).Annotation(title=_("Cycle opened")).Next(this.request_data)

    # 1 Data
    request_data = (
        Step(this.on_request_data).Annotation(title=_("Ask all suppliers")).Next(this.wait_for_data)
    )
    wait_for_data = (
        WaitFor(lambda activation: selectors.all_requests_finished(activation.process.cycle))
        .Annotation(title=_("All deliveries accepted or gone on without"))
        .Next(this.enter_analysis)
    )

    # 2 Analysis
    enter_analysis = (
        Step(lambda activation: cycles.stage_enter(activation.process.cycle, StageKind.ANALYSIS))
        .Annotation(title=_("Analysis begins"))
        .Next(this.run_analysis)
    )
    run_analysis = (
        GuardedView(analysis_tasks.run_analysis)
        .Annotation(title=_("Compute the index and choose areas"))
        .Says(_("Compute the index and choose areas: %(subject)s"))
        .About(_title)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=_planning)
        .Due(lambda process: stage_due(process.cycle, StageKind.ANALYSIS))
        .Stage(StageKind.ANALYSIS)
        .Next(this.write_profiles)
    )
    write_profiles = (
        GuardedView(analysis_tasks.write_profiles)
        .Annotation(title=_("Write and release the area profiles"))
        .Says(_("Write and release the area profiles: %(subject)s"))
        .About(_title)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=_planning)
        .Due(lambda process: stage_due(process.cycle, StageKind.ANALYSIS))
        .Stage(StageKind.ANALYSIS)
        .Next(this.enter_conference)
    )

    # 3 Planning conference
    enter_conference = (
        Step(this.on_enter_conference)
        .Annotation(title=_("Profiles go to the conference"))
        .Next(this.prepare_conference)
    )
    prepare_conference = (
        GuardedView(conference_tasks.prepare_conference)
        .Annotation(title=_("Invite to the planning conference"))
        .Says(_("Invite to the planning conference: %(subject)s"))
        .About(_title)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=_planning)
        .Due(lambda process: stage_due(process.cycle, StageKind.CONFERENCE))
        .Stage(StageKind.CONFERENCE)
        .Next(this.invite)
    )
    invite = Step(this.on_invite).Annotation(title=_("Ask for statements")).Next(this.hold_conference)
    hold_conference = (
        GuardedView(conference_tasks.hold_conference)
        .Annotation(title=_("Hold the planning conference"))
        .Says(_("Hold the planning conference: %(subject)s"))
        .About(_title)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=_planning)
        .Due(lambda process: hold_due(process.cycle))
        .Stage(StageKind.CONFERENCE)
        .Next(this.close_conference)
    )
    close_conference = (
        Step(this.on_close_conference)
        .Annotation(title=_("Call off what was not contributed"))
        .Next(this.wait_for_submission)
    )
    wait_for_submission = (
        WaitFor(lambda activation: selectors.all_drafts_submitted(activation.process.cycle))
        .Annotation(title=_("All recommendations submitted"))
        .Next(this.enter_steering_group)
    )

    # 4 Steering group
    enter_steering_group = (
        Step(lambda activation: cycles.stage_enter(activation.process.cycle, StageKind.STEERING_GROUP))
        .Annotation(title=_("Steering group begins"))
        .Next(this.prepare_steering_group)
    )
    prepare_steering_group = (
        GuardedView(conference_tasks.prepare_steering_group)
        .Annotation(title=_("Invite the steering group"))
        .Says(_("Invite the steering group: %(subject)s"))
        .About(_title)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=_planning)
        .Due(lambda process: stage_due(process.cycle, StageKind.STEERING_GROUP))
        .Stage(StageKind.STEERING_GROUP)
        .Next(this.wait_for_decisions)
    )
    wait_for_decisions = (
        WaitFor(lambda activation: selectors.all_recommendations_decided(activation.process.cycle))
        .Annotation(title=_("All recommendations decided or postponed"))
        .Next(this.enter_social_space)
    )

    # 5 Social-space conference and target agreement
    enter_social_space = (
        Step(lambda activation: cycles.stage_enter(activation.process.cycle, StageKind.SOCIAL_SPACE))
        .Annotation(title=_("Social-space conference begins"))
        .Next(this.shape_measures)
    )
    shape_measures = (
        GuardedView(cycle_tasks.shape_measures)
        .Annotation(title=_("Shape measures from approved recommendations"))
        .Says(_("Shape measures from approved recommendations: %(subject)s"))
        .About(_title)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=_planning)
        .Due(lambda process: stage_due(process.cycle, StageKind.SOCIAL_SPACE))
        .Stage(StageKind.SOCIAL_SPACE)
        .Next(this.begin_agreements)
    )
    begin_agreements = (
        Step(this.on_begin_agreements).Annotation(title=_("Ask the parties")).Next(this.wait_for_agreements)
    )
    wait_for_agreements = (
        WaitFor(lambda activation: selectors.all_measures_agreed(activation.process.cycle))
        .Annotation(title=_("All target agreements stand"))
        .Next(this.enter_implementation)
    )

    # 6 Implementation
    enter_implementation = (
        Step(this.on_enter_implementation)
        .Annotation(title=_("Implementation begins"))
        .Next(this.steer_implementation)
    )
    steer_implementation = (
        GuardedView(cycle_tasks.steer_implementation)
        .Annotation(title=_("Steer the implementation"))
        .Says(_("Steer the implementation: %(subject)s"))
        .About(_title)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=_planning)
        .Due(lambda process: stage_due(process.cycle, StageKind.IMPLEMENTATION))
        .Stage(StageKind.IMPLEMENTATION)
        .Next(this.enter_evaluation)
    )

    # 7 Evaluation
    enter_evaluation = (
        Step(this.on_enter_evaluation)
        .Annotation(title=_("Evaluation begins"))
        .Next(this.wait_for_evaluations)
    )
    wait_for_evaluations = (
        WaitFor(lambda activation: selectors.all_measures_evaluated(activation.process.cycle))
        .Annotation(title=_("All running measures evaluated"))
        .Next(this.close_cycle)
    )
    close_cycle = (
        GuardedView(cycle_tasks.close_cycle)
        .Annotation(title=_("Close the cycle"))
        .Says(_("Close the cycle: %(subject)s"))
        .About(_title)
        .Addressed(Perm.ACT_FOR_ORGANISATION, to=_planning)
        .Due(lambda process: stage_due(process.cycle, StageKind.EVALUATION))
        .Stage(StageKind.EVALUATION)
        .Next(this.closed)
    )

    closed = Outcome().Annotation(title=_("Closed"))

    def on_start(self, activation: Any, cycle: Any) -> Any:
        """Tie the case to its cycle."""
        activation.process.cycle = cycle
        return activation.process

    def on_request_data(self, activation: Any) -> None:
        """One case per supplier, so that departments do not block one another."""
        for request in activation.process.cycle.requests.all():
            DeliveryFlow.start.run(request=request)

    def on_enter_conference(self, activation: Any) -> None:
        """The profiles are released; what was expected again and has not come is called off."""
        cycle = activation.process.cycle
        cycles.stage_enter(cycle, StageKind.CONFERENCE)
        for request in unsettled_requests(cycle):
            reason = deliveries.earlier_waive_reason(request)
            send(request.process, DeliveryFlow.wait_for_waiver, reason=reason, user=None)

    def on_invite(self, activation: Any) -> None:
        """One case per invited organisation."""
        for contribution in conference.contributions_ask(activation.process.cycle):
            ContributionFlow.start.run(contribution=contribution)

    def on_close_conference(self, activation: Any) -> None:
        """Nobody is asked for statements after the conference; its minutes are written."""
        cycle = activation.process.cycle
        for process in conference.open_contribution_processes(cycle):
            send(process, ContributionFlow.wait_for_close)
        for meeting in meetings_without_minutes(cycle):
            MinutesFlow.start.run(minutes=minutes_create(meeting, user=None))

    def on_begin_agreements(self, activation: Any) -> None:
        """One case per new measure."""
        cycle = activation.process.cycle
        for measure in implementation.measures_without_process(cycle):
            MeasureFlow.start.run(measure=measure, cycle=cycle)

    def on_enter_implementation(self, activation: Any) -> None:
        """What was agreed is fixed, so that later changes can be compared with it."""
        cycle = activation.process.cycle
        cycles.stage_enter(cycle, StageKind.IMPLEMENTATION)
        implementation.plan_fix_agreed(cycle)

    def on_enter_evaluation(self, activation: Any) -> None:
        """Every running measure of the cycle is evaluated now."""
        cycle = activation.process.cycle
        cycles.stage_enter(cycle, StageKind.EVALUATION)
        for process in cycle.measure_processes.all():
            poke(process)
