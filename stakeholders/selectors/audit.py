"""Reading the audit log."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from stakeholders.models import LogEntry, Organisation, User
from stakeholders.permissions import Perm, visible


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
