"""Task pages of a recommendation: drafting, adopting, deciding."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from project.common.keys import key_or_none
from stakeholders.models import BodyMembership, RulesOfProcedure, User
from stakeholders.procedure import Tie, VotingRules
from stakeholders.selectors.rules import group_name, rules_on, sentences_of
from stakeholders.sessions import signed_in
from workflows.counting import Count, count_ballots
from workflows.forms.beforehand import Beforehand, votes_beforehand
from workflows.forms.decisions import DecisionForm
from workflows.forms.recommendations import AdoptionForm, DraftForm, initial_from_query, initial_of
from workflows.models import (
    Decision,
    DecisionResult,
    Meeting,
    Poll,
    Recommendation,
    RecommendationVersion,
    VoteChoice,
)
from workflows.models.recommendations import REQUEST_STAGES
from workflows.selectors.agenda import agenda_of, next_to_decide
from workflows.selectors.conference import invitable
from workflows.selectors.cosigning import rounds_seen_by
from workflows.selectors.decisions import (
    away_on,
    decision_in_force,
    meeting_held_last,
    meetings_to_decide_in,
    open_reconsideration,
    seats_on,
)
from workflows.selectors.recommendations import (
    evidence_of,
)
from workflows.selectors.versions import since_return
from workflows.services.cosigning import cosigning_end, may_ask_cosigners
from workflows.services.decisions import decision_record
from workflows.services.recommendations import (
    may_withdraw,
    recommendation_adopt,
    recommendation_propose,
    recommendation_send_back,
    recommendation_withdraw,
    version_save,
)
from workflows.views.base import TaskView
from workflows.views.evidence import evidence_choice
from workflows.views.read_back import Line, decision_lines, vote_lines


def withdrawal_message(standing: Decision | None) -> Any:
    """What a withdrawal means: the end, or that a decision taken up again stands on."""
    if standing is None:
        return _("The recommendation has been withdrawn.")
    return _("It is not decided again. Decision %(number)s stands.") % {"number": standing.reference}


class RecommendationTaskView(TaskView):
    """A task on a recommendation: its latest version, what it rests on, and what came back before."""

    #: Whether the steering group reads it: then returns within the conference are none of its business.
    is_before_body = False

    @property
    def user(self) -> User:
        """Who acts."""
        return signed_in(self.request)

    @property
    def recommendation(self) -> Recommendation:
        """What the case is about."""
        recommendation: Recommendation = self.process.recommendation
        return recommendation

    @cached_property
    def version(self) -> RecommendationVersion:
        """The latest version."""
        versions = self.recommendation.versions.select_related("addressee", "created_by")
        found = versions.order_by("-number").first()
        assert found is not None
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            recommendation=self.recommendation,
            version=self.version,
            since=since_return(self.version, of_body=self.is_before_body),
            **kwargs,
        )


class DraftRecommendation(RecommendationTaskView):
    """The author writes, saves in between, puts it before the conference, or withdraws it."""

    form_class = DraftForm
    template_name = "workflows/draft_recommendation_task.html"

    @property
    def is_withdrawal(self) -> bool:
        """Whether the button for withdrawing was pressed."""
        return "withdraw" in self.request.POST

    @property
    def success_message(self) -> Any:  # type: ignore[override]
        """What happened."""
        if self.is_withdrawal:
            return withdrawal_message(decision_in_force(self.recommendation))
        return _("The recommendation is before the conference now; its chair adopts it.")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {
            **super().get_form_kwargs(),
            "cycle": self.process.cycle,
            "origin": self.recommendation.cycle,
            "version": self.version,
            "is_draft": "save" in self.request.POST,
            "is_withdrawal": self.is_withdrawal,
            "is_request": self.recommendation.kind in REQUEST_STAGES,
        }

    def get_initial(self) -> dict[str, Any]:
        return initial_of(self.version)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The button that only refreshes the evidence judges and saves nothing."""
        if self.is_withdrawal and "withdraw_sure" not in request.POST:
            messages.error(
                request, _("Nothing has been withdrawn. Tick that you are sure, then send it again.")
            )
            return redirect(request.path)
        if "refresh" in request.POST:
            form = DraftForm(
                initial=initial_from_query(request.POST),
                cycle=self.process.cycle,
                origin=self.recommendation.cycle,
                version=self.version,
            )
            return self.render_to_response(self.get_context_data(form=form))
        return super().post(request, *args, **kwargs)

    def save_draft(self, form: forms.Form) -> None:
        assert isinstance(form, DraftForm)
        version_save(self.recommendation, wording=form.wording, user=self.user)

    def perform(self, form: forms.Form) -> None:
        if self.is_withdrawal:
            recommendation_withdraw(
                self.recommendation, reason=form.cleaned_data["withdraw_reason"], user=self.user
            )
            cosigning_end(self.recommendation)  # a planned one: nobody has been asked yet
            return
        self.save_draft(form)
        recommendation_propose(self.recommendation, user=self.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        form = context["form"]
        assert isinstance(form, DraftForm)
        is_request = self.recommendation.kind in REQUEST_STAGES
        context["evidence_choice"] = None if is_request else evidence_choice(self.recommendation.cycle, form)
        context["evidence_cycle"] = self.recommendation.cycle
        context["may_withdraw"] = may_withdraw(self.user, self.recommendation)
        context["reconsideration"] = open_reconsideration(self.recommendation)
        context["may_ask_cosigners"] = may_ask_cosigners(self.user, self.recommendation)
        context["rounds"] = rounds_seen_by(self.user, self.recommendation, shows_drafts=True)
        return context


class AdoptRecommendation(RecommendationTaskView):
    """The conference's chair adopts and submits, or gives back."""

    form_class = AdoptionForm
    template_name = "workflows/adopt_recommendation_task.html"

    @property
    def success_message(self) -> Any:  # type: ignore[override]
        """What happened."""
        if self.request.POST.get("outcome") == AdoptionForm.ADOPT:
            return _("Adopted. The recommendation is before the steering group now.")
        return _("Given back to the author with your reason.")

    def perform(self, form: forms.Form) -> None:
        if form.cleaned_data["outcome"] == AdoptionForm.ADOPT:
            task = self.activation.task
            recommendation_adopt(
                self.recommendation, user=self.user, barred=task.flow_task.barred_people(task)
            )
        else:
            recommendation_send_back(self.recommendation, reason=form.cleaned_data["reason"], user=self.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            evidence=evidence_of(self.version),
            rounds=rounds_seen_by(self.user, self.recommendation, shows_drafts=True),
            **kwargs,
        )


class DecideRecommendation(RecommendationTaskView):
    """The chair of the steering group records result and votes."""

    form_class = DecisionForm
    is_before_body = True
    template_name = "workflows/decide_recommendation_task.html"
    last_warning = _("Record the decision? It can never be changed, only followed by another.")
    last_label = _("Record the decision")

    @property
    def success_message(self) -> Any:  # type: ignore[override]
        """The number of the decision, which everybody will quote."""
        decision = self.recommendation.decisions.order_by("-pk").first()
        return _("Decision %(number)s has been recorded.") % {
            "number": decision.reference if decision else ""
        }

    @cached_property
    def meeting(self) -> Meeting | None:
        """The meeting chosen, else the likely one; its day says who had a seat."""
        meetings = meetings_to_decide_in(self.recommendation)
        wanted = key_or_none(self.request.POST.get("meeting") or self.request.GET.get("meeting"))
        chosen = meetings.filter(pk=wanted).first() if wanted is not None else None
        return chosen or meeting_held_last(meetings)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {
            **super().get_form_kwargs(),
            "meetings": meetings_to_decide_in(self.recommendation),
            "seats": self.seats,
            "allows_secret": self.rules_version.allows_secret,
            "acting": invitable(self.process.cycle),
        }

    def get_initial(self) -> dict[str, Any]:
        known = self.beforehand.initial
        return {"meeting": self.meeting, "wording": self.version.proposal, **known}

    @cached_property
    def beforehand(self) -> Beforehand:
        """What is known of the seats before a vote is entered."""
        return votes_beforehand(self.meeting, self.seats)

    @cached_property
    def seats(self) -> list[BodyMembership]:
        """Seats of the day of the meeting."""
        return seats_on(self.process.cycle.steering_group, self.meeting)

    def get_success_url(self) -> str:
        """On to the next item of the meeting, or back to the inbox after the last one."""
        decision = self.recommendation.decisions.order_by("-pk").first()
        following = None if decision is None else next_to_decide(self.user, decision)
        if following is None:
            return super().get_success_url()
        messages.info(self.request, _("This is the next item of the meeting."))
        return reverse("workflows:task", args=[following.pk])

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The button that enters a yes for all who are there judges and saves nothing."""
        if "all_yes" in request.POST:
            form = self.get_form()
            assert isinstance(form, DecisionForm)
            filled = form.filled_with_yes()
            shown = DecisionForm(
                initial=filled,
                meetings=meetings_to_decide_in(self.recommendation),
                seats=self.seats,
                allows_secret=self.rules_version.allows_secret,
                acting=invitable(self.process.cycle),
            )
            return self.render_to_response(self.get_context_data(form=shown))
        return super().post(request, *args, **kwargs)

    def read_back(self, form: forms.Form) -> HttpResponse:
        """Read back what would be recorded; what was tried is forgotten."""
        try:
            return super().read_back(form)
        finally:
            self.recommendation.refresh_from_db()

    def last_lines(self, form: forms.Form, made: Decision) -> list[Line]:
        assert isinstance(form, DecisionForm)
        return [*decision_lines(made), *vote_lines(made, form.ballots())]

    def last_heading(self) -> str:
        return self.version.title

    def perform(self, form: forms.Form) -> Decision:
        """Record what was entered."""
        assert isinstance(form, DecisionForm)
        cleaned = form.cleaned_data
        return decision_record(
            self.recommendation,
            meeting=cleaned["meeting"],
            result=DecisionResult(cleaned["result"]),
            ballots=form.ballots(),
            user=self.user,
            reason=cleaned["reason"],
            postponed_until=cleaned["postponed_until"],
            wording=cleaned["wording"],
            vote_kind=form.kind,
            tally=form.tally(),
            condition_rows=form.condition_rows,
        )

    @cached_property
    def rules_version(self) -> RulesOfProcedure:
        """Rules of procedure on the day of the meeting, today's as long as there is none."""
        day = self.meeting.held_on if self.meeting else timezone.localdate()
        return rules_on(self.process.cycle.steering_group, day)

    @cached_property
    def rules(self) -> VotingRules:
        """What those rules say about counting."""
        return self.rules_version.voting_rules()

    def group_rows(self, count: Count | None) -> list[dict[str, Any]]:
        """Groups that must be there: the rule, and who is there as far as votes were entered."""
        counted = {group.kind: group for group in count.groups} if count else {}
        return [
            {
                "rule": group,
                "name": group_name(group.kind),
                "percent": None if group.share is None else int(group.share * 100),
                "counted": counted.get(group.kind),
            }
            for group in self.rules.groups
        ]

    def count(self, form: DecisionForm) -> Count | None:
        """Count of what was entered so far; None where a rule forbids it or nothing was entered."""
        ballots = form.ballots()
        taken_over = {VoteChoice.ABSENT, VoteChoice.HEARD}
        if not ballots or (not form.is_bound and all(ballot.choice in taken_over for ballot in ballots)):
            return None
        try:
            return count_ballots(self.rules, ballots, form.tally())
        except DomainError:
            return None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(evidence=evidence_of(self.version), meeting=self.meeting, **kwargs)
        form = context["form"]
        assert isinstance(form, DecisionForm)
        agenda = agenda_of(self.meeting, current=self.recommendation) if self.meeting else []
        context["agenda"] = agenda
        context["agenda_position"] = next((item.position for item in agenda if item.is_current), None)
        is_first_look = self.request.method != "POST"
        context["beforehand"] = self.beforehand.source if is_first_look else ""
        context["count"] = self.count(form)
        quorum = self.rules.quorum_count(len(form.voting_seats))
        context["quorum"] = context["count"].quorum if context["count"] else quorum
        context["quorum_percent"] = int(self.rules.quorum_share * 100)
        context["group_rows"] = self.group_rows(context["count"])
        context["rules_version"] = self.rules_version
        context["rule_sentences"] = sentences_of(self.rules_version)
        context["rounds"] = rounds_seen_by(self.user, self.recommendation, shows_drafts=False)
        context["decides_tie"] = self.rules.tie == Tie.CHAIR
        context["away"] = away_on(form.voting_seats + form.advisory_seats, self.meeting)
        context["open_poll"] = Poll.objects.open().filter(recommendation=self.recommendation).first()
        context["reconsideration"] = open_reconsideration(self.recommendation)
        context["earlier_decisions"] = list(
            self.recommendation.decisions.select_related("meeting", "version").order_by("pk")
        )
        return context


draft_recommendation = DraftRecommendation.as_view()
adopt_recommendation = AdoptRecommendation.as_view()
decide_recommendation = DecideRecommendation.as_view()
