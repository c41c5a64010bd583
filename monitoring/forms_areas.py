"""Forms of areas: a file of boundaries and what its properties mean, changes of borders, inhabitants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.core.files.base import ContentFile, File
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from monitoring.models import Area, AreaKind
from monitoring.selectors.area_plan import AreaMapping
from project.forms import GermanDecimalField, needed_if
from stakeholders.models import Organisation

#: Characters of a typed table; more is a file.
_MOST_TYPED: Final = 200_000


class AreaFilterForm(forms.Form):
    """Narrows the list of areas down."""

    hide_optional = True

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    level = forms.ChoiceField(
        label=_("Level"), required=False, choices=[("", _("All levels")), *AreaKind.choices]
    )
    state = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[
            ("", _("existing today")),
            ("former", _("no longer existing")),
            ("without", _("without boundaries")),
        ],
    )


class AreaUploadForm(forms.Form):
    """A file of areas."""

    file = forms.FileField(
        label=_("File with areas"),
        help_text=_("GeoJSON in WGS 84 (.geojson). You see a preview with a map before anything is saved."),
        widget=forms.FileInput(attrs={"accept": ".geojson,.json,application/geo+json"}),
        allow_empty_file=True,
    )


class AreaMappingForm(forms.Form):
    """What the properties of a file mean."""

    key = forms.ChoiceField(label=_("Property with the key"))
    name = forms.ChoiceField(label=_("Property with the name"))
    kind = forms.ChoiceField(label=_("Level of these areas"), choices=AreaKind.choices)
    source = forms.CharField(
        label=_("Source of the boundaries"),
        required=False,
        max_length=200,
        help_text=_("Stands below each map, for example “© GeoBasis-DE / BKG 2024”."),
    )
    valid_from = forms.DateField(label=_("New areas are valid from"), required=False)

    def __init__(self, *args: Any, names: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field_name in ("key", "name"):
            field = self.fields[field_name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [(name, name) for name in names]

    def mapping(self) -> AreaMapping:
        """The mapping chosen."""
        chosen = self.cleaned_data
        return AreaMapping(
            key=chosen["key"],
            name=chosen["name"],
            kind=AreaKind(chosen["kind"]),
            source=chosen["source"],
            valid_from=chosen["valid_from"],
        )


class AreaChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Chooses an area; two versions of one are told apart by their days."""

    def label_from_instance(self, obj: Area) -> str:
        """Name, key and until when."""
        until = f" – {obj.valid_until:%d.%m.%Y}" if obj.valid_until else ""
        return f"{obj.name} ({obj.key}){until}"


class SuccessionForm(forms.Form):
    """A change of borders: where the inhabitants of an area went."""

    old = AreaChoiceField(
        label=_("Former area"), queryset=Area.objects.none(), empty_label=_("Please choose")
    )
    new = AreaChoiceField(label=_("New area"), queryset=Area.objects.none(), empty_label=_("Please choose"))
    changed_on = forms.DateField(
        label=_("Borders changed on"), help_text=_("First day of the new borders, mostly 1 January.")
    )
    share_percent = GermanDecimalField(
        label=_("Share of the inhabitants of the former area"),
        unit="%",
        min_value=0.01,
        max_value=100,
        max_digits=6,
        decimal_places=2,
    )
    source = forms.CharField(label=_("Source"), required=False, max_length=200)

    def __init__(self, *args: Any, territory: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        areas = Area.objects.filter(territory=territory).defer("geometry").order_by("name", "pk")
        for name in ("old", "new"):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = areas


class TableUploadForm(forms.Form):
    """A table on areas: a file, or cells typed or pasted."""

    file = needed_if(
        forms.FileField(
            label=_("File with the table"),
            required=False,
            help_text=_("Excel workbook (.xlsx) or CSV. You see a preview before anything is saved."),
            widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt"}),
            allow_empty_file=True,
        ),
        _("unless you type the table"),
    )
    text = needed_if(
        forms.CharField(
            label=_("Or type or paste the table"),
            required=False,
            strip=False,
            max_length=_MOST_TYPED,
            help_text=_("Copy the cells in Excel with their headings and paste them here."),
            widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        ),
        _("unless you choose a file"),
    )

    def clean(self) -> dict[str, Any]:
        """One of both."""
        cleaned = super().clean() or {}
        text = cleaned.get("text", "").strip()
        if "file" in self.errors or "text" in self.errors:
            return cleaned
        if bool(cleaned.get("file")) == bool(text):
            self.add_error(
                "file",
                _("Please choose either: a file, or a typed table.")
                if text
                else _("Please choose a file, or type the table."),
            )
        return cleaned

    def upload(self) -> File[bytes]:
        """What was chosen, as a file."""
        chosen: File[bytes] | None = self.cleaned_data["file"]
        if chosen:
            return chosen
        name = gettext("Typed table")
        return ContentFile(self.cleaned_data["text"].encode(), name=f"{name}.csv")
