"""Who sees a measure or a funded project because their organisation takes part in it."""

from django.db.models import Q

from measures.models import FundedProject, Measure, Programme
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, grant_only, organisation_groups


def measure_grant_rights(measure: Measure) -> None:
    """Let those see the measure who are responsible, partner, or report one of its figures; nobody else.

    Staff of the territory see it anyway. Called whenever the parties may have changed; idempotent.
    """
    parties = Organisation.objects.filter(
        Q(pk=measure.responsible_id)
        | Q(partnerships__measure=measure)
        | Q(pk__in=measure.key_figures.filter(reporter__isnull=False).values("reporter"))
    ).distinct()
    grant_only(Perm.VIEW_MEASURE, organisation_groups(parties), measure)


def project_grant_rights(project: FundedProject) -> None:
    """Let the people of funder, provider and its partners follow the project, and nobody else; idempotent.

    Advisers follow all projects of a programme by the right on it (``programme_grant_rights``).
    """
    partners = Organisation.objects.filter(shared_projects__project=project)
    parties = [project.funder, project.provider, *partners]
    grant_only(Perm.TRACK_PROJECT, organisation_groups(parties), project)


def programme_grant_rights(programme: Programme) -> None:
    """Let the people of the advisers let in read the projects of a programme, and nobody else; idempotent."""
    advisers = Organisation.objects.filter(
        advised_programmes__programme=programme, advised_programmes__until__isnull=True
    ).distinct()
    grant_only(Perm.FOLLOW_PROGRAMME, organisation_groups(advisers), programme)
