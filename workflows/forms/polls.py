"""Forms of polls: opening one, voting, objecting, calling off."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from stakeholders.models import BodyMembership, RulesOfProcedure
from workflows.forms.conditions import ConditionRowsMixin
from workflows.forms.conference import choose_from
from workflows.forms.decisions import ResultForm
from workflows.models import RecommendationVersion, VoteChoice, VoteKind

#: What members read on the buttons.
CHOICES = (
    (VoteChoice.YES.value, _("Yes")),
    (VoteChoice.NO.value, _("No")),
    (VoteChoice.ABSTAIN.value, _("Abstention")),
    (VoteChoice.BIASED.value, _("I am biased and take no part")),
)
#: Offered as the last day for votes in circulation (days ahead).
USUAL_CIRCULATION = 14


class OpenPollForm(ConditionRowsMixin, ResultForm):
    """What is put to the vote, and how the members vote in the system."""

    kind = forms.ChoiceField(label=_("How do the members vote?"), widget=forms.RadioSelect)
    ends_on = forms.DateField(
        label=_("Last day for votes"),
        required=False,
        help_text=_("Needed in circulation. Until then every voting member votes or objects."),
    )
    wording = forms.CharField(
        label=_("Wording that is voted on"),
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("Change it where the body amends the proposal; both wordings are kept."),
    )

    field_order = ("kind", "meeting", "ends_on", "result", "postponed_until", "reason", "wording")

    def __init__(
        self,
        *args: Any,
        rules: RulesOfProcedure,
        version: RecommendationVersion,
        has_meeting: bool,
        **kwargs: Any,
    ) -> None:
        kinds = [VoteKind.NAMED] if has_meeting else []
        if has_meeting and rules.allows_secret:
            kinds.append(VoteKind.SECRET)
        if rules.allows_circulated:
            kinds.append(VoteKind.CIRCULATED)
        kwargs["initial"] = {
            "kind": kinds[0].value if kinds else "",
            "ends_on": timezone.localdate() + datetime.timedelta(days=USUAL_CIRCULATION),
            "wording": version.proposal,
            **kwargs.get("initial", {}),
        }
        super().__init__(*args, **kwargs)
        labels = {
            VoteKind.NAMED: _("In the meeting, by name"),
            VoteKind.SECRET: _("In the meeting, in secret"),
            VoteKind.CIRCULATED: _("In circulation until a day (circulated decision)"),
        }
        field = self.fields["kind"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(kind.value, labels[kind]) for kind in kinds]
        self.fields["result"].label = _("What is put to the vote?")
        self.fields["meeting"].required = False
        self.fields["meeting"].help_text = _("Needed in the meeting: it is held today.")

    def clean(self) -> dict[str, Any]:
        """A vote in the meeting names it, one in circulation its last day."""
        cleaned = super().clean()
        if cleaned.get("kind") == VoteKind.CIRCULATED:
            if "ends_on" not in self.errors and not cleaned.get("ends_on"):
                self.add_error("ends_on", ValidationError(_("Name the last day for votes."), code="missing"))
        elif cleaned.get("kind") and "meeting" not in self.errors and not cleaned.get("meeting"):
            self.add_error(
                "meeting",
                ValidationError(_("Choose the meeting in which it is voted."), code="missing"),
            )
        return cleaned


class VoteForm(forms.Form):
    """The vote of a seat."""

    choice = forms.ChoiceField(
        label=_("Your vote"),
        choices=CHOICES,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose yes, no or abstention.")},
    )

    @property
    def vote(self) -> VoteChoice:
        """What was chosen; of a valid form."""
        return VoteChoice(self.cleaned_data["choice"])


class ReasonForm(forms.Form):
    """Why a poll is called off, or not to be decided in circulation."""

    reason = forms.CharField(label=_("Why?"), widget=forms.Textarea({"rows": 3}), max_length=2000)


class ExcludeForm(forms.Form):
    """Whom the chair enters as biased."""

    seat = forms.TypedChoiceField(label=_("Who is biased?"), coerce=int)

    def __init__(self, *args: Any, seats: Iterable[BodyMembership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(
            self, "seat", _("– please choose –"), [(seat.pk, seat.organisation.label) for seat in seats]
        )
