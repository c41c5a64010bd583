"""Two people at one entry of the catalogue: what the other one changed meanwhile, and both wordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core import signing
from django.utils.functional import Promise

from monitoring.catalogue.fields import INDICATOR, FieldKind
from monitoring.catalogue.reading import Entry
from monitoring.models import Domain, Indicator, Unit
from monitoring.selectors.catalogue import entry_of
from monitoring.selectors.catalogue_plan import words_of

_SALT: Final = "monitoring.catalogue-edit"


def edit_token(indicator: Indicator) -> str:
    """An entry as it is now, to be sent along in its form.

    Args:
        indicator: With domain, unit and all ties loaded.
    """
    return signing.dumps(entry_of("indicators", indicator), salt=_SALT, compress=True)


def edit_opened(token: str) -> Entry | None:
    """The entry as it was when the form was opened; None if the form does not say so.

    Args:
        token: From ``edit_token``.
    """
    try:
        opened = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    # Fields may have come since the form was opened.
    return opened if isinstance(opened, dict) and set(opened) == {spec.name for spec in INDICATOR} else None


@dataclass(frozen=True, slots=True)
class FieldClash:
    """A field somebody else changed while a form was open.

    Attributes:
        name: Name of the field.
        label: What people call it.
        opened: What it held when the form was opened, in words; "" if that is not known.
        now: What it holds now, in words.
        mine: What was sent, in words.
        is_mine: Whether the sender changed it too; otherwise what is stored now goes on to hold.
    """

    name: str
    label: str | Promise
    opened: str
    now: str
    mine: str
    is_mine: bool


def edit_clashes(indicator: Indicator, opened: Entry | None, mine: Mapping[str, Any]) -> list[FieldClash]:
    """What others changed since a form was opened.

    Args:
        indicator: As it is now, with domain, unit and all ties loaded.
        opened: As it was; None if unknown: then all that was sent differently counts.
        mine: What was sent: fields with their values, references as rows.

    Returns:
        One a field that another one changed, in the order of the form. Queries: 3 if there is any.
    """
    now = entry_of("indicators", indicator)
    sent: Entry = {
        spec.name: getattr(mine[spec.name], "key", None)
        if spec.kind is FieldKind.REFERENCE
        else mine[spec.name]
        for spec in INDICATOR
    }
    before = sent if opened is None else opened
    specs = [spec for spec in INDICATOR if before[spec.name] != now[spec.name]]
    if not specs:
        return []
    names: dict[str, dict[str, str]] = {
        "units": {row.key: row.symbol for row in Unit.objects.all()},
        "domains": {row.key: row.name for row in Domain.objects.all()},
        "indicators": {row.key: row.name for row in Indicator.objects.all()},
    }

    def words(spec: Any, entry: Entry) -> str:
        return words_of(spec, entry[spec.name], lambda section, key: names[section].get(key, key))

    return [
        FieldClash(
            spec.name,
            spec.label,
            "" if opened is None else words(spec, opened),
            words(spec, now),
            words(spec, sent),
            sent[spec.name] not in (before[spec.name], now[spec.name]) or opened is None,
        )
        for spec in specs
    ]
