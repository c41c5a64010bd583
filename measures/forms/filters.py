"""Filters of the lists of measures and reports; an unknown value restricts nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from measures.forms.choices import by_kind, offer
from measures.models import (
    FieldOfAction,
    FigureLevel,
    Goal,
    MeasureStatus,
    ReportingRound,
    RoundReportState,
    Stage,
)
from measures.selectors.listing import FUNDED, NO_AREA, NOT_FUNDED, OVERDUE, REACHED_ALL, MeasureFilter
from measures.selectors.reports import OVERDUE as REPORT_OVERDUE
from measures.selectors.reports import ReportFilter
from measures.selectors.sheet import SheetFilter
from measures.status import LIGHT_LABELS, STATE_LABELS, Light, PortfolioState
from monitoring.models import Area
from project.common.formats import date_de
from project.common.keys import key_or_none
from stakeholders.models import Organisation


class FilterForm(forms.Form):
    """All fields are optional; what does not fit is as if it were not there."""

    hide_optional = True

    def chosen(self, name: str) -> Any:
        """Cleaned value of a field, or nothing."""
        self.full_clean()
        return self.cleaned_data.get(name) or ""


class MeasureFilterForm(FilterForm):
    """Filter of the measures of a plan."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    state = forms.ChoiceField(label=_("State"), required=False)
    field = forms.ChoiceField(label=_("Field of action"), required=False)
    stage = forms.ChoiceField(label=_("Planning stage"), required=False)
    status = forms.ChoiceField(label=_("Agreement and course"), required=False)
    responsible = forms.ChoiceField(label=_("Responsible"), required=False)
    organisation = forms.ChoiceField(label=_("Responsible or partner"), required=False)
    area = forms.ChoiceField(label=_("Area"), required=False)
    goal = forms.ChoiceField(label=_("Goal"), required=False)
    milestone = forms.ChoiceField(label=_("Milestones"), required=False)
    funding = forms.ChoiceField(label=_("Funding"), required=False)

    def __init__(
        self,
        *args: Any,
        fields_of_action: Iterable[FieldOfAction],
        organisations: Iterable[Organisation],
        areas: Iterable[Area],
        goals: Iterable[Goal],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        houses = by_kind(organisations)
        offer(self, "state", _("all"), [(state.value, STATE_LABELS[state]) for state in PortfolioState])
        offer(self, "field", _("all"), [(row.pk, str(row)) for row in fields_of_action])
        offer(self, "stage", _("1 and 2"), Stage.choices)
        offer(self, "status", _("all"), MeasureStatus.choices)
        offer(self, "responsible", _("all"), houses)
        offer(self, "organisation", _("all"), houses)
        places = [(row.pk, row.name) for row in areas]
        offer(self, "area", _("all"), [(NO_AREA, _("in the whole territory")), *places])
        offer(self, "goal", _("all"), [(row.pk, f"{row.number} {row.title}") for row in goals])
        offer(self, "milestone", _("all"), [(OVERDUE, _("overdue")), (REACHED_ALL, _("all reached"))])
        offer(self, "funding", _("all"), [(FUNDED, _("with funding")), (NOT_FUNDED, _("without funding"))])

    def wanted(self) -> MeasureFilter:
        """What was chosen."""
        return MeasureFilter(
            search=self.chosen("q").strip(),
            field=key_or_none(self.chosen("field")),
            stage=key_or_none(self.chosen("stage")),
            state=self.chosen("state"),
            status=self.chosen("status"),
            responsible=key_or_none(self.chosen("responsible")),
            organisation=key_or_none(self.chosen("organisation")),
            area=self.chosen("area"),
            goal=key_or_none(self.chosen("goal")),
            milestone=self.chosen("milestone"),
            funding=self.chosen("funding"),
        )


class SheetFilterForm(FilterForm):
    """Filter of the key figures of a plan."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    light = forms.ChoiceField(label=_("Traffic light"), required=False)
    level = forms.ChoiceField(label=_("Level"), required=False)
    field = forms.ChoiceField(label=_("Field of action"), required=False)
    responsible = forms.ChoiceField(label=_("Responsible"), required=False)

    def __init__(
        self,
        *args: Any,
        fields_of_action: Iterable[FieldOfAction],
        organisations: Iterable[Organisation],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "light", _("all"), [(light.value, LIGHT_LABELS[light]) for light in Light])
        offer(self, "level", _("all"), FigureLevel.choices)
        offer(self, "field", _("all"), [(row.pk, str(row)) for row in fields_of_action])
        offer(self, "responsible", _("all"), by_kind(organisations))

    def wanted(self) -> SheetFilter:
        """What was chosen."""
        return SheetFilter(
            search=self.chosen("q").strip(),
            field=key_or_none(self.chosen("field")),
            light=self.chosen("light"),
            level=self.chosen("level"),
            responsible=key_or_none(self.chosen("responsible")),
        )


class OwnFilterForm(FilterForm):
    """Filter of the measures in which the person's organisations take part."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    state = forms.ChoiceField(label=_("State"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "state", _("all"), [(state.value, STATE_LABELS[state]) for state in PortfolioState])

    def wanted(self) -> MeasureFilter:
        """What was chosen."""
        return MeasureFilter(search=self.chosen("q").strip(), state=self.chosen("state"))


class ReportFilterForm(FilterForm):
    """Filter of the reports of a plan."""

    q = forms.CharField(label=_("Organisation"), required=False, max_length=100)
    state = forms.ChoiceField(label=_("State"), required=False)
    round = forms.ChoiceField(label=_("Figures as of"), required=False)

    def __init__(
        self, *args: Any, rounds: Iterable[ReportingRound], only: ReportingRound | None = None, **kwargs: Any
    ) -> None:
        """Offer the rounds of a plan; with ``only`` one the filter stays within it."""
        super().__init__(*args, **kwargs)
        self.only = only
        offer(self, "state", _("all"), [*RoundReportState.choices, (REPORT_OVERDUE, _("overdue"))])
        offer(self, "round", _("all"), [(row.pk, date_de(row.reference_on)) for row in rounds])
        if only is not None:
            del self.fields["round"]

    def wanted(self) -> ReportFilter:
        """What was chosen."""
        return ReportFilter(
            search=self.chosen("q").strip(),
            state=self.chosen("state"),
            round=self.only.pk if self.only else key_or_none(self.chosen("round")),
        )


class ProgrammeFilterForm(FilterForm):
    """Search among the funding programmes."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)

    def wanted(self) -> str:
        """What was typed."""
        return str(self.chosen("q")).strip()
