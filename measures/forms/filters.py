"""Filters of the lists of measures, reports and projects; an unknown value restricts nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from measures.forms.choices import by_kind, offer
from measures.models import FieldOfAction, MeasureStatus, ReportingRound, RoundReportState, Stage
from measures.selectors.portfolio import MeasureFilter
from measures.selectors.projects import ProjectFilter
from measures.selectors.reports import OVERDUE, ReportFilter
from measures.status import STATE_LABELS, PortfolioState
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
    organisation = forms.ChoiceField(label=_("Responsible or partner"), required=False)
    area = forms.ChoiceField(label=_("Area"), required=False)
    status = forms.ChoiceField(label=_("Agreement and course"), required=False)

    def __init__(
        self,
        *args: Any,
        fields_of_action: Iterable[FieldOfAction],
        organisations: Iterable[Organisation],
        areas: Iterable[Area],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "state", _("all"), [(state.value, STATE_LABELS[state]) for state in PortfolioState])
        offer(self, "field", _("all"), [(row.pk, str(row)) for row in fields_of_action])
        offer(self, "stage", _("1 and 2"), Stage.choices)
        offer(self, "organisation", _("all"), by_kind(organisations))
        offer(self, "area", _("all"), [(row.pk, row.name) for row in areas])
        offer(self, "status", _("all"), MeasureStatus.choices)

    def wanted(self) -> MeasureFilter:
        """What was chosen."""
        return MeasureFilter(
            search=self.chosen("q").strip(),
            field=key_or_none(self.chosen("field")),
            stage=key_or_none(self.chosen("stage")),
            state=self.chosen("state"),
            status=self.chosen("status"),
            organisation=key_or_none(self.chosen("organisation")),
            area=key_or_none(self.chosen("area")),
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
        offer(self, "state", _("all"), [*RoundReportState.choices, (OVERDUE, _("overdue"))])
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


class ProjectFilterForm(FilterForm):
    """Filter of the funded projects."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    programme = forms.ChoiceField(label=_("Programme"), required=False)
    term = forms.ChoiceField(label=_("Term"), required=False)

    def __init__(self, *args: Any, programmes: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "programme", _("all"), [(name, name) for name in programmes])
        terms = [("running", _("running")), ("upcoming", _("not yet begun")), ("ended", _("over"))]
        offer(self, "term", _("all"), terms)

    def wanted(self) -> ProjectFilter:
        """What was chosen."""
        return ProjectFilter(
            search=self.chosen("q").strip(),
            programme=self.chosen("programme"),
            term=self.chosen("term"),
        )
