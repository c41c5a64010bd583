"""Where the funded projects of a territory work: areas with the number of projects, nothing else of them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet

from measures.models import FundedProject
from monitoring.models import Area
from project.common.sorting import german_key, natural_key
from stakeholders.models import Organisation


@dataclasses.dataclass(frozen=True)
class ProjectMap:
    """Areas in which projects work.

    Attributes:
        rows: Areas by name, each with its number of projects.
        everywhere: Projects that belong to no single area.
    """

    rows: list[tuple[Area, int]]
    everywhere: int


def project_map(projects: QuerySet[FundedProject], territory: Organisation) -> ProjectMap:
    """Count projects by the areas they name; those that name none by the areas of their measure. Queries: 4.

    Args:
        projects: Those the person follows.
        territory: Of which territory.
    """
    own = FundedProject.areas.through._default_manager.filter(fundedproject=OuterRef("pk"))
    here: QuerySet[Any] = projects.filter(measure__plan__territory=territory).order_by()
    here = here.select_related(None)
    counts: Counter[int | None] = Counter()
    for names_own, path in ((True, "areas"), (False, "measure__areas")):
        rows = here.filter(Exists(own) if names_own else ~Exists(own))
        for area, count in rows.values_list(path).annotate(count=Count("pk", distinct=True)):
            counts[area] += count
    areas = Area.objects.filter(pk__in=[key for key in counts if key is not None]).defer("geometry")
    found = sorted(areas, key=lambda row: natural_key(german_key(row.name)))
    return ProjectMap([(row, counts[row.pk]) for row in found], counts[None])
