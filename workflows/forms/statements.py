"""Forms of statements: giving and correcting one, narrowing their list."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from monitoring.models import Area, Domain, Indicator
from project.common.attachments import ACCEPT, AttachmentRefused, Upload, check_attachment
from project.common.formats import file_size_de
from stakeholders.models import Organisation
from workflows.forms.conference import choose_from
from workflows.models import CONFIDENCE_TAKES, Confidence, Position, SourceGroup, Statement, source_group_of
from workflows.selectors.conference import UNKNOWN, StatementFilter
from workflows.services.statement_files import MOST_FILES, most_bytes

_DOMAIN, _INDICATOR = "domain", "indicator"


def confidence_choice(word: Confidence) -> Any:
    """The word with what it takes to choose it."""
    return format_lazy("{word}: {takes}", word=word.label, takes=CONFIDENCE_TAKES[word])


class FilesInput(forms.FileInput):
    """Lets people choose several files at once."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """All files of the field."""
        return files.getlist(name) if hasattr(files, "getlist") else files.get(name)


class FilesField(forms.FileField):
    """Several files, each judged by name, size and content before anybody opens it."""

    widget = FilesInput(attrs={"accept": ACCEPT})

    def clean(self, data: Any, initial: Any = None) -> Any:
        """The files as uploads; each refusal is told."""
        chosen = data if isinstance(data, list) else [data] if data else []
        uploads, errors = [], []
        for row in chosen:
            upload = Upload(row.name, row.read(most_bytes() + 1))
            try:
                check_attachment(upload.content, upload.name, max_bytes=most_bytes())
            except AttachmentRefused as refusal:
                errors.append(ValidationError(str(refusal.message), code=refusal.code))
            uploads.append(upload)
        if errors:
            raise ValidationError(errors)
        return uploads


class EvidenceForm(forms.Form):
    """Files for a statement that was given already, as in the room of a meeting."""

    evidence = FilesField(label=_("Files as evidence"), allow_empty_file=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["evidence"].help_text = _what_files()


def _what_files() -> Any:
    return _(
        "For example a count or a photo of a place: PDF, Word, Excel, OpenDocument, PNG or JPEG, each up "
        "to %(limit)s, at most %(count)s. No pictures of people."
    ) % {"limit": file_size_de(most_bytes()), "count": MOST_FILES}


class StatementForm(forms.Form):
    """One statement on an area: how it relates to the figures, to which of them, and the text."""

    position = forms.ChoiceField(
        label=_("How does your knowledge relate to the figures?"),
        choices=Position.choices,
        widget=forms.RadioSelect,
    )
    about = forms.ChoiceField(
        label=_("What is it about?"),
        required=False,
        help_text=_("A single figure, a whole topic, or the area in general."),
    )
    text = forms.CharField(
        label=_("Statement"),
        widget=forms.Textarea({"rows": 4}),
        help_text=_("What do you see in your daily work? Write nothing that points to single people."),
    )
    confidence = forms.ChoiceField(
        label=_("How sure is it?"),
        choices=[(word.value, confidence_choice(word)) for word in Confidence],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how sure it is: others rest decisions on it.")},
    )
    organisation = forms.ModelChoiceField(
        label=_("Whose knowledge is it?"),
        queryset=Organisation.objects.none(),
        empty_label=_("Please choose"),
    )
    source_group = forms.ChoiceField(
        label=_("Where does the knowledge come from?"),
        required=False,
        choices=[("", _("From the organisation itself")), *SourceGroup.choices],
        help_text=_(
            "Choose a group if you pass on what others have told you. Papers name organisation and group, "
            "never a person."
        ),
    )
    evidence = FilesField(
        label=_("Files as evidence"),
        required=False,
        allow_empty_file=True,
    )

    def __init__(
        self,
        *args: Any,
        indicators: Iterable[Indicator],
        organisations: QuerySet[Organisation] | None = None,
        statement: Statement | None = None,
        **kwargs: Any,
    ) -> None:
        if statement is not None:
            kwargs["initial"] = {
                "position": statement.position,
                "about": _about_of(statement),
                "text": statement.text,
                "confidence": statement.confidence,
                "organisation": statement.organisation_id,
                "source_group": (
                    ""
                    if statement.source_group == source_group_of(statement.organisation)
                    else statement.source_group
                ),
            }
        super().__init__(*args, **kwargs)
        self.indicators = {row.pk: row for row in indicators}
        self.domains = {row.domain_id: row.domain for row in self.indicators.values()}
        about = self.fields["about"]
        assert isinstance(about, forms.ChoiceField)
        about.choices = self._about_choices()
        self.fields["evidence"].help_text = _what_files()
        if organisations is None or statement is not None:
            del self.fields["organisation"]
        else:
            chosen = self.fields["organisation"]
            assert isinstance(chosen, forms.ModelChoiceField)
            chosen.queryset = organisations

    def clean(self) -> dict[str, Any]:
        """Browsers forget the files where something else is wrong: say so."""
        cleaned = super().clean() or {}
        if self.errors and cleaned.get("evidence"):
            self.add_error("evidence", ValidationError(_("Please choose the files again."), code="again"))
        return cleaned

    def _about_choices(self) -> list[Any]:
        choices: list[Any] = [("", _("The area in general"))]
        for domain, rows in groupby(self.indicators.values(), key=lambda row: row.domain):
            group = [(f"{_DOMAIN}-{domain.pk}", _("%(topic)s as a whole") % {"topic": domain.name})]
            group += [(f"{_INDICATOR}-{row.pk}", row.name) for row in rows]
            choices.append((domain.name, group))
        return choices

    @property
    def values(self) -> dict[str, Any]:
        """Cleaned arguments of ``statement_add`` and ``statement_change``."""
        kind, _dash, pk = self.cleaned_data["about"].partition("-")
        values: dict[str, Any] = {
            "position": self.cleaned_data["position"],
            "text": self.cleaned_data["text"],
            "confidence": self.cleaned_data["confidence"],
            "source_group": self.cleaned_data["source_group"],
            "files": self.cleaned_data.get("evidence", []),
        }
        if kind == _INDICATOR:
            values["indicator"] = self.indicators[int(pk)]
        elif kind == _DOMAIN:
            values["domain"] = self.domains[int(pk)]
        return values


def _about_of(statement: Statement) -> str:
    if statement.indicator_id is not None:
        return f"{_INDICATOR}-{statement.indicator_id}"
    return f"{_DOMAIN}-{statement.domain_id}" if statement.domain_id is not None else ""


class StatementFilterForm(forms.Form):
    """Narrows the list of statements."""

    hide_optional = True

    q = forms.CharField(label=_("Search"), required=False, max_length=100)
    area = forms.TypedChoiceField(label=_("Area"), required=False, coerce=int, empty_value=None)
    position = forms.ChoiceField(
        label=_("Position"), required=False, choices=[("", _("All positions")), *Position.choices]
    )
    confidence = forms.ChoiceField(
        label=_("How sure"),
        required=False,
        choices=[("", _("However sure")), *Confidence.choices, (UNKNOWN, _("not said"))],
    )
    topic = forms.TypedChoiceField(label=_("Topic"), required=False, coerce=int, empty_value=None)
    source_group = forms.ChoiceField(
        label=_("Source group"), required=False, choices=[("", _("All source groups")), *SourceGroup.choices]
    )
    organisation = forms.TypedChoiceField(
        label=_("Organisation"), required=False, coerce=int, empty_value=None
    )

    def __init__(
        self,
        *args: Any,
        areas: Iterable[Area],
        organisations: Iterable[Organisation],
        topics: Iterable[Domain],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, "area", _("All areas"), [(row.pk, row.name) for row in areas])
        choose_from(self, "topic", _("All topics"), [(row.pk, row.name) for row in topics])
        choose_from(
            self, "organisation", _("All organisations"), [(row.pk, row.name) for row in organisations]
        )

    def wanted(self) -> StatementFilter:
        """What was chosen; fields with errors count as not chosen."""
        self.is_valid()
        chosen = self.cleaned_data
        return StatementFilter(
            area_pk=chosen.get("area"),
            organisation_pk=chosen.get("organisation"),
            position=chosen.get("position") or "",
            confidence=chosen.get("confidence") or "",
            source_group=chosen.get("source_group") or "",
            domain_pk=chosen.get("topic"),
            search=chosen.get("q") or "",
        )
