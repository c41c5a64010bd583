"""Opening a cycle, its schedule, and the filters of the lists."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from monitoring.models import Indicator
from project.common.formats import date_de
from stakeholders.models import BodyKind, Organisation, OrganisationKind
from workflows.models import StageKind
from workflows.selectors.opening import Choices, stage_dates, template_days

#: Years a cycle usually lasts, and years of figures it usually asks for.
USUAL_YEARS = 3
USUAL_DATA_YEARS = 3
#: Last year a cycle may reach.
LATEST_YEAR = 2100


class CycleFilterForm(forms.Form):
    """Narrows the list of cycles down."""

    hide_optional = True

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("All")), ("open", _("under way")), ("closed", _("closed"))],
    )
    stage = forms.TypedChoiceField(label=_("Stage"), required=False, coerce=int, empty_value=None)
    sort = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[("", _("By territory")), ("-year", _("Latest first")), ("year", _("Oldest first"))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stage = self.fields["stage"]
        assert isinstance(stage, forms.TypedChoiceField)
        stage.choices = [
            ("", _("All stages")),
            *((kind.value, f"{kind.value} {kind.label}") for kind in StageKind),
        ]

    def wanted(self) -> dict[str, Any]:
        """What was chosen; fields with errors count as not chosen."""
        self.is_valid()
        return dict(self.cleaned_data)


class StageDatesForm(forms.Form):
    """New dates of a stage, with the reason."""

    starts_on = forms.DateField(label=_("From"))
    due_on = forms.DateField(label=_("Until"))
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text=_("Everybody involved in the cycle can read the reason."),
    )

    def clean(self) -> dict[str, Any]:
        """Last day not before the first."""
        data = super().clean() or {}
        first, last = data.get("starts_on"), data.get("due_on")
        if first and last and last < first:
            self.add_error("due_on", _("The last day lies before the first."))
        return data


@dataclasses.dataclass(frozen=True)
class SupplyField:
    """Indicators of one supplier, for the page."""

    organisation: Organisation
    field: forms.BoundField
    count: int


@dataclasses.dataclass(frozen=True)
class StageRow:
    """Dates of one stage, for the page."""

    kind: StageKind
    first: forms.BoundField
    last: forms.BoundField


class CycleForm(forms.Form):
    """Everything a new cycle needs, on one page."""

    title = forms.CharField(label=_("Title"), max_length=200)
    starts_year = forms.IntegerField(label=_("First year"), min_value=2000, max_value=LATEST_YEAR)
    ends_year = forms.IntegerField(label=_("Last year"), min_value=2000, max_value=LATEST_YEAR)
    data_from_year = forms.IntegerField(label=_("Figures from"), min_value=1900, max_value=LATEST_YEAR)
    data_to_year = forms.IntegerField(label=_("Figures to"), min_value=1900, max_value=LATEST_YEAR)
    plan = forms.TypedChoiceField(label=_("Action plan"), coerce=int, empty_value=None, required=False)
    plan_title = forms.CharField(
        label=_("Title of the new action plan"),
        max_length=200,
        required=False,
        help_text=_("Only if you have chosen a new one above."),
    )
    plan_ends_on = forms.DateField(label=_("The new action plan runs until"), required=False)
    planning_unit = forms.TypedChoiceField(label=_("Social planning unit"), coerce=int)
    planning_conference = forms.TypedChoiceField(label=_("Planning conference"), coerce=int)
    steering_group = forms.TypedChoiceField(label=_("Steering group"), coerce=int)
    social_space_conference = forms.TypedChoiceField(
        label=_("Social-space conference"), coerce=int, empty_value=None, required=False
    )
    template = forms.TypedChoiceField(
        label=_("Template for the dates"), coerce=int, empty_value=None, required=False
    )
    begins_on = forms.DateField(label=_("Cycle begins on"), required=False)
    carried_measures = forms.TypedMultipleChoiceField(
        label=_("Measures that have not begun, to go on with"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    carried_recommendations = forms.TypedMultipleChoiceField(
        label=_("Recommendations to decide on, or to shape measures from"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices = choices
        self._choose("plan", [("", _("A new action plan")), *((row.pk, row.title) for row in choices.plans)])
        units = [row for row in choices.organisations if row.kind == OrganisationKind.PLANNING_UNIT]
        self._choose("planning_unit", [(row.pk, row.name) for row in units or choices.organisations])
        self._choose_body("planning_conference", BodyKind.PLANNING_CONFERENCE)
        self._choose_body("steering_group", BodyKind.STEERING_GROUP)
        self._choose_body("social_space_conference", BodyKind.SOCIAL_SPACE_CONFERENCE, is_optional=True)
        self._choose(
            "template", [("", _("Usual lengths")), *((row.pk, row.name) for row in choices.templates)]
        )
        optional = [row for row in choices.measures if row not in choices.running]
        self._choose("carried_measures", [(row.pk, str(row)) for row in optional])
        self._choose("carried_recommendations", [(row.pk, str(row)) for row in choices.recommendations])
        for kind in StageKind:
            self.fields[f"stage_{kind}_from"] = forms.DateField(label=_("From"))
            self.fields[f"stage_{kind}_until"] = forms.DateField(label=_("Until"))
        by_domain = [
            (domain.name, [(row.pk, row.name) for row in rows])
            for domain, rows in groupby(choices.indicators, key=lambda row: row.domain)
        ]
        for organisation in choices.organisations:
            self.fields[supply_name(organisation)] = forms.TypedMultipleChoiceField(
                label=organisation.name,
                coerce=int,
                required=False,
                choices=by_domain,
                widget=forms.CheckboxSelectMultiple,
            )

    def _choose(self, name: str, choices: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def _choose_body(self, name: str, kind: BodyKind, *, is_optional: bool = False) -> None:
        bodies: list[tuple[Any, Any]] = [
            (row.pk, row.name) for row in self.choices.bodies if row.kind == kind
        ]
        self._choose(name, [("", _("none")), *bodies] if is_optional else bodies)

    # --- for the page ----------------------------------------------------------------------------

    @property
    def stage_rows(self) -> list[StageRow]:
        """Dates of the seven stages."""
        return [StageRow(kind, self[f"stage_{kind}_from"], self[f"stage_{kind}_until"]) for kind in StageKind]

    @property
    def supply_fields(self) -> list[SupplyField]:
        """Suppliers with their indicators, those already chosen first."""
        rows = []
        for organisation in self.choices.organisations:
            bound = self[supply_name(organisation)]
            rows.append(SupplyField(organisation, bound, len(bound.value() or [])))
        return sorted(rows, key=lambda row: row.count == 0)

    # --- checks ----------------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        """Years and stages in order; a new plan has title and end; somebody delivers something."""
        data = super().clean() or {}
        self._check_order("starts_year", "ends_year", _("The last year lies before the first."))
        self._check_order("data_from_year", "data_to_year", _("The last year lies before the first."))
        if data.get("plan") is None and "plan" not in self.errors:
            for name in ("plan_title", "plan_ends_on"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, _("Needed for a new action plan."))
        self._check_stages()
        if not any(data.get(supply_name(row)) for row in self.choices.organisations):
            self.add_error(None, _("Choose at least one supplier with at least one indicator."))
        return data

    def _check_order(self, first: str, last: str, message: Any) -> None:
        data = self.cleaned_data
        if data.get(first) and data.get(last) and data[last] < data[first]:
            self.add_error(last, message)

    def _check_stages(self) -> None:
        previous: datetime.date | None = None
        for kind in StageKind:
            first = self.cleaned_data.get(f"stage_{kind}_from")
            self._check_order(
                f"stage_{kind}_from", f"stage_{kind}_until", _("The last day lies before the first.")
            )
            if first and previous and first < previous:
                self.add_error(
                    f"stage_{kind}_from",
                    ValidationError(
                        _("Not before the stage before it begins, on %(day)s."),
                        params={"day": date_de(previous)},
                    ),
                )
            previous = first or previous

    # --- results ---------------------------------------------------------------------------------

    @property
    def stages(self) -> dict[int, tuple[datetime.date, datetime.date]]:
        """First and last day of each stage."""
        data = self.cleaned_data
        return {int(kind): (data[f"stage_{kind}_from"], data[f"stage_{kind}_until"]) for kind in StageKind}

    @property
    def indicators_by_supplier(self) -> list[tuple[Organisation, list[Indicator]]]:
        """Suppliers that were given at least one indicator."""
        by_pk = {row.pk: row for row in self.choices.indicators}
        found = [
            (row, [by_pk[pk] for pk in self.cleaned_data[supply_name(row)]])
            for row in self.choices.organisations
        ]
        return [(row, indicators) for row, indicators in found if indicators]

    def first_day(self) -> datetime.date:
        """The day typed for the beginning of the cycle; today for none, or one that makes no sense."""
        field = self.fields["begins_on"]
        typed = field.widget.value_from_datadict(self.data, self.files, self.add_prefix("begins_on"))
        today = timezone.localdate()
        try:
            day: datetime.date | None = field.clean(typed)
        except ValidationError:
            return today
        return day if day is not None and day.year <= LATEST_YEAR else today

    def entered(self) -> dict[str, Any]:
        """What was typed so far, to show the page again without judging it."""
        return {
            name: field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
            for name, field in self.fields.items()
        }


def supply_name(organisation: Organisation) -> str:
    """Name of the field with a supplier's indicators."""
    return f"supply_{organisation.pk}"


def date_fields(dates: Mapping[int, tuple[datetime.date, datetime.date]]) -> dict[str, datetime.date]:
    """Dates of stages as initial values of the form."""
    fields = {}
    for kind, (first, last) in dates.items():
        fields[f"stage_{kind}_from"] = first
        fields[f"stage_{kind}_until"] = last
    return fields


def first_values(choices: Choices) -> dict[str, Any]:
    """What the form begins with: the last cycle where there is one."""
    today = timezone.localdate()
    last = choices.predecessor
    year = max(today.year, last.ends_year + 1) if last else today.year
    template = choices.templates[0].pk if choices.templates else None
    initial: dict[str, Any] = {
        "title": gettext("Planning cycle %(first)s–%(last)s")
        % {"first": year, "last": year + USUAL_YEARS - 1},
        "starts_year": year,
        "ends_year": year + USUAL_YEARS - 1,
        "data_from_year": today.year - USUAL_DATA_YEARS,
        "data_to_year": today.year - 1,
        "template": template,
        "begins_on": today,
        "plan": choices.plans[0].pk if choices.plans else None,
        "carried_measures": [row.pk for row in choices.measures if row not in choices.running],
        "carried_recommendations": [row.pk for row in choices.recommendations],
        **date_fields(stage_dates(today, template_days(choices, template))),
    }
    if last is None:
        return initial
    for organisation in choices.organisations:
        initial[supply_name(organisation)] = list(choices.supplies.get(organisation.pk, ()))
    return initial | {
        "plan": last.plan_id,
        "planning_unit": last.planning_unit_id,
        "planning_conference": last.planning_conference_id,
        "steering_group": last.steering_group_id,
        "social_space_conference": last.social_space_conference_id,
    }
