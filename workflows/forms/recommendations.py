"""Forms of recommendations: wording with evidence, adoption, filter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from measures.models import FieldOfAction
from monitoring.models import Area, Indicator
from project.common.keys import key_or_none
from project.forms import needed_if
from stakeholders.models import Organisation
from workflows.forms.conference import choose_from, grouped_by_kind
from workflows.models import (
    PlanningCycle,
    RecommendationState,
    RecommendationVersion,
    Statement,
)
from workflows.selectors.conference import cycle_indicators, invitable, statements_of
from workflows.selectors.recommendations import RecommendationFilter
from workflows.services.recommendations import DRAFT_GAPS, Wording

#: Fields with several values, as they come from a form.
_MANY = ("areas", "indicators", "statements")


class WordingForm(forms.Form):
    """The text of a recommendation and what it rests on."""

    title = forms.CharField(
        label=_("Title"), max_length=200, help_text=_("What shall happen where, in one line.")
    )
    areas = forms.ModelMultipleChoiceField(
        label=_("Areas"),
        queryset=Area.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The evidence below follows this choice."),
    )
    finding = forms.CharField(
        label=_("Finding"),
        widget=forms.Textarea({"rows": 5}),
        help_text=_("What do the figures and the experts say?"),
    )
    aim = forms.CharField(
        label=_("Aim"),
        widget=forms.Textarea({"rows": 4}),
        help_text=_("What shall be different afterwards, and for whom?"),
    )
    proposal = forms.CharField(
        label=_("Proposal"),
        widget=forms.Textarea({"rows": 5}),
        help_text=_(
            "What shall the steering group decide? Write it so that it can be voted on as it stands."
        ),
    )
    addressee = forms.ModelChoiceField(
        label=_("Addressee"),
        queryset=Organisation.objects.none(),
        empty_label=_("Please choose"),
        help_text=_("Who is to act after the decision?"),
    )
    cost = forms.CharField(
        label=_("Cost and consequences"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Rough cost a year, who bears it, and what happens without the decision."),
    )
    field = forms.ModelChoiceField(
        label=_("Field of action"),
        queryset=FieldOfAction.objects.none(),
        required=False,
        empty_label=_("not yet assigned"),
    )
    indicators = forms.ModelMultipleChoiceField(
        label=_("Indicators as evidence"), queryset=Indicator.objects.none(), required=False
    )
    statements = forms.ModelMultipleChoiceField(
        label=_("Statements as evidence"), queryset=Statement.objects.none(), required=False
    )

    def __init__(
        self, *args: Any, cycle: PlanningCycle, origin: PlanningCycle | None = None, **kwargs: Any
    ) -> None:
        """Offer what belongs to the cycle; a carried-over recommendation keeps the evidence of its origin."""
        super().__init__(*args, **kwargs)
        origin = origin or cycle
        chosen: dict[str, Any] = {
            "areas": Area.objects.filter(
                profiles__cycle=origin, profiles__released_at__isnull=False
            ).order_by("name"),
            "addressee": invitable(cycle),
            "field": FieldOfAction.objects.filter(plan__in=[cycle.plan_id, origin.plan_id]),
            "indicators": cycle_indicators(origin),
            "statements": statements_of(origin),
        }
        for name, queryset in chosen.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = queryset
        addressee = self.fields["addressee"]
        assert isinstance(addressee, forms.ModelChoiceField)
        groups = [
            (kind, [(row.pk, row.name) for row in rows]) for kind, rows in _by_kind(chosen["addressee"])
        ]
        addressee.choices = [("", _("Please choose")), *groups]

    @property
    def wording(self) -> Wording:
        """The content of a version."""
        cleaned = self.cleaned_data
        return Wording(
            title=cleaned["title"],
            finding=cleaned["finding"],
            aim=cleaned["aim"],
            proposal=cleaned["proposal"],
            cost=cleaned["cost"],
            addressee=cleaned["addressee"],
            field=cleaned["field"],
            areas=list(cleaned["areas"]),
            indicators=list(cleaned["indicators"]),
            statements=list(cleaned["statements"]),
        )

    def chosen(self, name: str) -> set[int]:
        """Keys ticked in one of the lists, whether the form was sent or is shown for the first time."""
        values = self[name].value() or []
        keys = (key_or_none(str(getattr(value, "pk", value))) for value in values)
        return {key for key in keys if key is not None}


def _by_kind(organisations: Iterable[Organisation]) -> list[tuple[str, list[Organisation]]]:
    rows = {row.pk: row for row in organisations}
    return [(kind, [rows[pk] for pk, _label in choices]) for kind, choices in grouped_by_kind(rows.values())]


def initial_of(version: RecommendationVersion) -> dict[str, Any]:
    """A version as initial values of ``WordingForm``."""
    texts = {name: getattr(version, name) for name in ("title", "finding", "aim", "proposal", "cost")}
    many = {name: list(getattr(version, name).values_list("pk", flat=True)) for name in _MANY}
    return {**texts, **many, "addressee": version.addressee_id, "field": version.field_id}


def initial_from_query(data: QueryDict) -> dict[str, Any]:
    """What was typed so far, as initial values: the page is shown again without judging it."""
    names = WordingForm.base_fields
    return {
        name: data.getlist(name) if name in _MANY else data.get(name, "") for name in names if name in data
    }


class DraftForm(WordingForm):
    """Wording on its task page: a draft may have gaps; withdrawing asks for the reason and to be sure."""

    withdraw_reason = forms.CharField(
        label=_("Why is it withdrawn?"), required=False, widget=forms.Textarea({"rows": 2}), max_length=2000
    )
    withdraw_sure = forms.BooleanField(label=_("Yes, withdraw this recommendation for good"), required=False)

    def __init__(
        self, *args: Any, is_draft: bool = False, is_withdrawal: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if is_withdrawal:
                field.required = name in {"withdraw_sure", "withdraw_reason"}
            elif is_draft and name in DRAFT_GAPS:
                field.required = False


class WithdrawForm(forms.Form):
    """Why a recommendation is withdrawn."""

    reason = forms.CharField(
        label=_("Why is it withdrawn?"),
        widget=forms.Textarea({"rows": 3}),
        max_length=2000,
        help_text=_("It stands on the page of the recommendation."),
    )


class AdoptionForm(forms.Form):
    """The conference's judgement on a draft."""

    ADOPT, SEND_BACK = "adopt", "back"
    hide_optional = True

    outcome = forms.ChoiceField(
        label=_("What did the conference decide?"),
        choices=[
            (ADOPT, _("Adopt it and submit it to the steering group")),
            (SEND_BACK, _("Give it back to be changed")),
        ],
        widget=forms.RadioSelect,
    )
    reason = needed_if(
        forms.CharField(
            label=_("What has to be changed?"),
            required=False,
            widget=forms.Textarea({"rows": 4}),
            help_text=_("Needed if you give it back; it will stand beside the text while it is changed."),
        ),
        _("only needed for a return"),
    )

    def clean(self) -> dict[str, Any]:
        """A return needs its reason."""
        cleaned = super().clean() or {}
        if cleaned.get("outcome") == self.SEND_BACK and not cleaned.get("reason", "").strip():
            self.add_error("reason", ValidationError(_("Say what has to be changed."), code="reason_missing"))
        return cleaned


class RecommendationFilterForm(forms.Form):
    """Narrows the list of recommendations."""

    hide_optional = True

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *RecommendationState.choices]
    )
    area = forms.TypedChoiceField(label=_("Area"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, areas: Iterable[Area], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, "area", _("All areas"), [(row.pk, row.name) for row in areas])

    def wanted(self) -> RecommendationFilter:
        """What was chosen; fields with errors count as not chosen."""
        self.is_valid()
        chosen = self.cleaned_data
        return RecommendationFilter(
            state=chosen.get("state") or "", area_pk=chosen.get("area"), search=chosen.get("q") or ""
        )
