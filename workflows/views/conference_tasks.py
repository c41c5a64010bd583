"""Task pages of the planning conference: statements, invitations, the conference itself."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from project.common.keys import key_or_none
from stakeholders.models import Body, Organisation, User
from workflows.forms.conference import (
    AttendanceForm,
    ContributionForm,
    FieldOfActionForm,
    MeetingForm,
    StatementForm,
)
from workflows.models import AreaProfile, Meeting, PlanningCycle, Statement
from workflows.selectors.conference import (
    area_figures,
    conference_profiles,
    contributions_of,
    cycle_indicators,
    invitable,
    meeting_of,
    members_of,
    statements_of,
    unfinished_recommendations,
)
from workflows.selectors.recommendations import RecommendationFilter, agenda_items, recommendations_of
from workflows.services.conference import (
    conference_close,
    contribution_finish,
    field_of_action_add,
    statement_add,
    statement_change,
    statement_remove,
)
from workflows.services.meetings import meeting_schedule
from workflows.views.access import signed_in
from workflows.views.base import TaskView
from workflows.views.meeting_days import hint_at_stage, warn_of_day, warn_of_missing_addresses


class AreaTaskView(TaskView):
    """A task on which people go from area to area and write statements, several on one visit.

    The address says which area is before them (``area``) and which statement they correct (``edit``); the
    buttons ``add``, ``change`` and ``remove`` stay on the page, all others complete the task.
    """

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        self.statement_form: StatementForm | None = None

    # --- what is before the person ------------------------------------------------------------

    @property
    def user(self) -> User:
        """Who acts."""
        return signed_in(self.request)

    @property
    def cycle(self) -> PlanningCycle:
        """The cycle of the case."""
        cycle: PlanningCycle = self.process.cycle
        return cycle

    def own_statements(self) -> Any:
        """Statements the person may correct here."""
        raise NotImplementedError

    def shown_statements(self) -> Any:
        """Statements the person reads here."""
        return self.own_statements()

    def organisation_of(self, form: StatementForm) -> Organisation:
        """Whose statement is added."""
        raise NotImplementedError

    def counted_organisation(self) -> Organisation | None:
        """Whose statements are counted beside the areas; None for all."""
        return None

    def form_organisations(self) -> Any:
        """Organisations to choose from; None if it is clear whose statement it is."""
        return None

    @cached_property
    def profiles(self) -> list[AreaProfile]:
        """Released profiles with their number of statements."""
        return list(conference_profiles(self.cycle, organisation=self.counted_organisation()))

    @cached_property
    def profile(self) -> AreaProfile | None:
        """The profile before the person: the chosen one, else the first."""
        wanted = self.request.POST.get("area") or self.request.GET.get("area") or ""
        by_area = {str(profile.area_id): profile for profile in self.profiles}
        return by_area.get(wanted) or (self.profiles[0] if self.profiles else None)

    @cached_property
    def edited(self) -> Statement | None:
        """The statement that is being corrected."""
        wanted = key_or_none(self.request.POST.get("edit") or self.request.GET.get("edit"))
        if wanted is None or self.profile is None:
            return None
        statement: Statement = get_object_or_404(self.own_statements(), pk=wanted, area=self.profile.area_id)
        return statement

    def make_statement_form(self, data: Any = None) -> StatementForm:
        """The form under the statements of the area."""
        return StatementForm(
            data,
            indicators=cycle_indicators(self.cycle),
            organisations=self.form_organisations(),
            statement=self.edited,
            prefix="statement",
        )

    # --- acts that stay on the page -----------------------------------------------------------

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Statements first; everything else completes the task."""
        for name in ("add", "change", "remove"):
            if name in request.POST:
                act = getattr(self, f"do_{name}")
                response: HttpResponse = act()
                return response
        return super().post(request, *args, **kwargs)

    def do_add(self) -> HttpResponse:
        """Add a statement on the area."""
        form = self.make_statement_form(self.request.POST)
        if self.profile is None or not form.is_valid():
            return self.again(statement_form=form)
        try:
            statement_add(
                self.cycle,
                area=self.profile.area,
                organisation=self.organisation_of(form),
                user=self.user,
                **form.values,
            )
        except DomainError as error:
            form.add_error(None, str(error.message))
            return self.again(statement_form=form)
        return self.back(_("The statement has been added."), "statements")

    def do_change(self) -> HttpResponse:
        """Correct a statement."""
        form = self.make_statement_form(self.request.POST)
        if self.edited is None or not form.is_valid():
            return self.again(statement_form=form)
        try:
            statement_change(self.edited, user=self.user, **form.values)
        except DomainError as error:
            form.add_error(None, str(error.message))
            return self.again(statement_form=form)
        return self.back(_("The statement has been corrected."), "statements")

    def do_remove(self) -> HttpResponse:
        """Take a statement back."""
        wanted = key_or_none(self.request.POST["remove"])
        statement = get_object_or_404(self.own_statements(), pk=wanted or 0)
        try:
            statement_remove(statement, user=self.user)
        except DomainError as error:
            messages.error(self.request, str(error.message))
            return redirect(self.here("statements"))
        return self.back(_("The statement has been removed."), "statements")

    def back(self, message: Any, anchor: str) -> HttpResponse:
        """Say what happened and show the page anew."""
        messages.success(self.request, str(message))
        return redirect(self.here(anchor))

    def here(self, anchor: str) -> str:
        """Address of this page with the area before the person."""
        query = urlencode({"area": self.profile.area_id}) if self.profile else ""
        return f"{self.request.path}?{query}#{anchor}"

    def again(self, **context: Any) -> HttpResponse:
        """Show the page with the errors of one of its forms; nothing was saved."""
        return self.render_to_response(self.get_context_data(form=self.unbound_form(), **context), status=422)

    def unbound_form(self) -> forms.Form:
        """The completing form, not yet judged."""
        kwargs = self.get_form_kwargs()
        kwargs.pop("data", None)
        kwargs.pop("files", None)
        form: forms.Form = self.get_form_class()(**kwargs)
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Areas, the one before the person with its figures and statements, and the form for one more."""
        kwargs.setdefault("statement_form", self.make_statement_form())
        profile = self.profile
        figures = area_figures(self.cycle, [profile.area])[profile.area_id] if profile else []
        own = set(self.own_statements().values_list("pk", flat=True))
        return super().get_context_data(
            profiles=self.profiles,
            profile=profile,
            figures=figures,
            figure_limit=max([3.0, *[abs(row.z) for row in figures if row.z is not None]]),
            statements=[
                {"statement": row, "is_own": row.pk in own}
                for row in (self.shown_statements().filter(area=profile.area_id) if profile else [])
            ],
            edited=self.edited,
            **kwargs,
        )


class GiveStatements(AreaTaskView):
    """An invited organisation comments the area profiles."""

    form_class = ContributionForm
    template_name = "workflows/give_statements_task.html"
    success_message = _("Thank you. Your statements have been handed in.")

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
        return super().get_context_data(agenda=agenda_items(self.process.cycle), **kwargs)


give_statements = GiveStatements.as_view()
prepare_conference = PrepareConference.as_view()
hold_conference = HoldConference.as_view()
prepare_steering_group = PrepareSteeringGroup.as_view()
