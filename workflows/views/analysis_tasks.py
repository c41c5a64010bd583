"""Task pages of the analysis: compute the index and choose areas, write and release the profiles."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from monitoring.models import Area, IndexRun, Indicator
from monitoring.profiles import profile_drafts
from monitoring.selectors.areas import planning_areas
from monitoring.selectors.figures import Coverage, coverage, used_indicators
from monitoring.selectors.inhabitants import inhabitants_known
from monitoring.selectors.methods import offered_methods
from monitoring.selectors.runs import has_many_classes
from monitoring.services.index import Missing, index_run_by_rules, index_run_create
from project.common.errors import DomainError
from project.common.keys import key_or_none
from stakeholders.sessions import signed_in
from workflows.forms.analysis import (
    DEFAULT_BORDER,
    LEAST_BORDER,
    MOST_BORDER,
    ChooseForm,
    ChooseWithoutIndexForm,
    ComputeForm,
    ReleaseProfilesForm,
)
from workflows.models import PlanningCycle
from workflows.selectors.analysis import (
    ReleaseBar,
    ranking,
    release_bar,
    trial_runs,
    trials_of,
    with_results,
)
from workflows.selectors.requests import gone_without, unsettled_requests
from workflows.services.analysis import areas_choose, profiles_release, unfinished_profiles
from workflows.views.base import TaskView

#: A choice of years before the last one asked for, for later comparison.
_YEARS_BACK = 10


class RunAnalysisView(TaskView):
    """Compute runs as often as wanted, compare them, choose the areas of one.

    The button "save" computes; the task is completed by choosing areas.
    """

    template_name = "workflows/run_analysis.html"
    success_message = _("The areas are chosen. Each has a draft of its profile now.")
    draft_message = _("Computed and kept. You may try other indicators or another border.")

    @cached_property
    def cycle(self) -> PlanningCycle:
        """The cycle of the case."""
        found: PlanningCycle = self.process.cycle
        return found

    @property
    def is_computing(self) -> bool:
        """Whether the form to compute was sent."""
        return "save" in self.request.POST

    @property
    def is_without_index(self) -> bool:
        """Whether the form to choose areas without an index was sent."""
        return "without_index" in self.request.POST

    # --- computing ----------------------------------------------------------------------------

    @cached_property
    def areas(self) -> list[Area]:
        """Areas to be compared."""
        return list(planning_areas(self.cycle.territory))

    @cached_property
    def indicators(self) -> list[Indicator]:
        """Rates and shares with figures; counts depend on the size of an area."""
        return [row for row in used_indicators(self.cycle.territory) if not row.unit.is_count]

    @cached_property
    def coverage(self) -> dict[int, Coverage]:
        """How complete the indicators are up to the year of the form."""
        year = key_or_none(self.request.POST.get("year"))
        return coverage(self.areas, self.indicators, year=self.cycle.data_to_year if year is None else year)

    def compute_form(self, data: Any = None) -> ComputeForm:
        """The form to compute; begins with the run shown, else with what the cycle asked for."""
        last = self.cycle.data_to_year
        return ComputeForm(
            data,
            initial=self._compute_initial(),
            years=range(last, last - _YEARS_BACK, -1),
            indicators=self.indicators,
            coverage=self.coverage,
            methods=offered_methods(self.cycle.territory),
        )

    def _compute_initial(self) -> dict[str, Any]:
        run = self.run
        if run is not None:
            # What an own method had may be no choice of this form: the field then begins as without a run.
            has_border = run.border is not None and LEAST_BORDER <= run.border <= MOST_BORDER
            is_choice = run.missing_policy in Missing.values
            return {
                "year": run.year,
                "method": run.index_method_id,
                "indicators": list(run.indicators.values_list("indicator_id", flat=True)),
                "border": run.border if has_border else DEFAULT_BORDER,
                "missing_policy": run.missing_policy if is_choice else Missing.EXCLUDE,
                "minimum_population": run.minimum_population,
            }
        asked = set(
            Indicator.objects.filter(requests__cycle=self.cycle).order_by().values_list("pk", flat=True)
        )
        return {
            "year": self.cycle.data_to_year,
            "indicators": [row.pk for row in self.indicators if row.pk in asked and row.pk in self.coverage],
            "border": DEFAULT_BORDER,
        }

    def inhabitants_warnings(self, form: ComputeForm) -> list[tuple[str, str]]:
        """Whose rule on inhabitants would leave areas out: name ("" for the form's own), and what it says."""
        given = form.cleaned_data if form.is_bound else form.initial
        year = given.get("year") or self.cycle.data_to_year
        known = inhabitants_known(self.cycle.territory, year)
        found = [("", known.warning(given.get("minimum_population")))]
        found += [(str(row), known.warning_of(row.content)) for row in offered_methods(self.cycle.territory)]
        return [(name, warning) for name, warning in found if warning]

    # --- choosing -----------------------------------------------------------------------------

    @cached_property
    def run(self) -> IndexRun | None:
        """The run the page shows: the one asked for, else the latest."""
        wanted = key_or_none(self.request.POST.get("run") or self.request.GET.get("run"))
        runs = trial_runs(self.cycle).select_related("created_by")
        found = runs.filter(pk=wanted).first() if wanted is not None else None
        return found or runs.first()

    @cached_property
    def other_run(self) -> IndexRun | None:
        """The run it is compared with."""
        wanted = key_or_none(self.request.GET.get("compare"))
        if self.run is None or wanted is None:
            return None
        return trial_runs(self.cycle).exclude(pk=self.run.pk).filter(pk=wanted).first()

    def choose_form(self, data: Any = None) -> ChooseForm | None:
        """The form to choose areas; None before anything was computed."""
        if self.run is None:
            return None
        return ChooseForm(data, initial={"run": self.run.pk}, lines=ranking(self.run, self.other_run))

    def without_form(self, data: Any = None) -> ChooseWithoutIndexForm:
        """The form to choose areas where no index could be computed."""
        return ChooseWithoutIndexForm(data, prefix="without", offered=self.areas)

    def get_form(self, form_class: Any = None) -> forms.Form:
        data = self.request.POST if self.request.method == "POST" else None
        if self.is_computing:
            return self.compute_form(data)
        if self.is_without_index:
            return self.without_form(data)
        return self.choose_form(data) or ChooseForm(data)

    # --- acting -------------------------------------------------------------------------------

    def save_draft(self, form: forms.Form) -> None:
        given = form.cleaned_data
        method = given.get("method")
        if method is not None:
            self.run = index_run_by_rules(
                territory=self.cycle.territory,
                year=given["year"],
                content=method.content,
                method=method,
                user=signed_in(self.request),
            )
            return
        self.run = index_run_create(
            territory=self.cycle.territory,
            year=given["year"],
            indicators=given["indicators"],
            border=given["border"],
            missing_policy=given["missing_policy"],
            minimum_population=given["minimum_population"],
            user=signed_in(self.request),
        )

    def perform(self, form: forms.Form) -> None:
        if isinstance(form, ChooseWithoutIndexForm):
            areas, reasons = form.chosen()
            user = signed_in(self.request)
            areas_choose(self.cycle, run=None, areas=areas, reasons=reasons, drafts={}, user=user)
            return
        if self.run is None or not isinstance(form, ChooseForm) or form.cleaned_data["run"] != self.run.pk:
            raise DomainError("no_run", _("Compute the index first."))
        areas, reasons = form.chosen()
        areas_choose(
            self.cycle,
            run=self.run,
            areas=areas,
            reasons=reasons,
            drafts=profile_drafts(self.run, areas),
            user=signed_in(self.request),
        )

    def form_valid(self, form: forms.Form) -> HttpResponse:
        response = super().form_valid(form)
        if self.is_computing and response.status_code == 302 and self.run is not None:
            return redirect(f"{self.request.path}?run={self.run.pk}#ranking")
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        form = context["form"]
        compute = form if isinstance(form, ComputeForm) else self.compute_form()
        choose = form if isinstance(form, ChooseForm) and form.lines else self.choose_form()
        return context | {
            "compute_form": compute,
            "inhabitants_warnings": self.inhabitants_warnings(compute) if self.indicators else [],
            "choose_form": choose,
            "without_form": form if isinstance(form, ChooseWithoutIndexForm) else self.without_form(),
            "waived_requests": gone_without(self.cycle),
            "run": self.run,
            "other_run": self.other_run,
            "has_many_classes": self.run is not None and has_many_classes(self.run),
            "trials": trials_of(self.cycle),
            "area_count": len(self.areas),
        }


class WriteProfilesView(TaskView):
    """Look through each profile, then release all of them to the conference."""

    template_name = "workflows/write_profiles.html"
    form_class = ReleaseProfilesForm
    success_message = _("Released. The profiles go to the planning conference.")
    last_warning = _("Release all profiles? Afterwards they stay as they are and go to the conference.")
    last_label = _("Release all profiles")

    def perform(self, form: forms.Form) -> None:
        unfinished = unfinished_profiles(self.process.cycle)
        if unfinished:
            names = ", ".join(sorted(profile.area.name for profile in unfinished))
            raise DomainError(
                "profiles_unfinished",
                gettext("These profiles have not been looked through or name no weakness: %(areas)s.")
                % {"areas": names},
            )
        profiles_release(
            self.process.cycle,
            user=signed_in(self.request),
            reason=form.cleaned_data.get("reason", ""),
        )

    @cached_property
    def bar(self) -> ReleaseBar:
        """Whether four eyes keep the person from releasing."""
        return release_bar(self.process.cycle, self.request.user)

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"is_alone": self.bar.is_alone}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        cycle = self.process.cycle
        profiles = list(with_results(cycle.profiles.all()).order_by("rank", "area__name"))
        done = sum(profile.edited_at is not None and bool(profile.weaknesses) for profile in profiles)
        return super().get_context_data(**kwargs) | {
            "profiles": profiles,
            "done_count": done,
            "is_author": self.bar.is_barred,
            "is_free_colleague": self.bar.is_free_colleague,
            "today": timezone.localdate(),
            "expected": ", ".join(row.organisation.name for row in unsettled_requests(cycle)),
        }


run_analysis = RunAnalysisView.as_view()
write_profiles = WriteProfilesView.as_view()
