"""Forms of the social report: frame, chapters, writing and releasing an edition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from monitoring.models import Domain, Indicator
from project.forms import needed_if
from stakeholders.models import Organisation
from workflows.forms.answers import AnswerForm
from workflows.models import ChapterKind, SocialReport

_LONG_TEXT = 20_000
#: What a text may hold, said beside every field that takes one.
_TEXT_HELP = _(
    "A blank line begins a new paragraph, “- ” at the beginning of a line makes a list, “## ” a heading."
)


class ReportFrameForm(forms.Form):
    """Frame of a report; the address is asked for only at its beginning."""

    title = forms.CharField(label=_("Title"), max_length=200)
    slug = forms.SlugField(
        label=_("Public address"),
        max_length=60,
        help_text=_(
            "Last part of the address under which everybody reads the report, for example “musterkreis”. "
            "It stays: others will link to it."
        ),
    )
    planning_unit = forms.ModelChoiceField(
        label=_("Social planning unit"),
        queryset=Organisation.objects.none(),
        empty_label=None,
        help_text=_("Its people write the chapters; its head releases them."),
    )
    introduction = forms.CharField(
        label=_("Introduction"),
        required=False,
        max_length=_LONG_TEXT,
        widget=forms.Textarea({"rows": 8}),
        help_text=_("Stands above the contents.") + " " + _TEXT_HELP,
    )

    def __init__(
        self, *args: Any, units: Sequence[Organisation], report: SocialReport | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["planning_unit"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Organisation.objects.filter(pk__in=[row.pk for row in units])
        if report is not None:
            del self.fields["slug"]

    def clean_slug(self) -> str:
        """No two reports under one address."""
        slug = str(self.cleaned_data["slug"])
        if SocialReport.objects.filter(slug=slug).exists():
            raise ValidationError(_("Another report has this address already."))
        return slug


class ChapterForm(forms.Form):
    """A chapter; what it shows is chosen once, so that its editions can be compared."""

    title = forms.CharField(label=_("Title"), max_length=160)
    kind = forms.ChoiceField(
        label=_("What does the chapter show?"), choices=ChapterKind.choices, widget=forms.RadioSelect
    )
    domain = needed_if(
        forms.ModelChoiceField(
            label=pgettext_lazy("of indicators", "Domain"),
            queryset=Domain.objects.none(),
            required=False,
            help_text=_("The chapter shows all indicators of the topic of which there are figures."),
        ),
        _("only of a chapter of figures"),
    )

    def __init__(self, *args: Any, domains: Sequence[Domain], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["domain"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Domain.objects.filter(pk__in=[row.pk for row in domains])

    def clean(self) -> dict[str, Any]:
        """A chapter of figures needs its topic; others have none."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("kind") == ChapterKind.DOMAIN:
            if cleaned.get("domain") is None and "domain" not in self.errors:
                self.add_error("domain", _("Choose the topic whose figures the chapter shows."))
        else:
            cleaned["domain"] = None
        return cleaned


class ChapterEditForm(forms.Form):
    """Title of a chapter, and which indicators of its topic it shows."""

    title = forms.CharField(label=_("Title"), max_length=160)
    indicators = forms.ModelMultipleChoiceField(
        label=_("Only these indicators"),
        queryset=Indicator.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: all of the topic. Published editions stay as they are."),
    )

    def __init__(self, *args: Any, indicators: Sequence[Indicator], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not indicators:
            del self.fields["indicators"]
            return
        field = self.fields["indicators"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = Indicator.objects.filter(pk__in=[row.pk for row in indicators])


class ReasonForm(forms.Form):
    """Why something is archived, withdrawn or given up."""

    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text=_("Your colleagues read it in the history of the chapter; the public does not."),
    )


class WriteChapterForm(forms.Form):
    """Text of a chapter."""

    text = forms.CharField(
        label=_("Text of the chapter"),
        max_length=_LONG_TEXT,
        widget=forms.Textarea({"rows": 24}),
        help_text=_TEXT_HELP,
    )


class ReleaseChapterForm(AnswerForm):
    """The head releases a chapter or returns it."""

    YES = "release"
    question = _("May everybody read this?")
    yes = _("Yes, publish it now")
    reader = _("Needed if you return it; the author will read it.")
    missing = _("Say what has to be changed; the author will read it.")
