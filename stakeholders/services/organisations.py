"""Writing organisations."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import Organisation, OrganisationKind, User
from stakeholders.models.organisations import SUPRAREGIONAL_KINDS, TERRITORY_KINDS
from stakeholders.services._checks import require_administrator, save_checked


def _check_place(kind: str, territory: Organisation | None) -> None:
    if kind in SUPRAREGIONAL_KINDS:
        if territory is not None:
            raise DomainError(
                "territory_refused",
                _("Funders and their advisers work for several territories and belong to none."),
            )
    elif territory is None and kind not in TERRITORY_KINDS:
        raise DomainError("territory_missing", _("Name the territory with which the organisation works."))
    elif territory is not None and not territory.is_territory:
        raise DomainError(
            "no_territory",
            _("%(organisation)s does not plan for itself and cannot be the territory of others.")
            % {"organisation": territory},
        )


def _check_name(organisation: Organisation) -> None:
    namesakes = Organisation.objects.filter(name=organisation.name).exclude(pk=organisation.pk)
    if organisation.territory_id is not None and not organisation.is_territory:
        namesakes = namesakes.filter(territory=organisation.territory_id)
    elif organisation.kind in SUPRAREGIONAL_KINDS:
        namesakes = namesakes.filter(territory__isnull=True)
    else:
        # Two districts of one name could not be told apart when choosing one.
        namesakes = namesakes.filter(kind__in=TERRITORY_KINDS)
    if namesakes.exists():
        raise DomainError(
            "name_taken",
            _("There is an organisation called %(name)s already.") % {"name": organisation.name},
        )


@transaction.atomic
def organisation_create(
    *,
    name: str,
    kind: str,
    territory: Organisation | None,
    parent: Organisation | None = None,
    short_name: str = "",
    ags: str = "",
    email: str = "",
    user: User | None,
) -> Organisation:
    """Add an organisation to the tree.

    Args:
        name: Full name, once per territory.
        kind: Value of ``OrganisationKind``.
        territory: Planning authority it works with. None for funders and advisers, who work for several;
            a district or municipality without one becomes its own.
        parent: What it is part of, in the same territory.
        short_name: For tables.
        ags: Official key, for districts and municipalities.
        email: Address of the office.
        user: Who acts; None for the system.

    Returns:
        The organisation.

    Raises:
        PermissionDenied: The user does not administer the territory. New territories, funders and advisers
            come from the system only.
        DomainError: ``territory_refused``, ``territory_missing``, ``no_territory``, ``name_taken``,
            ``invalid``.
    """
    _check_place(kind, territory)
    organisation = Organisation(
        name=name.strip(),
        short_name=short_name.strip(),
        kind=OrganisationKind(kind),
        parent=parent,
        territory=territory,
        ags=ags.strip(),
        email=email.strip(),
    )
    # Without a territory there is nobody but the system who could have the right.
    require_administrator(user, territory or organisation)
    _check_name(organisation)
    save_checked(organisation)
    if territory is None and kind in TERRITORY_KINDS:
        organisation.territory = organisation
        organisation.save(update_fields=["territory"])
    log_action(
        "organisation.created",
        user=user,
        obj=organisation,
        territory=organisation.scope,
        data={"kind": organisation.kind},
    )
    return organisation


@transaction.atomic
def organisation_update(
    organisation: Organisation,
    *,
    name: str,
    parent: Organisation | None = None,
    short_name: str = "",
    ags: str = "",
    email: str = "",
    is_active: bool = True,
    user: User | None,
) -> Organisation:
    """Change what is known of an organisation; its kind and territory stay, rights hang on them.

    Args:
        organisation: What to change.
        name: Full name.
        parent: What it is part of.
        short_name: For tables.
        ags: Official key.
        email: Address of the office.
        is_active: False archives it: no new memberships, seats or tasks.
        user: Who acts; None for the system.

    Returns:
        The organisation.

    Raises:
        PermissionDenied: The user does not administer it.
        DomainError: ``name_taken``, ``invalid``, ``territory_archived``, ``still_has_members``.
    """
    require_administrator(user, organisation.scope)
    new = {
        "name": name.strip(),
        "parent": parent,
        "short_name": short_name.strip(),
        "ags": ags.strip(),
        "email": email.strip(),
        "is_active": is_active,
    }
    changed = [field for field, value in new.items() if getattr(organisation, field) != value]
    if not changed:
        return organisation
    if "is_active" in changed and not is_active:
        _check_archivable(organisation)
    for field in changed:
        setattr(organisation, field, new[field])
    _check_name(organisation)
    save_checked(organisation)
    log_action(
        "organisation.changed",
        user=user,
        obj=organisation,
        territory=organisation.scope,
        data={"fields": changed},
    )
    return organisation


def _check_archivable(organisation: Organisation) -> None:
    if organisation.is_territory:
        raise DomainError("territory_archived", _("The territory itself cannot be archived."))
    open_rows = organisation.memberships.filter(ends_on__isnull=True)
    if open_rows.exists() or organisation.seats.filter(ends_on__isnull=True).exists():
        raise DomainError(
            "still_has_members",
            _("End the memberships and seats of %(organisation)s first.") % {"organisation": organisation},
        )
