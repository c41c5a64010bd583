"""What the forms of measures share: choices under headings, selects without restriction."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from stakeholders.models import Organisation, OrganisationKind

Choices = list[tuple[Any, Any]]


def by_kind(organisations: Iterable[Organisation]) -> Choices:
    """Choices of organisations under the name of their kind."""
    order = {kind.value: number for number, kind in enumerate(OrganisationKind)}
    groups: dict[str, list[tuple[int, str]]] = {}
    for row in sorted(organisations, key=lambda row: (order[row.kind], row.name.casefold())):
        groups.setdefault(str(row.get_kind_display()), []).append((row.pk, row.name))
    return list(groups.items())


def offer(form: forms.Form, name: str, everything: Any, choices: Iterable[tuple[Any, Any]]) -> None:
    """Give a choice field its choices; the first one means no restriction, or "please choose"."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = [("", everything), *choices]
