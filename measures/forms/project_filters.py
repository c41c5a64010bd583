"""Filters of the lists of funded projects and their reports; an unknown value restricts nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from measures.forms.choices import offer
from measures.forms.filters import FilterForm
from measures.models import DutyKind, KeyFigure
from measures.project_columns import PROJECT_COLUMNS
from measures.selectors.project_lists import ProjectChoices, ProjectReportFilter
from measures.selectors.project_standing import OFFERED, WAITING_LABELS, Waiting
from measures.selectors.projects import ProjectFilter
from measures.status import LIGHT_LABELS, Light
from monitoring.models import Area
from project.common.keys import key_or_none
from stakeholders.models import Organisation


def _offer_houses(form: FilterForm, **choices: list[Organisation]) -> None:
    """Offer organisations by their names; what has one choice only is not asked for."""
    for name, rows in choices.items():
        offer(form, name, _("all"), [(row.pk, row.name) for row in rows])
        if len(rows) < 2 and not form.data.get(name):
            del form.fields[name]


class ProjectFilterForm(FilterForm):
    """Filter of the funded projects."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    programme = forms.ChoiceField(label=_("Programme"), required=False)
    funder = forms.ChoiceField(label=_("Funder"), required=False)
    provider = forms.ChoiceField(label=_("Provider"), required=False)
    territory = forms.ChoiceField(label=_("Territory"), required=False)
    area = forms.ChoiceField(label=_("Area"), required=False)
    figure = forms.ChoiceField(label=_("Key figure"), required=False)
    year = forms.ChoiceField(label=_("Year"), required=False)
    term = forms.ChoiceField(label=_("Term"), required=False)
    light = forms.ChoiceField(label=_("Traffic light"), required=False)
    report = forms.ChoiceField(label=_("Reports and drawdowns"), required=False)

    def __init__(
        self,
        *args: Any,
        choices: ProjectChoices,
        area: Area | None = None,
        figure: KeyFigure | None = None,
        **kwargs: Any,
    ) -> None:
        """Offer what there is; what has one choice only is not asked for."""
        super().__init__(*args, **kwargs)
        offer(self, "programme", _("all"), [(row.pk, row.title) for row in choices.programmes])
        _offer_houses(self, funder=choices.funders, territory=choices.territories, provider=choices.providers)
        offer(self, "area", _("all"), [(area.pk, area.name)] if area else [])
        if area is None:
            del self.fields["area"]
        offer(self, "figure", _("all"), [(figure.pk, figure.title)] if figure else [])
        if figure is None:
            del self.fields["figure"]
        offer(self, "year", _("all"), [(year, str(year)) for year in choices.years])
        terms = [("running", _("running")), ("upcoming", _("not yet begun")), ("ended", _("over"))]
        offer(self, "term", _("all"), terms)
        offer(self, "light", _("all"), [(light.value, LIGHT_LABELS[light]) for light in Light])
        offer(self, "report", _("all"), [(row.value, WAITING_LABELS[row]) for row in OFFERED])

    def wanted(self) -> ProjectFilter:
        """What was chosen."""
        return ProjectFilter(
            search=self.chosen("q").strip(),
            programme=key_or_none(self.chosen("programme")),
            funder=key_or_none(self.chosen("funder")),
            provider=key_or_none(self.chosen("provider")),
            territory=key_or_none(self.chosen("territory")),
            area=key_or_none(self.chosen("area")),
            figure=key_or_none(self.chosen("figure")),
            year=key_or_none(self.chosen("year")),
            term=self.chosen("term"),
            light=self.chosen("light"),
            report=self.chosen("report"),
        )


class ProjectReportFilterForm(FilterForm):
    """Filter of the reports of funded projects."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    waiting = forms.ChoiceField(label=_("State"), required=False)
    kind = forms.ChoiceField(label=_("Duty"), required=False)
    programme = forms.ChoiceField(label=_("Programme"), required=False)
    territory = forms.ChoiceField(label=_("Territory"), required=False)
    provider = forms.ChoiceField(label=_("Provider"), required=False)
    year = forms.ChoiceField(label=_("Due in the year"), required=False)

    def __init__(self, *args: Any, choices: ProjectChoices, years: Iterable[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "waiting", _("all"), [(row.value, WAITING_LABELS[row]) for row in Waiting])
        offer(self, "kind", _("all"), DutyKind.choices)
        offer(self, "programme", _("all"), [(row.pk, row.title) for row in choices.programmes])
        _offer_houses(self, territory=choices.territories, provider=choices.providers)
        offer(self, "year", _("all"), [(year, str(year)) for year in years])

    def wanted(self) -> ProjectReportFilter:
        """What was chosen."""
        return ProjectReportFilter(
            search=self.chosen("q").strip(),
            waiting=self.chosen("waiting"),
            kind=self.chosen("kind"),
            programme=key_or_none(self.chosen("programme")),
            territory=key_or_none(self.chosen("territory")),
            provider=key_or_none(self.chosen("provider")),
            year=key_or_none(self.chosen("year")),
        )


class ProjectColumnForm(forms.Form):
    """Which columns the list of projects shows."""

    hide_optional = True

    col = forms.MultipleChoiceField(
        label=_("Columns"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The name is always shown."),
        choices=[(column.key, column.label) for column in PROJECT_COLUMNS if column.key != "title"],
    )


class ParticipantFilterForm(FilterForm):
    """Of which programme and year participants are added up."""

    programme_of = forms.ChoiceField(label=_("Programme"), required=False)
    year_of = forms.ChoiceField(label=_("Year"), required=False)

    def __init__(self, *args: Any, choices: ProjectChoices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "programme_of", _("all"), [(row.pk, row.title) for row in choices.programmes])
        offer(self, "year_of", _("all"), [(year, str(year)) for year in choices.years])

    @property
    def programme(self) -> int | None:
        """Key of the programme that was chosen."""
        return key_or_none(self.chosen("programme_of"))

    @property
    def year(self) -> int | None:
        """The year that was chosen."""
        return key_or_none(self.chosen("year_of"))
