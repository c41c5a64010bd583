"""Form of the page that compares a copy with what was issued."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from project.common.formats import file_size_de
from workflows.selectors.papers import LEAST_SIGNS, is_checksum, signs_of

_MAGIC = b"%PDF-"


class VerifyForm(forms.Form):
    """A PDF, or the check sum that is printed in it."""

    hide_optional = True

    file = forms.FileField(
        label=_("PDF file"),
        required=False,
        # What is wrong with a file is said in one place, an empty one too.
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".pdf,application/pdf"}),
        help_text=_("It is compared and not kept."),
    )
    checksum = forms.CharField(
        label=_("or check sum"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "Printed at the end of the paper or at the foot of its pages. The first 16 characters are enough."
        ),
    )

    def clean_file(self) -> bytes | None:
        """The bytes of the file; size first, then the signs every PDF begins with."""
        file: UploadedFile | None = self.cleaned_data["file"]
        if file is None:
            return None
        if not file.size:
            raise ValidationError(_("The file is empty. Please choose the PDF once more."), code="empty")
        if file.size > settings.IMPORT_MAX_BYTES:
            raise ValidationError(
                _("The file is too large: at most %(limit)s are compared."),
                code="too_large",
                params={"limit": file_size_de(settings.IMPORT_MAX_BYTES)},
            )
        data = bytes(file.read())
        if not data.startswith(_MAGIC):
            raise ValidationError(
                _("This is no PDF, whatever its name says. Please choose the PDF as you received it."),
                code="not_a_pdf",
            )
        return data

    def clean_checksum(self) -> str:
        """The signs without blanks."""
        signs = signs_of(self.cleaned_data["checksum"])
        if signs and not is_checksum(signs):
            raise ValidationError(
                _("A check sum consists of digits and the letters a to f; enter at least %(count)s of them."),
                code="no_checksum",
                params={"count": LEAST_SIGNS},
            )
        return signs

    def clean(self) -> dict[str, Any]:
        """One of the two."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        has_file, has_checksum = cleaned["file"] is not None, bool(cleaned["checksum"])
        if has_file and has_checksum:
            raise ValidationError(_("Choose a file or enter a check sum, not both."), code="both")
        if not has_file and not has_checksum:
            raise ValidationError(_("Choose a file or enter a check sum."), code="nothing")
        return cleaned
