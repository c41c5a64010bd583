"""Writing the audit log: one call per act of consequence, in the act's own transaction."""

from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models

from stakeholders.models import LogEntry, Organisation, User

OBJECT_LABEL_LENGTH = 250


def log_action(
    action: str,
    *,
    user: User | None,
    obj: models.Model,
    territory: Organisation | None,
    data: dict[str, Any] | None = None,
) -> LogEntry:
    """Record an act of consequence.

    Args:
        action: Stable code ``<entity>.<past participle>``.
        user: Who acted; None for the system itself.
        obj: What was acted on.
        territory: Tenant whose log shows the entry; None for things above tenants.
        data: What matters for understanding it later; JSON-serialisable, no secrets, no raw figures.

    Returns:
        The new entry.
    """
    return LogEntry.objects.create(
        action=action,
        user=user,
        territory=territory,
        content_type=ContentType.objects.get_for_model(obj, for_concrete_model=False),
        object_id=obj.pk,
        object_label=str(obj)[:OBJECT_LABEL_LENGTH],
        data=data or {},
    )
