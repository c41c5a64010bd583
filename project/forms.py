"""Forms in the look of KERN, and fields that read and write German numbers."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from project.common.attachments import ACCEPT
from project.common.formats import MINUS, NO_VALUE, decimal_de, file_size_de, is_german


class KernFormRenderer(TemplatesSetting):
    """Draws ``{{ form }}``, ``{{ formset }}`` and single fields as KERN form inputs."""

    form_template_name = "forms/form.html"
    formset_template_name = "forms/formset.html"
    field_template_name = "forms/field.html"


def needed_if(field: forms.Field, case: str | Promise) -> forms.Field:
    """Say beside the label in which case a field must be filled in, instead of "(optional)".

    Args:
        field: A field that is not required by itself.
        case: The case in a few words, such as "only needed for a return".
    """
    field.needed_if = case  # type: ignore[attr-defined]
    return field


_GERMAN_GROUPED = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?")
_ENGLISH_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_PLAIN = re.compile(r"[+-]?\d+([.,]\d+)?")
_SPACES = re.compile(r"[\s\u00a0\u202f]+")


def parse_number(text: str) -> str:
    """Turn a number as people type it into the form Python reads.

    In German the comma is the decimal sign and dots group thousands, so "1.234" is 1234.
    A dot that cannot group thousands ("1234.5", "0.75") is taken as a decimal sign. In
    English it is the other way round.

    Args:
        text: What was typed; spaces are ignored and the typographic minus is understood.

    Returns:
        Digits with an optional sign and a decimal point, for example "-1234.5".

    Raises:
        ValueError: The text is not one number.

    >>> parse_number("1.234,5")
    '1234.5'
    """
    clean = _SPACES.sub("", text).replace(MINUS, "-")
    group, decimal_sign = (".", ",") if is_german() else (",", ".")
    grouped = _GERMAN_GROUPED if is_german() else _ENGLISH_GROUPED
    # "0.125" cannot be a grouped number: no one groups after a leading zero.
    has_leading_zero = re.match(r"[+-]?0\d*[.,]", clean) is not None
    if grouped.fullmatch(clean) and not has_leading_zero:
        return clean.replace(group, "").replace(decimal_sign, ".")
    if _PLAIN.fullmatch(clean):
        return clean.replace(",", ".")
    raise ValueError(f"not a number: {text!r}")


class NumberTextInput(forms.TextInput):
    """A text input with the number keyboard: browsers' own number inputs ignore the page's language."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            {"inputmode": "decimal", "class": "pg-input--number", "autocomplete": "off", **(attrs or {})}
        )


class GermanDecimalField(forms.DecimalField):
    """A number typed as "1.234,5"; the comma is the decimal sign, as is usual in German.

    Args:
        unit: Text shown behind the input, for example "€" or "%".
    """

    widget = NumberTextInput
    default_error_messages = {"invalid": _("Enter a number, for example 1,234.5.")}

    def __init__(self, *, unit: str = "", **kwargs: Any) -> None:
        self.unit = unit
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        # min, max and step belong to number inputs only.
        return {}

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip() not in self.empty_values:
            try:
                value = parse_number(value.strip())
            except ValueError as error:
                raise ValidationError(self.error_messages["invalid"], code="invalid") from error
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            text = decimal_de(value)
            return "" if text == NO_VALUE else text
        return value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(initial) != self.to_python(data))
        except ValidationError:
            return True


class GermanIntegerField(GermanDecimalField):
    """A whole number typed as "1.234" or "1234"."""

    default_error_messages = {"invalid": _("Enter a whole number, for example 1,234.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(decimal_places=0, **kwargs)
        self.widget.attrs["inputmode"] = "numeric"

    def to_python(self, value: Any) -> Any:
        number = super().to_python(value)
        if number is not None and number != number.to_integral_value():
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return number

    def clean(self, value: Any) -> Any:
        number = super().clean(value)
        return None if number is None else int(number)


class AttachmentForm(forms.Form):
    """A file to keep with something, and what it is."""

    file = forms.FileField(
        label=_("File"), widget=forms.ClearableFileInput({"accept": ACCEPT}), allow_empty_file=True
    )
    title = forms.CharField(label=_("Title of the file"), required=False, max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limit = file_size_de(settings.IMPORT_MAX_BYTES)
        text = _("PDF, Word (docx), Excel (xlsx) or picture (png, jpg), at most %(limit)s.")
        self.fields["file"].help_text = str(text) % {"limit": limit}
