"""Forms of recommendations: wording with evidence, adoption, filter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import QueryDict
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from measures.models import FieldOfAction
from monitoring.models import Area, Indicator
from project.common.keys import key_or_none
from project.forms import GermanDecimalField, needed_if
from stakeholders.models import Organisation
from workflows.forms.conference import choose_from, grouped_by_kind
from workflows.models import (
    CostKind,
    PlanningCycle,
    RecommendationState,
    RecommendationVersion,
    Statement,
    Urgency,
)
from workflows.models.recommendations import URGENCY_MEANINGS, cost_errors
from workflows.selectors.conference import cycle_indicators, evidence_areas, invitable, statements_of
from workflows.selectors.recommendations import RecommendationFilter
from workflows.services.recommendations import DRAFT_GAPS, PLAIN_GAPS, TEXTS, VALUES, Wording

#: Fields with several values, as they come from a form, and what a version calls them.
_MANY = {
    "areas": "areas",
    "indicators": "indicators",
    "statements": "statements",
    # Not "fields": that is what a form calls its own.
    "fields_of_action": "fields",
}
_TEXT_LENGTH = 10_000


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
    need = forms.CharField(
        label=_("Need"),
        max_length=_TEXT_LENGTH,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Who lacks what, and for how many people does it matter?"),
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
    alternatives = forms.CharField(
        label=_("What else was considered"),
        required=False,
        max_length=_TEXT_LENGTH,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Other ways, and why the conference prefers this one."),
    )
    urgency = forms.ChoiceField(
        label=_("How urgent is it?"),
        choices=[
            (value, format_lazy("{} – {}", label, URGENCY_MEANINGS[value]))
            for value, label in Urgency.choices
        ],
        widget=forms.RadioSelect,
    )
    cost_kind = forms.ChoiceField(
        label=_("Rough cost"), choices=CostKind.choices, required=False, initial=CostKind.UNKNOWN
    )
    cost_from = needed_if(
        GermanDecimalField(
            label=_("From (euros)"), required=False, min_value=0, max_digits=12, decimal_places=2
        ),
        _("one of the two if it costs something"),
    )
    cost_to = needed_if(
        GermanDecimalField(
            label=_("Up to (euros)"), required=False, min_value=0, max_digits=12, decimal_places=2
        ),
        _("one of the two if it costs something"),
    )
    cost = forms.CharField(
        label=_("Cost and consequences"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("Who bears the cost, what it was estimated from, what happens without the decision."),
    )
    fields_of_action = forms.ModelMultipleChoiceField(
        label=_("Fields of action"),
        queryset=FieldOfAction.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    file_reference = forms.CharField(label=_("File reference"), required=False, max_length=100)
    indicators = forms.ModelMultipleChoiceField(
        label=_("Indicators as evidence"), queryset=Indicator.objects.none(), required=False
    )
    statements = forms.ModelMultipleChoiceField(
        label=_("Statements as evidence"), queryset=Statement.objects.none(), required=False
    )

    def __init__(
        self,
        *args: Any,
        cycle: PlanningCycle,
        origin: PlanningCycle | None = None,
        version: RecommendationVersion | None = None,
        **kwargs: Any,
    ) -> None:
        """Offer what belongs to the cycle; a carried-over recommendation keeps the evidence of its origin.

        What a version holds already stays: it may come from cycles before, by merging.
        """
        super().__init__(*args, **kwargs)
        origin = origin or cycle
        self.held: dict[str, list[int]] = {
            field: list(getattr(version, name).values_list("pk", flat=True)) if version is not None else []
            for field, name in _MANY.items()
        }
        plans = Q(plan__in=[cycle.plan_id, origin.plan_id])
        chosen: dict[str, Any] = {
            "areas": evidence_areas(origin, also=self.held["areas"]),
            "addressee": invitable(cycle),
            "fields_of_action": FieldOfAction.objects.filter(plans | Q(pk__in=self.held["fields_of_action"])),
            "indicators": cycle_indicators(origin, also=self.held["indicators"]),
            "statements": statements_of(origin, also=self.held["statements"]),
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

    def clean(self) -> dict[str, Any]:
        """Amounts and the kind of cost belong together."""
        cleaned = super().clean() or {}
        kind = cleaned["cost_kind"] = cleaned.get("cost_kind") or CostKind.UNKNOWN
        if not self.errors.keys() & {"cost_from", "cost_to"}:
            for name, error in cost_errors(kind, cleaned.get("cost_from"), cleaned.get("cost_to")).items():
                self.add_error(name, str(error))
        return cleaned

    @property
    def wording(self) -> Wording:
        """The content of a version."""
        cleaned = self.cleaned_data
        plain: dict[str, Any] = {name: cleaned[name] for name in (*TEXTS, *VALUES)}
        many: dict[str, Any] = {name: list(cleaned[field]) for field, name in _MANY.items()}
        return Wording(addressee=cleaned["addressee"], **plain, **many)

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
    plain = {name: getattr(version, name) for name in (*TEXTS, *VALUES)}
    many = {field: list(getattr(version, name).values_list("pk", flat=True)) for field, name in _MANY.items()}
    return {**plain, **many, "addressee": version.addressee_id}


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
        self,
        *args: Any,
        is_draft: bool = False,
        is_withdrawal: bool = False,
        is_request: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if is_withdrawal:
                field.required = name in {"withdraw_sure", "withdraw_reason"}
            elif (is_draft and name in DRAFT_GAPS) or ((is_draft or is_request) and name in PLAIN_GAPS):
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
    urgency = forms.ChoiceField(
        label=_("Urgency"), required=False, choices=[("", _("Any urgency")), *Urgency.choices]
    )

    def __init__(self, *args: Any, areas: Iterable[Area], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, "area", _("All areas"), [(row.pk, row.name) for row in areas])

    def wanted(self) -> RecommendationFilter:
        """What was chosen; fields with errors count as not chosen."""
        self.is_valid()
        chosen = self.cleaned_data
        return RecommendationFilter(
            state=chosen.get("state") or "",
            area_pk=chosen.get("area"),
            urgency=chosen.get("urgency") or "",
            search=chosen.get("q") or "",
        )
