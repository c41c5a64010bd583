"""Reading the audit log."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.urls import reverse

from stakeholders.models import LogEntry, Organisation, User
from stakeholders.permissions import Perm, visible

#: Code of a visitor's choice of a person on the demo page.
DEMO_SIGN_IN = "person.looked_round"


def audit_territories(user: User | AnonymousUser) -> QuerySet[Organisation]:
    """Territories whose log a person may read. Queries: none of its own."""
    return visible(user, Perm.VIEW_AUDIT_LOG, Organisation.objects.all())


def audit_entries(user: User | AnonymousUser) -> QuerySet[LogEntry]:
    """Entries a person may read, newest first; entries above all territories are read by nobody here."""
    return (
        LogEntry.objects.filter(territory__in=audit_territories(user))
        .select_related("user", "territory", "content_type")
        .order_by("-at", "-pk")
    )


def audit_actions(user: User | AnonymousUser) -> list[str]:
    """Codes that occur in the log of a person's territories, for the filter. Queries: 1."""
    return list(audit_entries(user).order_by("action").values_list("action", flat=True).distinct())


@dataclasses.dataclass(frozen=True)
class _Page:
    """Page of a kind of thing, and the right that opens it: on the thing, or on what it belongs to."""

    name: str
    perm: Perm
    through: tuple[str, str] | None = None
    only: Q = dataclasses.field(default_factory=Q)


#: Things of higher layers are named by text: this layer does not know them.
_PAGES = {
    "stakeholders.organisation": _Page("stakeholders:organisation-detail", Perm.VIEW_ORGANISATION),
    "stakeholders.body": _Page("stakeholders:body-detail", Perm.VIEW_BODY),
    "monitoring.area": _Page("monitoring:area-detail", Perm.VIEW_AREA),
    "monitoring.delivery": _Page("monitoring:delivery-detail", Perm.VIEW_DELIVERY),
    "measures.actionplan": _Page("measures:plan-detail", Perm.VIEW_PLAN),
    "measures.measure": _Page("measures:measure-detail", Perm.VIEW_MEASURE),
    "measures.fundedproject": _Page("measures:project-detail", Perm.TRACK_PROJECT),
    "measures.programme": _Page("measures:programme-detail", Perm.VIEW_PROGRAMME),
    "workflows.planningcycle": _Page("workflows:cycle-detail", Perm.VIEW_CYCLE),
    # What was never submitted may be read by those who take part in the conference only.
    "workflows.recommendation": _Page(
        "workflows:recommendation-detail",
        Perm.VIEW_CYCLE,
        ("cycle", "workflows.planningcycle"),
        Q(versions__submitted_at__isnull=False),
    ),
    "workflows.decision": _Page(
        "workflows:decision-detail", Perm.VIEW_CYCLE, ("recommendation__cycle", "workflows.planningcycle")
    ),
    # Beside the supplier only planning reads a requested delivery.
    "workflows.datarequest": _Page(
        "workflows:request-detail",
        Perm.PLAN_TERRITORY,
        ("cycle__territory", "stakeholders.organisation"),
    ),
    "workflows.meeting": _Page(
        "workflows:meeting-detail", Perm.VIEW_CYCLE, ("cycle", "workflows.planningcycle")
    ),
}


def audit_pages(user: User | AnonymousUser, entries: Sequence[LogEntry]) -> dict[int, str]:
    """Where the things of entries are shown, for those that the person may see.

    Args:
        user: Who reads the log.
        entries: Entries of one page, content types joined.

    Returns:
        Address by key of the entry. Queries: 1 a kind of thing.
    """
    kinds: dict[str, list[LogEntry]] = {}
    for entry in entries:
        if entry.content_type is not None and entry.object_id is not None:
            kinds.setdefault(f"{entry.content_type.app_label}.{entry.content_type.model}", []).append(entry)
    pages: dict[int, str] = {}
    for kind, found in kinds.items():
        page = _PAGES.get(kind)
        if page is None:
            continue
        rows = apps.get_model(kind)._default_manager.filter(
            page.only, pk__in={entry.object_id for entry in found}
        )
        if page.through is None:
            rows = visible(user, page.perm, rows)
        else:
            path, owner = page.through
            owners = visible(user, page.perm, apps.get_model(owner)._default_manager.all())
            rows = rows.filter(**{f"{path}__in": owners.values("pk")})
        seen = set(rows.values_list("pk", flat=True))
        pages |= {
            entry.pk: reverse(page.name, args=[entry.object_id]) for entry in found if entry.object_id in seen
        }
    return pages
