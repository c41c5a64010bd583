"""Task pages of the planning conference: statements, invitations, the conference itself."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from monitoring.models import Area
from project.common.errors import DomainError
from stakeholders.models import Body, Organisation, User
from stakeholders.sessions import signed_in
from workflows.forms.conference import (
    AttendanceForm,
    ContributionForm,
    FieldOfActionForm,
    MeetingForm,
)
from workflows.forms.statements import StatementForm
from workflows.models import AgendaItem, Meeting
from workflows.selectors.agenda_ready import agenda_preview
from workflows.selectors.conference import (
    conference_profiles,
    contributions_of,
    invitable,
    meeting_of,
    members_of,
    statements_of,
    unfinished_recommendations,
)
from workflows.selectors.recommendations import RecommendationFilter, recommendations_of
from workflows.services.conference import (
    conference_close,
    contribution_finish,
    field_of_action_add,
)
from workflows.services.meetings import meeting_schedule
from workflows.services.outcomes import outcome_statement
from workflows.views.area_tasks import AreaTaskView
from workflows.views.base import TaskView
from workflows.views.meeting_days import hint_at_stage, warn_of_day, warn_of_missing_addresses


class GiveStatements(AreaTaskView):
    """An invited organisation comments the area profiles."""

    form_class = ContributionForm
    template_name = "workflows/give_statements_task.html"
    success_message = _("Thank you. Your statements have been handed in.")
    last_warning = _("Hand in now? Afterwards your statements can no longer be changed here.")
    last_label = _("Hand in")

    def own_statements(self) -> Any:
        return statements_of(self.cycle).filter(organisation=self.process.contribution.organisation)

    def organisation_of(self, form: StatementForm) -> Organisation:
        organisation: Organisation = self.process.contribution.organisation
        return organisation

    def counted_organisation(self) -> Organisation | None:
        organisation: Organisation = self.process.contribution.organisation
        return organisation

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "statement_count": self.own_statements().count()}

    def perform(self, form: forms.Form) -> None:
        contribution_finish(
            self.process.contribution,
            user=self.user,
            has_nothing_to_add=bool(form.cleaned_data.get("nothing")),
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        contribution = self.process.contribution
        counts: list[int] = [getattr(profile, "statement_count", 0) for profile in self.profiles]
        return super().get_context_data(
            contribution=contribution,
            own_count=sum(counts),
            commented_count=sum(count > 0 for count in counts),
            meeting=meeting_of(self.cycle, self.cycle.planning_conference),
            **kwargs,
        )


class HoldConference(AreaTaskView):
    """The conference at work: areas, statements, fields of action, recommendations, attendance."""

    form_class = AttendanceForm
    template_name = "workflows/hold_conference_task.html"
    success_message = _("The conference is closed. The recommendations go their way.")
    last_warning = _("Close the conference? No statements can be given afterwards.")
    last_label = _("Close the conference")

    @cached_property
    def meeting(self) -> Meeting | None:
        """The conference's latest meeting."""
        return meeting_of(self.cycle, self.cycle.planning_conference)

    @cached_property
    def open_meetings(self) -> list[Meeting]:
        """The conference's meetings that are closed with it, latest first."""
        rows = self.cycle.meetings.filter(body=self.cycle.planning_conference, closed_at__isnull=True)
        return list(rows.order_by("-held_on", "-pk"))

    def own_statements(self) -> Any:
        # Planning corrects what planning entered, and nobody else's words.
        return statements_of(self.cycle).filter(created_by=self.user)

    def shown_statements(self) -> Any:
        return statements_of(self.cycle)

    def organisation_of(self, form: StatementForm) -> Organisation:
        organisation: Organisation = form.cleaned_data["organisation"]
        return organisation

    def add_statement(self, area: Area, form: StatementForm) -> None:
        """What is said in the meeting stands in its minutes, under the item of the area."""
        items = AgendaItem.objects.standing().filter(area=area, meeting__in=self.open_meetings)
        item = items.filter(meeting__held_on__lte=timezone.localdate()).order_by("-meeting__held_on").first()
        if item is None:
            super().add_statement(area, form)
            return
        outcome_statement(item, organisation=self.organisation_of(form), user=self.user, **form.values)

    def form_organisations(self) -> Any:
        return invitable(self.cycle)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "meetings": self.open_meetings}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "field" in request.POST:
            return self.do_field()
        return super().post(request, *args, **kwargs)

    def do_field(self) -> HttpResponse:
        """Add a field of action."""
        form = FieldOfActionForm(self.request.POST, prefix="field")
        if not form.is_valid():
            return self.again(field_form=form)
        try:
            field_of_action_add(self.cycle, title=form.cleaned_data["title"], user=self.user)
        except DomainError as error:
            form.add_error("title", str(error.message))
            return self.again(field_form=form)
        return self.back(_("The field of action has been added."), "fields")

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, AttendanceForm)
        conference_close(self.cycle, attended=form.attended(), user=self.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        kwargs.setdefault("field_form", FieldOfActionForm(prefix="field"))
        rows = recommendations_of(self.user, self.cycle, RecommendationFilter())
        return super().get_context_data(
            meeting=self.meeting,
            contributions=contributions_of(self.cycle),
            fields_of_action=self.cycle.plan.fields.all(),
            recommendations=list(rows.order_by("number")),
            unfinished_count=unfinished_recommendations(self.cycle).count(),
            **kwargs,
        )


class PrepareMeeting(TaskView):
    """Date, place and participants of a body's meeting; the invitations go out by mail."""

    form_class = MeetingForm

    @property
    def user(self) -> User:
        """Who acts."""
        return signed_in(self.request)

    def body(self) -> Body:
        """Whose meeting it is."""
        raise NotImplementedError

    def get_form_kwargs(self) -> dict[str, Any]:
        kwargs = {**super().get_form_kwargs(), "organisations": invitable(self.process.cycle)}
        kwargs["initial"] = {
            "participants": list(members_of(self.body()).values_list("pk", flat=True)),
            **kwargs.get("initial", {}),
        }
        return kwargs

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        hint_at_stage(form, self.process.cycle, self.body())
        form.offer_notice([self.body()])
        return form

    def perform(self, form: forms.Form) -> None:
        assert isinstance(form, MeetingForm)
        meeting = meeting_schedule(self.process.cycle, body=self.body(), user=self.user, **form.values)
        warn_of_day(self.request, meeting)
        warn_of_missing_addresses(self.request, meeting)


class PrepareConference(PrepareMeeting):
    """Planning invites to the planning conference."""

    template_name = "workflows/prepare_conference_task.html"
    success_message = _("The invitations are on their way.")

    def body(self) -> Body:
        body: Body = self.process.cycle.planning_conference
        return body

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(profiles=conference_profiles(self.process.cycle), **kwargs)


class PrepareSteeringGroup(PrepareMeeting):
    """Planning invites the steering group."""

    template_name = "workflows/prepare_steering_group_task.html"
    success_message = _("The invitations are on their way.")

    def body(self) -> Body:
        body: Body = self.process.cycle.steering_group
        return body

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(agenda=agenda_preview(self.process.cycle), **kwargs)


give_statements = GiveStatements.as_view()
prepare_conference = PrepareConference.as_view()
hold_conference = HoldConference.as_view()
prepare_steering_group = PrepareSteeringGroup.as_view()
