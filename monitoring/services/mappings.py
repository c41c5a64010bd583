"""What a supplier says of its files: saved once, used for all of the same layout, changed whenever needed."""

from __future__ import annotations

from django.db import transaction

from monitoring.models import DeliveryMapping
from monitoring.services.matching import Said
from monitoring.sources.headings import Layout, Role
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User

#: Role of columns of figures, beside those of ``Role``.
FIGURES = "figures"


def said_of(mapping: DeliveryMapping | None, year: str = "") -> Said:
    """What a mapping says, in the words of the matcher.

    Args:
        mapping: None if nothing was said.
        year: Of figures without one; not remembered, as it is another one next time.
    """
    if mapping is None:
        return Said(year=year)
    layout = None
    if mapping.header is not None:
        roles = {int(number): Role(role) for number, role in mapping.columns.items() if role != FIGURES}
        figures = frozenset(int(number) for number, role in mapping.columns.items() if role == FIGURES)
        layout = Layout(mapping.header, {role: number for number, role in roles.items()}, figures)
    return Said(layout, mapping.variables, mapping.areas, mapping.leaves_others, year)


def mapping_with(
    *, territory: Organisation, supplier: Organisation, signature: str, said: Said
) -> DeliveryMapping:
    """What is remembered of a layout, with what is said now; not saved.

    Args:
        territory: Planning authority that receives the files.
        supplier: Whose files they are.
        signature: Mark of their layout.
        said: What is said.
    """
    layout = {"territory": territory, "supplier": supplier, "signature": signature}
    mapping = DeliveryMapping.objects.filter(**layout).first() or DeliveryMapping(**layout)
    return _merged(mapping, said)


@transaction.atomic
def mapping_save(
    *,
    territory: Organisation,
    supplier: Organisation,
    signature: str,
    file_name: str,
    said: Said,
    user: User,
) -> DeliveryMapping:
    """Remember what a supplier says of its files; what was said of other names before stays.

    Args:
        territory: Planning authority that receives the files.
        supplier: Whose files they are.
        signature: Mark of their layout.
        file_name: File it was said of.
        said: What is said.
        user: Who says it.
    """
    # Of two first files at once the second finds what was said of the first.
    Organisation.objects.select_for_update(no_key=True).get(pk=supplier.pk)
    mapping = (
        DeliveryMapping.objects.select_for_update()
        .filter(territory=territory, supplier=supplier, signature=signature)
        .first()
    )
    before = None if mapping is None else _told(mapping)
    if mapping is None:
        mapping = DeliveryMapping(territory=territory, supplier=supplier, signature=signature)
    _merged(mapping, said)
    mapping.file_name, mapping.updated_by = file_name, user
    mapping.full_clean()
    mapping.save()
    log_action(
        "mapping.saved",
        user=user,
        obj=mapping,
        territory=territory,
        data={"before": before, "after": _told(mapping)},
    )
    return mapping


def _merged(mapping: DeliveryMapping, said: Said) -> DeliveryMapping:
    mapping.header, mapping.columns = None, {}
    if said.layout is not None:
        mapping.header = said.layout.header
        mapping.columns = {str(number): role.value for role, number in said.layout.roles.items()}
        mapping.columns |= {str(number): FIGURES for number in sorted(said.layout.figures)}
    mapping.variables = {**mapping.variables, **said.variables}
    mapping.areas = {**mapping.areas, **said.areas}
    mapping.leaves_others = said.leaves_others
    return mapping


def _told(mapping: DeliveryMapping) -> dict[str, object]:
    return {
        "header": mapping.header,
        "columns": mapping.columns,
        "variables": mapping.variables,
        "areas": mapping.areas,
        "leaves_others": mapping.leaves_others,
    }
