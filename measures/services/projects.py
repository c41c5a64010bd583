"""Writes on funded projects."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from measures.models import FundedProject, Measure, ProjectPartner
from measures.services.programmes import programme_for
from measures.services.rights import project_grant_rights
from monitoring.models import Area
from project.common.errors import DomainError, as_domain_error
from project.common.seen import check_seen, mark_of
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
        programme: Name of the funder's programme, which is recorded if it is new.
        title: Name of the project, as in the grant notice.
        starts_on: First day of the funding.
        ends_on: Last day of the funding.
        user: Who records it; needs the right to edit the measure.
        reference: File reference of the funder.
        is_example: Whether it is invented for show.

    Raises:
        PermissionDenied: The user may not edit the measure.
        DomainError: ``not_a_funder``, ``foreign_organisation``, ``ends_before_start``, ``programme_missing``,
            ``project_exists``, ``invalid``.
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
    if not programme.strip():
        raise DomainError("programme_missing", _("Name the programme that pays."))
    project = FundedProject(
        measure=measure,
        funder=funder,
        provider=provider,
        programme=programme_for(funder=funder, title=programme, is_example=is_example, user=user),
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
        data={"funder": funder.name, "provider": provider.name, "programme": project.programme.title},
    )
    return project


@transaction.atomic
def project_parties_set(
    project: FundedProject,
    *,
    partners: Sequence[Organisation],
    areas: Sequence[Area],
    further_measures: Sequence[Measure],
    user: User,
    seen: str = "",
) -> None:
    """Say who carries a project besides its provider, where it works and what else it pays for.

    Whoever is no partner any more does not see the project any more.

    Args:
        project: The project.
        partners: Who carries it, too; never a funder, who would see what another one pays.
        areas: Where it works.
        further_measures: What it pays for besides its measure.
        user: Who says so.
        seen: ``parties_mark`` of what the person saw; left out nothing is compared.

    Raises:
        PermissionDenied: The user may not edit the measure.
        DomainError: ``changed_meanwhile``, ``foreign_organisation``, ``partner_is_funder``, ``foreign_area``,
            ``foreign_measure``.
    """
    require(user, Perm.EDIT_MEASURE, project.measure)
    locked = (
        FundedProject.objects.select_for_update(of=("self",))
        .select_related("measure__plan")
        .get(pk=project.pk)
    )
    check_seen(seen, parties_mark(locked), newer_parties())
    territory = locked.measure.plan.territory
    allowed = {None, territory.pk}
    if any(row.territory_id not in allowed or row.pk == locked.provider_id for row in partners):
        raise DomainError(
            "foreign_organisation",
            _("Partners are others of this territory; the provider stands above already."),
        )
    if any(row.kind == OrganisationKind.FUNDER for row in partners):
        raise DomainError("partner_is_funder", _("A funder pays for projects and is no partner of one."))
    if any(row.territory_id != territory.pk for row in areas):
        raise DomainError("foreign_area", _("The areas have to lie in this territory."))
    if any(row.plan_id != locked.measure.plan_id or row.pk == locked.measure_id for row in further_measures):
        raise DomainError("foreign_measure", _("Further measures are others of the same action plan."))
    locked.partners.exclude(organisation__in=partners).delete()
    have = set(locked.partners.values_list("organisation", flat=True))
    ProjectPartner.objects.bulk_create(
        ProjectPartner(project=locked, organisation=row) for row in partners if row.pk not in have
    )
    locked.areas.set(areas)
    locked.further_measures.set(further_measures)
    project_grant_rights(locked)
    log_action(
        "project.changed",
        user=user,
        obj=locked,
        territory=territory,
        data={
            "organisations": [row.name for row in partners],
            "areas": [row.name for row in areas],
            "measures": [row.number for row in further_measures],
        },
    )


def parties_mark(project: FundedProject) -> str:
    """Stands for partners, areas and further measures of a project (``project.common.seen``)."""
    return mark_of(
        *(
            sorted(rows.order_by().values_list(name, flat=True))
            for rows, name in (
                (project.partners, "organisation"),
                (project.areas, "pk"),
                (project.further_measures, "pk"),
            )
        )
    )


def newer_parties() -> str:
    """Somebody else has changed partners, areas or further measures since the form was opened; in words."""
    return str(
        _(
            "Somebody has changed partners, areas or further measures meanwhile. Look at the page of the "
            "project first; sending this form once more replaces them."
        )
    )
