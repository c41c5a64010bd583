"""What the forms of the administration share: choices of people and organisations, days."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from stakeholders.models import Organisation


class OrganisationChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Organisations by name; ``with_territory`` tells namesakes of several territories apart."""

    with_territory = False

    def label_from_instance(self, obj: Any) -> str:
        if self.with_territory and obj.territory and not obj.is_territory:
            return f"{obj.name} ({obj.territory.label})"
        return str(obj.name)


class PersonChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """People with what they do, for namesakes and substitutes."""

    def label_from_instance(self, obj: Any) -> str:
        places = list(dict.fromkeys(row.organisation.label for row in obj.current_functions))
        return f"{obj} ({', '.join(places)})" if places else str(obj)


class TodayForm(forms.Form):
    """A form whose day is today unless said otherwise."""

    day_field = "starts_on"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {self.day_field: timezone.localdate(), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)


def offer(form: forms.Form, **choices: QuerySet[Any]) -> None:
    """Set what fields offer."""
    for name, queryset in choices.items():
        field = form.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = queryset


def offer_territories(form: forms.Form, territories: QuerySet[Organisation]) -> None:
    """Offer the choice of a territory only to who has several."""
    if len(territories) > 1:
        field = form.fields["territory"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = territories
    else:
        del form.fields["territory"]
