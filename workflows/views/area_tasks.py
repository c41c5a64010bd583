"""Base of the task pages on which people go from area to area and write statements."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from monitoring.models import Area
from project.common.errors import DomainError
from project.common.keys import key_or_none
from stakeholders.models import Organisation, User
from stakeholders.sessions import signed_in
from workflows.forms.statements import StatementForm
from workflows.models import AreaProfile, PlanningCycle, Statement, StatementFile
from workflows.selectors.conference import (
    area_figures,
    conference_profiles,
    cycle_indicators,
    figure_limit,
)
from workflows.services.conference import statement_add, statement_change, statement_remove
from workflows.services.statement_files import statement_file_remove
from workflows.views.base import TaskView


class AreaTaskView(TaskView):
    """A task on which people go from area to area and write statements, several on one visit.

    The address says which area is before them (``area``) and which statement they correct (``edit``); the
    buttons ``add``, ``change``, ``remove`` and ``remove_file`` stay on the page, all others complete the
    task.
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
            None if data is None else self.request.FILES,
            indicators=cycle_indicators(self.cycle),
            organisations=self.form_organisations(),
            statement=self.edited,
            prefix="statement",
        )

    # --- acts that stay on the page -----------------------------------------------------------

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Statements first; everything else completes the task."""
        for name in ("add", "change", "remove", "remove_file"):
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
            self.add_statement(self.profile.area, form)
        except DomainError as error:
            form.add_error(None, str(error.message))
            return self.again(statement_form=form)
        return self.back(_("The statement has been added."), "statements")

    def add_statement(self, area: Area, form: StatementForm) -> None:
        """Add what was said on an area."""
        statement_add(
            self.cycle, area=area, organisation=self.organisation_of(form), user=self.user, **form.values
        )

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

    def do_remove_file(self) -> HttpResponse:
        """Take a file away from an own statement."""
        wanted = key_or_none(self.request.POST["remove_file"])
        file = get_object_or_404(StatementFile, pk=wanted or 0, statement__in=self.own_statements())
        try:
            statement_file_remove(file, user=self.user)
        except DomainError as error:
            messages.error(self.request, str(error.message))
            return redirect(self.here("statements"))
        return self.back(_("The file has been removed."), "statements")

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
            figure_limit=figure_limit(figures),
            statements=[
                {"statement": row, "is_own": row.pk in own}
                for row in (self.shown_statements().filter(area=profile.area_id) if profile else [])
            ],
            edited=self.edited,
            **kwargs,
        )
