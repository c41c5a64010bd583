"""What the parts of a measure's form are made of."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.db.models import Q
from django.forms import BaseFormSet, formset_factory
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from measures.euros import NoAmount, parse_euros
from measures.models import ActionPlan, Measure
from monitoring.models import Area
from project.common.formats import decimal_de
from project.common.keys import key_or_none
from project.forms import GermanDecimalField
from stakeholders.models import Organisation

#: Most rows a formset takes; more is no human entry.
MOST_ROWS: Final = 40
#: Years in which something that is funded today can begin, end or be due.
_SENSIBLE_YEARS: Final = range(1990, 2101)


class SketchForm(forms.Form):
    """A form that can be shown with what was typed so far, without judging it."""

    is_sketch = False

    def __init__(self, *args: Any, is_sketch: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_sketch = is_sketch

    def full_clean(self) -> None:
        if self.is_sketch:
            self._errors = ErrorDict()
            self.cleaned_data = {}
            return
        super().full_clean()


class EuroField(GermanDecimalField):
    """An amount of money, typed in German or English form."""

    def __init__(self, *, is_above_zero: bool = False, max_digits: int = 12, **kwargs: Any) -> None:
        least = Decimal("0.01") if is_above_zero else Decimal(0)
        super().__init__(unit="€", max_digits=max_digits, decimal_places=2, min_value=least, **kwargs)
        self.error_messages["min_value"] = (
            _("An amount has to be above zero.") if is_above_zero else _("An amount cannot be below zero.")
        )

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip() not in self.empty_values:
            try:
                value = parse_euros(value)
            except NoAmount as error:
                raise forms.ValidationError(str(error), code="invalid") from error
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        return decimal_de(value, 2) if isinstance(value, Decimal) else value


class LongTextField(forms.CharField):
    """A text of several lines; what is too long is refused with its length, never cut while it is pasted."""

    widget = forms.Textarea

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        # A browser silently cuts what is pasted at ``maxlength``.
        return {}


def sensible_day(day: datetime.date) -> None:
    """Refuse a day of another age: the year was mistyped, such as 0026 or 2206."""
    if day.year not in _SENSIBLE_YEARS:
        text = _("The day lies before 1990 or after 2100. Please check the year.")
        raise forms.ValidationError(text, code="date_far")


class RowFormSet(BaseFormSet):  # type: ignore[type-arg]
    """Rows that belong to a measure; one can be taken away."""

    remove_label: Any = _("Remove this row")

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        if "DELETE" in form.fields:
            form.fields["DELETE"].label = self.remove_label

    @property
    def kept_forms(self) -> list[Any]:
        """Forms of rows that were filled in and not taken away."""
        return [form for form in self.forms if form.cleaned_data and not form.cleaned_data.get("DELETE")]

    @property
    def kept(self) -> list[dict[str, Any]]:
        """What those rows say, without the box to take them away."""
        return [
            {name: value for name, value in form.cleaned_data.items() if name != "DELETE"}
            for form in self.kept_forms
        ]


def rows_formset(
    row_class: type[SketchForm],
    data: QueryDict | None,
    prefix: str,
    initial: list[dict[str, Any]],
    *,
    extra: int,
    can_remove: bool,
    is_sketch: bool,
    formset: type[RowFormSet] = RowFormSet,
    most: int = MOST_ROWS,
    **form_kwargs: Any,
) -> Any:
    """Rows of a form: those that are stored, and empty ones.

    Args:
        row_class: Form of a row.
        data: What was sent; None to show them for the first time.
        prefix: Prefix of the fields.
        initial: Stored rows.
        extra: Number of empty rows.
        can_remove: Whether a row has a box to take it away.
        is_sketch: Whether what was sent is shown without judging it.
        formset: Kind of formset.
        most: Most rows; more is no human entry.
        form_kwargs: Arguments of each row's form.
    """
    formset_class = formset_factory(
        row_class, formset=formset, extra=extra, can_delete=can_remove, max_num=most, absolute_max=most
    )
    kwargs = {**form_kwargs, "is_sketch": is_sketch}
    return formset_class(data, prefix=prefix, initial=initial, form_kwargs=kwargs)


def with_more_rows(data: QueryDict, buttons: Mapping[str, str], *, most: int = MOST_ROWS) -> QueryDict:
    """What was sent, with room for one more row.

    Args:
        data: What was sent.
        buttons: Name of a button -> prefix of the rows it adds an empty one to.
        most: Most rows.
    """
    changed = data.copy()
    for button, prefix in buttons.items():
        count = key_or_none(data.get(f"{prefix}-TOTAL_FORMS"))
        if button in data and count is not None:
            changed[f"{prefix}-TOTAL_FORMS"] = str(min(count + 1, most))
    return changed


def fill(form: forms.Form, name: str, queryset: Any, choices: Any = None) -> None:
    """Give a field that chooses a row its rows, and their order on the page."""
    field = form.fields[name]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = queryset
    if choices is not None:
        field.choices = choices


def organisations_of(plan: ActionPlan, measure: Measure | None = None) -> Any:
    """Who can take part in the measures of a plan, supraregional ones among them. Queries: 1.

    Args:
        plan: The plan.
        measure: Who takes part in it, pays for it or reports on it is there even if no longer active: what is
            not offered would be gone with the next saving.
    """
    at_hand = Q(territory=plan.territory_id) | Q(territory__isnull=True)
    wanted = at_hand & Q(is_active=True)
    if measure is not None:
        wanted |= (
            Q(pk=measure.responsible_id)
            | Q(pk__in=measure.partners.order_by().values("organisation"))
            | Q(pk__in=measure.finance_lines.filter(payer__isnull=False).order_by().values("payer"))
            | Q(pk__in=measure.key_figures.filter(reporter__isnull=False).order_by().values("reporter"))
        )
    return Organisation.objects.filter(wanted)


def areas_of(plan: ActionPlan, measure: Measure | None = None) -> Any:
    """Where the measures of a plan can work; where a measure works it stays. Queries: 1."""
    wanted = Q(valid_until__isnull=True)
    if measure is not None:
        wanted |= Q(pk__in=measure.areas.order_by().values("pk"))
        wanted |= Q(pk__in=measure.key_figures.filter(area__isnull=False).order_by().values("area"))
    return Area.objects.filter(wanted, territory_id=plan.territory_id).order_by("name", "pk")


def others_of(plan: ActionPlan, measure: Measure | None) -> list[Measure]:
    """Other measures of a plan by number. Queries: 1."""
    rows = Measure.objects.filter(plan=plan).select_related("field", "parent__field")
    if measure is not None:
        rows = rows.exclude(pk=measure.pk)
    return sorted(rows, key=lambda row: [int(part) for part in row.number.split(".")])
