"""Bodies and seats."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from project.forms import GermanDecimalField
from stakeholders.forms.fields import OrganisationChoice, PersonChoice, TodayForm, offer
from stakeholders.models import Body, BodyKind, Organisation, Seat, User
from stakeholders.selectors import selectable_people, territory_organisations

_PERCENT = 100


class BodyForm(forms.Form):
    """Name and kind of a body, its quorum when it is founded."""

    territory = forms.ModelChoiceField(
        label=_("Territory"), queryset=Organisation.objects.none(), empty_label=None
    )
    name = forms.CharField(label=_("Name"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind"), choices=BodyKind.choices)
    quorum_percent = GermanDecimalField(
        label=_("Quorum"),
        unit="%",
        min_value=Decimal(0),
        max_value=Decimal(_PERCENT),
        decimal_places=0,
        help_text=_(
            "Share of the voting members who must take part before anything is decided. A simple majority is"
            " enough, a tie is a no; other rules are entered afterwards."
        ),
    )
    is_active = forms.BooleanField(
        label=_("Active"),
        required=False,
        help_text=_("A closed body is not offered for new cycles and takes no members. Its history stays."),
    )

    def __init__(
        self,
        *args: Any,
        territories: QuerySet[Organisation] | None = None,
        body: Body | None = None,
        **kwargs: Any,
    ) -> None:
        if body is None:
            kwargs["initial"] = {"quorum_percent": Decimal(50), **kwargs.get("initial", {})}
        else:
            kwargs["initial"] = {"name": body.name, "is_active": body.is_active}
        super().__init__(*args, **kwargs)
        if territories is None:
            del self.fields["territory"], self.fields["kind"], self.fields["quorum_percent"]
            return
        del self.fields["is_active"]
        field = self.fields["territory"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = territories
        if len(territories) == 1:
            field.initial = territories[0]
            field.widget = field.hidden_widget()

    @property
    def quorum_share(self) -> Decimal:
        """Quorum from 0 to 1."""
        return Decimal(self.cleaned_data["quorum_percent"]) / _PERCENT


class DayForm(forms.Form):
    """The day for which the page of a body is shown."""

    hide_optional = True

    on = forms.DateField(label=_("As of the day"), required=False)

    def day(self, today: datetime.date) -> datetime.date:
        """The day wanted; today where none was named or what was named is no day."""
        if self.is_bound and self.is_valid() and self.cleaned_data["on"]:
            wanted: datetime.date = self.cleaned_data["on"]
            return wanted
        return today


class SeatForm(TodayForm):
    """Somebody gets a seat in a body."""

    organisation = OrganisationChoice(
        label=_("Organisation"),
        queryset=Organisation.objects.none(),
        empty_label=_("Please choose"),
        help_text=_("For whom the person sits there."),
    )
    person = PersonChoice(label=_("Person"), queryset=User.objects.none(), empty_label=_("Please choose"))
    seat = forms.ChoiceField(label=_("Seat"), choices=Seat.choices, initial=Seat.VOTING)
    deputy = PersonChoice(
        label=_("Deputy"), queryset=User.objects.none(), required=False, empty_label=_("nobody yet")
    )
    starts_on = forms.DateField(
        label=_("First day"), help_text=_("The rights of the seat come with this day, for the deputy too.")
    )

    def __init__(self, *args: Any, body: Body, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(
            self,
            organisation=territory_organisations(body.territory, with_supraregional=True),
            person=selectable_people(body.territory),
            deputy=selectable_people(body.territory),
        )


class DeputyForm(forms.Form):
    """Who stands in for a seat."""

    deputy = PersonChoice(
        label=_("Deputy"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("nobody"),
        help_text=_("Gets the rights of the seat at once; whoever stood in before loses them."),
    )

    def __init__(self, *args: Any, people: QuerySet[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, deputy=people)
