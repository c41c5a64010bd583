"""Forms of decisions: result, votes, filter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from project.common.formats import date_de
from stakeholders.models import BodyMembership
from workflows.counting import Ballot, Tally
from workflows.forms.conditions import ConditionRowsMixin
from workflows.forms.conference import choose_from
from workflows.models import DecisionResult, Meeting, VoteChoice, VoteKind
from workflows.models.meetings import NAMELESS_KINDS
from workflows.selectors.decisions import DecisionFilter

#: What a voting member can have done.
VOTES = (
    *(VoteChoice.YES, VoteChoice.NO, VoteChoice.ABSTAIN, VoteChoice.PRESENT),
    *(VoteChoice.BIASED, VoteChoice.ABSENT),
)
#: Said of who took part where votes are counted without names.
_NAMED = (VoteChoice.YES, VoteChoice.NO, VoteChoice.ABSTAIN)
_NUMBERS = ("yes_count", "no_count", "abstain_count")

#: Who came for a seat.
BY_MEMBER, BY_DEPUTY = "member", "deputy"
#: Results as they are put to the vote.
RESULT_ACTS = [
    (DecisionResult.APPROVED.value, _("approve")),
    (DecisionResult.APPROVED_WITH_CONDITIONS.value, _("approve with conditions")),
    (DecisionResult.RETURNED.value, _("return to the conference")),
    (DecisionResult.REJECTED.value, _("reject")),
    (DecisionResult.POSTPONED.value, _("postpone")),
]


class MeetingField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Meetings by date and place."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{date_de(obj.held_on)}, {obj.place}" if obj.place else date_de(obj.held_on)


class ResultForm(forms.Form):
    """What was decided, and what the result must say."""

    #: What each result needs stands in the hints.
    hide_optional = True

    meeting = MeetingField(
        label=_("Meeting"), queryset=Meeting.objects.none(), empty_label=_("Please choose")
    )
    result = forms.ChoiceField(
        label=_("What was put to the vote?"),
        choices=RESULT_ACTS,
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Grounds"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_(
            "Needed for “return” and “reject”, and if it comes up before the day it was postponed to."
        ),
    )
    postponed_until = forms.DateField(
        label=_("Postponed until"), required=False, help_text=_("Needed for “postpone”.")
    )

    def __init__(self, *args: Any, meetings: QuerySet[Meeting], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        meeting = self.fields["meeting"]
        assert isinstance(meeting, forms.ModelChoiceField)
        meeting.queryset = meetings

    def clean(self) -> dict[str, Any]:
        """Each result says what it must say; errors stand at their fields."""
        cleaned = super().clean() or {}
        needed = {
            DecisionResult.RETURNED: ("reason", _("Say why; the conference will read it.")),
            DecisionResult.REJECTED: ("reason", _("Say why; the conference will read it.")),
            DecisionResult.POSTPONED: (
                "postponed_until",
                _("Name the day, after today, on which it comes up again."),
            ),
        }
        result = cleaned.get("result")
        if result in needed:
            name, message = needed[DecisionResult(result)]
            if name not in self.errors and not cleaned.get(name):
                self.add_error(name, ValidationError(message, code="missing"))
        return cleaned


def _number(label: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, required=False, min_value=0, max_value=999, widget=forms.NumberInput({"data-number": ""})
    )


class BallotsForm(forms.Form):
    """What happened at each seat, by name, or by count with numbers beside it."""

    hide_optional = True

    how = forms.ChoiceField(label=_("How was it voted?"), required=False, widget=forms.RadioSelect)
    yes_count = _number(_("Yes"))
    no_count = _number(_("No"))
    abstain_count = _number(_("Abstentions"))
    chair_yes = forms.BooleanField(
        label=_("The chair voted yes (decides a tie)"), required=False, widget=forms.CheckboxInput()
    )

    def __init__(
        self, *args: Any, seats: Sequence[BodyMembership], allows_secret: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        how = self.fields["how"]
        assert isinstance(how, forms.ChoiceField)
        how.choices = [
            (VoteKind.NAMED.value, _("by name: enter each vote")),
            (VoteKind.COUNT.value, _("by count: enter who took part, and the numbers")),
        ]
        if allows_secret:
            how.choices += [(VoteKind.SECRET.value, _("in secret, with ballot papers: enter the numbers"))]
        how.initial = VoteKind.NAMED.value
        self.voting_seats = [seat for seat in seats if seat.is_voting]
        self.advisory_seats = [seat for seat in seats if not seat.is_voting]
        for seat in self.voting_seats:
            self.fields[f"vote-{seat.pk}"] = forms.ChoiceField(
                label=_("Vote of %(member)s") % {"member": seat.organisation.label},
                choices=[("", _("– please choose –")), *[(choice.value, choice.label) for choice in VOTES]],
                error_messages={"required": _("Enter the vote or the absence.")},
                widget=forms.Select(
                    {
                        "data-vote": "",
                        "data-group": seat.organisation.kind,
                        "data-member": seat.organisation.label,
                        "aria-label": self._whose(seat),
                    }
                ),
            )
        for seat in self.advisory_seats:
            self.fields[f"heard-{seat.pk}"] = forms.BooleanField(
                label=_("%(member)s was heard") % {"member": seat.organisation.label},
                required=False,
                widget=forms.CheckboxInput({"data-heard": ""}),
            )
        for seat in seats:
            if seat.deputy is not None:
                self.fields[f"by-{seat.pk}"] = forms.ChoiceField(
                    label=_("Who came for %(member)s?") % {"member": seat.organisation.label},
                    choices=[
                        (BY_MEMBER, str(seat.user)),
                        (BY_DEPUTY, _("%(person)s (deputy)") % {"person": seat.deputy}),
                    ],
                    required=False,
                )

    @property
    def kind(self) -> VoteKind:
        """How it was voted; by name where nothing was chosen."""
        chosen = self["how"].value() or ""
        return VoteKind(chosen) if chosen in VoteKind.values else VoteKind.NAMED

    def clean(self) -> dict[str, Any]:
        """A vote by count needs its numbers."""
        cleaned = super().clean() or {}
        if cleaned.get("how") in NAMELESS_KINDS:
            for name in _NUMBERS:
                if name not in self.errors and cleaned.get(name) is None:
                    self.add_error(name, ValidationError(_("Enter the number, also a 0."), code="missing"))
        return cleaned

    def tally(self) -> Tally | None:
        """The numbers of a vote by count, as far as they are entered; None of a vote by name."""
        if self.kind not in NAMELESS_KINDS:
            return None
        texts = [str(self[name].value() or "0") for name in _NUMBERS]
        yes, no, abstain = (int(text) if text.isdecimal() else 0 for text in texts)
        is_chair_yes = self.kind == VoteKind.COUNT and bool(self["chair_yes"].value())
        return Tally(yes, no, abstain, chair_choice=VoteChoice.YES if is_chair_yes else None)

    @staticmethod
    def _whose(seat: BodyMembership) -> str:
        return str(_("Vote of %(member)s") % {"member": seat.organisation.label})

    def seat_rows(self, *, voting: bool) -> list[dict[str, Any]]:
        """Lines of the table of votes."""
        return [
            {
                "seat": seat,
                "field": self[f"vote-{seat.pk}" if voting else f"heard-{seat.pk}"],
                "by": self[f"by-{seat.pk}"] if f"by-{seat.pk}" in self.fields else None,
            }
            for seat in (self.voting_seats if voting else self.advisory_seats)
        ]

    @property
    def voting_rows(self) -> list[dict[str, Any]]:
        """Seats with a vote."""
        return self.seat_rows(voting=True)

    @property
    def advisory_rows(self) -> list[dict[str, Any]]:
        """Seats that are heard."""
        return self.seat_rows(voting=False)

    def ballots(self) -> list[Ballot]:
        """What was entered so far, also where the form has errors; empty votes are left out."""
        ballots = []
        for seat in self.voting_seats:
            choice = self[f"vote-{seat.pk}"].value() or ""
            if choice in {vote.value for vote in VOTES}:
                is_nameless = self.kind in NAMELESS_KINDS and choice in _NAMED
                kept = VoteChoice.PRESENT if is_nameless else VoteChoice(choice)
                ballots.append(Ballot(seat, kept, self._is_deputy(seat)))
        return ballots + [
            Ballot(seat, VoteChoice.HEARD, self._is_deputy(seat))
            for seat in self.advisory_seats
            if self[f"heard-{seat.pk}"].value()
        ]

    def filled_with_yes(self) -> dict[str, Any]:
        """What was entered so far, with a yes for every voting seat that is neither absent nor biased.

        Where it is voted by count they took part, no more.
        """
        filled = {name: self.data.get(self.add_prefix(name), "") for name in self.fields}
        out = {VoteChoice.ABSENT.value, VoteChoice.BIASED.value}
        for seat in self.voting_seats:
            name = f"vote-{seat.pk}"
            there = VoteChoice.PRESENT if self.kind in NAMELESS_KINDS else VoteChoice.YES
            filled[name] = filled[name] if filled[name] in out else there.value
        return filled

    def _is_deputy(self, seat: BodyMembership) -> bool:
        return seat.deputy_id is not None and self[f"by-{seat.pk}"].value() == BY_DEPUTY


class DecisionForm(ConditionRowsMixin, BallotsForm, ResultForm):
    """Result and the vote of each seat."""

    wording = forms.CharField(
        label=_("Wording that was decided"),
        required=False,
        widget=forms.Textarea({"rows": 4}),
        help_text=_("Change it where the body amended the proposal; both wordings are kept."),
    )


class BlockForm(BallotsForm):
    """Several items approved as recommended by one vote."""

    items = forms.TypedMultipleChoiceField(
        label=_("Decide these items as recommended"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least two items; decide a single one by itself.")},
        help_text=_("Take out what shall be talked about, or on which somebody is biased."),
    )

    def __init__(self, *args: Any, items: Iterable[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["items"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list(items)
        field.initial = [pk for pk, _title in field.choices]


class ReconsiderForm(forms.Form):
    """Why the steering group shall decide again, and on which wording."""

    SAME, NEW = "same", "new"
    hide_optional = True

    reason = forms.CharField(
        label=_("Why shall the steering group decide again?"),
        widget=forms.Textarea({"rows": 4}),
        max_length=2000,
        help_text=_("It stands on the page of the decision and of the recommendation."),
    )
    wording = forms.ChoiceField(
        label=_("On which wording?"),
        choices=[
            (SAME, _("On the same one: it is before the steering group at once")),
            (NEW, _("On a new one: its author and the conference come first")),
        ],
        widget=forms.RadioSelect,
    )

    @property
    def wants_new_wording(self) -> bool:
        """Whether the conference writes a new version first."""
        return bool(self.cleaned_data["wording"] == self.NEW)


class DecisionFilterForm(forms.Form):
    """Narrows the list of decisions."""

    hide_optional = True

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    result = forms.ChoiceField(
        label=_("Result"), required=False, choices=[("", _("All results")), *DecisionResult.choices]
    )
    year = forms.TypedChoiceField(label=_("Year"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, years: Iterable[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, "year", _("All years"), [(year, str(year)) for year in years])

    def wanted(self) -> DecisionFilter:
        """What was chosen; fields with errors count as not chosen."""
        self.is_valid()
        chosen = self.cleaned_data
        return DecisionFilter(
            result=chosen.get("result") or "", year=chosen.get("year"), search=chosen.get("q") or ""
        )
