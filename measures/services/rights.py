"""Who sees a measure or a funded project because their organisation takes part in it."""

from django.db.models import Q

from measures.models import FundedProject, Measure
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, grant_only, organisation_groups


def measure_grant_rights(measure: Measure) -> None:
    """Let the people of the responsible and the partner organisations see the measure, and nobody else.

    Staff of the territory see it anyway. Called whenever the parties may have changed; idempotent.
    """
    parties = Organisation.objects.filter(
        Q(pk=measure.responsible_id) | Q(partnerships__measure=measure)
    ).distinct()
    grant_only(Perm.VIEW_MEASURE, organisation_groups(parties), measure)


def project_grant_rights(project: FundedProject) -> None:
    """Let the people of funder and provider follow the project, and nobody else; idempotent."""
    grant_only(Perm.TRACK_PROJECT, organisation_groups([project.funder, project.provider]), project)
