"""Forms of the evaluation: answers, judgement, what was decided, and the collection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from measures.forms.choices import offer
from measures.forms.filters import FilterForm
from project.common.keys import key_or_none
from workflows.models import EvaluationOutcome
from workflows.selectors.collection import CollectionFilter
from workflows.selectors.evaluations import ItemLine
from workflows.selectors.implementation import EvaluationFilter
from workflows.services.evaluations import Answers

_LONG_TEXT = 5000
_MOST_PEOPLE = 10_000_000
_OUTCOMES = [
    (EvaluationOutcome.CONTINUE.value, _("continue as agreed")),
    (EvaluationOutcome.CHANGE.value, _("change: it is shaped and agreed anew in the next cycle")),
    (EvaluationOutcome.END.value, _("end")),
    (EvaluationOutcome.PERMANENT.value, _("make permanent: it becomes a standing task")),
]


def _text(label: Any, help_text: Any = "", rows: int = 3, **kwargs: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=help_text,
        max_length=_LONG_TEXT,
        widget=forms.Textarea({"rows": rows}),
        **kwargs,
    )


class AnswerForm(forms.Form):
    """What those responsible say of their measure."""

    reach = _text(_("Whom did it reach?"), _("Who came, who did not, and whom was it meant for?"))
    reached_count = forms.IntegerField(
        label=_("People reached"), required=False, min_value=0, max_value=_MOST_PEOPLE
    )
    target_count = forms.IntegerField(
        label=_("People in the target group"),
        required=False,
        min_value=0,
        max_value=_MOST_PEOPLE,
        help_text=_("Leave both empty if nobody knows; empty is not zero."),
    )
    course = _text(_("Was it done as planned? What hindered?"))
    effect = _text(_("Effect seen"), _("What changed for the people it was meant for, and how do you know?"))
    lesson = _text(_("What was learned"), _("What should others know who plan something like it?"))
    recommendation = forms.ChoiceField(
        label=_("What do you recommend?"), choices=_OUTCOMES, widget=forms.RadioSelect
    )

    @property
    def answers(self) -> Answers:
        """What was filled in."""
        values = {**self.cleaned_data}
        values["recommendation"] = EvaluationOutcome(values["recommendation"])
        return Answers(**values)


class EvaluateForm(forms.Form):
    """Planning's judgement on a measure, beside the answers of those responsible."""

    agrees = forms.ChoiceField(
        label=_("Do you agree with the answers?"),
        choices=[("yes", _("yes")), ("no", _("no, or not with all of them"))],
        widget=forms.RadioSelect,
    )
    outcome = forms.ChoiceField(
        label=_("What shall become of the measure?"), choices=_OUTCOMES, widget=forms.RadioSelect
    )
    reason = _text(
        _("Reason of the judgement"),
        _("Needed if you judge otherwise than those responsible."),
        required=False,
    )
    effect = _text(
        _("Effect seen"),
        _("Was it done as planned, and did anything change for the people it was meant for?"),
        rows=5,
    )
    lesson = _text(_("What was learned"), rows=4, required=False)

    def __init__(self, *args: Any, has_answers: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_answers:
            del self.fields["agrees"]


class OutcomesForm(forms.Form):
    """What the steering group decided on each measure of a request whose wording it changed."""

    OUT = "out"

    def __init__(self, *args: Any, lines: Sequence[ItemLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [*EvaluationOutcome.choices, (self.OUT, _("taken out: goes on as agreed"))]
        self.lines = lines
        for line in lines:
            self.fields[self.name_of(line)] = forms.ChoiceField(
                label=str(line.measure), choices=choices, initial=line.evaluation.outcome
            )

    @staticmethod
    def name_of(line: ItemLine) -> str:
        """Name of the field of a measure."""
        return f"outcome_{line.evaluation.pk}"

    @property
    def outcomes(self) -> dict[int, str]:
        """Key of the evaluation -> outcome; empty where it was taken out."""
        chosen = {line.evaluation.pk: self.cleaned_data[self.name_of(line)] for line in self.lines}
        return {pk: "" if value == self.OUT else value for pk, value in chosen.items()}


class CollectionFilterForm(FilterForm):
    """Filter of the collection of what works."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    outcome = forms.ChoiceField(label=_("Outcome"), required=False)
    field = forms.ChoiceField(label=_("Field of action"), required=False)
    area = forms.ChoiceField(label=_("Area"), required=False)
    target_group = forms.ChoiceField(label=_("Target group"), required=False)

    def __init__(
        self,
        *args: Any,
        fields_of_action: Sequence[tuple[int, str]],
        areas: Sequence[tuple[int, str]],
        target_groups: Sequence[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "outcome", _("all"), EvaluationOutcome.choices)
        offer(self, "field", _("all"), fields_of_action)
        offer(self, "area", _("all"), areas)
        offer(self, "target_group", _("all"), [(text, text) for text in target_groups])

    def wanted(self) -> CollectionFilter:
        """What was chosen."""
        return CollectionFilter(
            search=self.chosen("q").strip(),
            outcome=self.chosen("outcome"),
            field=key_or_none(self.chosen("field")),
            area=key_or_none(self.chosen("area")),
            target_group=self.chosen("target_group"),
        )


class EvaluationFilterForm(FilterForm):
    """Filter of the evaluations of a cycle."""

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    outcome = forms.ChoiceField(label=_("Outcome"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "outcome", _("all"), [("open", _("not yet evaluated")), *EvaluationOutcome.choices])

    def wanted(self) -> EvaluationFilter:
        """What was chosen."""
        return EvaluationFilter(search=self.chosen("q").strip(), outcome=self.chosen("outcome"))
