"""Letting advisers read the projects of a programme, and taking them out again."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from measures.models import Programme, ProgrammeAdviser
from measures.services.rights import programme_grant_rights
from project.common.errors import DomainError
from stakeholders.audit import log_action
from stakeholders.models import Organisation, OrganisationKind, User
from stakeholders.permissions import Perm, require


@transaction.atomic
def adviser_let_in(programme: Programme, *, organisation: Organisation, user: User) -> ProgrammeAdviser:
    """Let the people of an adviser read all projects of a programme from now on.

    Raises:
        PermissionDenied: The user does not act for the funder.
        DomainError: ``not_an_adviser``, ``adviser_exists``.
    """
    require(user, Perm.MANAGE_PROGRAMME, programme)
    if organisation.kind != OrganisationKind.ADVISER or not organisation.is_active:
        raise DomainError(
            "not_an_adviser", _("%(name)s is no adviser of a funder.") % {"name": organisation.label}
        )
    twice = DomainError(
        "adviser_exists", _("%(name)s has been let in already.") % {"name": organisation.label}
    )
    if programme.advisers.filter(organisation=organisation, until__isnull=True).exists():
        raise twice
    row = ProgrammeAdviser(programme=programme, organisation=organisation, let_in_by=user)
    row.full_clean(validate_constraints=False)
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:  # two at once
        raise twice from error
    programme_grant_rights(programme)
    log_action(
        "adviser.let_in",
        user=user,
        obj=programme,
        territory=programme.funder.scope,
        data={"organisation": organisation.name},
    )
    return row


@transaction.atomic
def adviser_take_out(row: ProgrammeAdviser, *, user: User) -> None:
    """Take an adviser out: its people see nothing of the programme any more, at once.

    Raises:
        PermissionDenied: The user does not act for the funder.
        DomainError: ``adviser_gone``.
    """
    require(user, Perm.MANAGE_PROGRAMME, row.programme)
    locked = (
        ProgrammeAdviser.objects.select_for_update(of=("self",))
        .select_related("programme__funder", "organisation")
        .get(pk=row.pk)
    )
    if locked.until is not None:
        raise DomainError(
            "adviser_gone",
            _("%(name)s has been taken out already.") % {"name": locked.organisation.label},
        )
    locked.until, locked.taken_out_by = timezone.now(), user
    locked.save(update_fields=["until", "taken_out_by"])
    programme_grant_rights(locked.programme)
    log_action(
        "adviser.taken_out",
        user=user,
        obj=locked.programme,
        territory=locked.programme.funder.scope,
        data={"organisation": locked.organisation.name},
    )
