"""Writes on funded projects."""

from __future__ import annotations

import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from measures.models import FundedProject, Measure
from measures.services.rights import project_grant_rights
from project.common.errors import DomainError, as_domain_error
from stakeholders.audit import log_action
from stakeholders.models import Organisation, OrganisationKind, User
from stakeholders.permissions import Perm, require


@transaction.atomic
def project_create(
    *,
    measure: Measure,
    funder: Organisation,
    provider: Organisation,
    programme: str,
    title: str,
    starts_on: datetime.date,
    ends_on: datetime.date,
    user: User,
    reference: str = "",
    is_example: bool = False,
) -> FundedProject:
    """Record that a funder pays for a measure; funder and provider follow the project from now on.

    Args:
        measure: What is funded.
        funder: Who pays.
        provider: Who carries the project.
        programme: Name of the programme.
        title: Name of the project, as in the grant notice.
        starts_on: First day of the funding.
        ends_on: Last day of the funding.
        user: Who records it; needs the right to edit the measure.
        reference: File reference of the funder.
        is_example: Whether it is invented for show.

    Raises:
        PermissionDenied: The user may not edit the measure.
        DomainError: ``not_a_funder``, ``foreign_organisation``, ``ends_before_start``, ``project_exists``,
            ``invalid``.
    """
    require(user, Perm.EDIT_MEASURE, measure)
    if funder.kind != OrganisationKind.FUNDER:
        raise DomainError("not_a_funder", _("%(name)s is no funder.") % {"name": funder.label})
    if provider.territory_id not in {None, measure.plan.territory_id}:
        raise DomainError(
            "foreign_organisation", _("%(name)s belongs to another territory.") % {"name": provider.label}
        )
    if ends_on < starts_on:
        raise DomainError("ends_before_start", _("The funding ends before it begins."))
    project = FundedProject(
        measure=measure,
        funder=funder,
        provider=provider,
        programme=programme.strip(),
        title=title.strip(),
        reference=reference.strip(),
        starts_on=starts_on,
        ends_on=ends_on,
        is_example=is_example,
    )
    exists = DomainError(
        "project_exists", _("This measure has a project of this funder and programme already.")
    )
    same = measure.projects.filter(funder=funder, programme=project.programme)
    if same.exists():
        raise exists
    try:
        project.full_clean()
        with transaction.atomic():
            project.save()
    except ValidationError as error:
        raise as_domain_error(error) from error
    except IntegrityError as error:  # two planners at once
        raise exists from error
    project_grant_rights(project)
    log_action(
        "project.created",
        user=user,
        obj=project,
        territory=measure.plan.territory,
        data={"funder": funder.name, "provider": provider.name, "programme": project.programme},
    )
    return project
