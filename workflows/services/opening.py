"""Writes that come before a cycle can be opened."""

from __future__ import annotations

import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from measures.models import ActionPlan
from project.common.errors import DomainError, as_domain_error
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, require


@transaction.atomic
def plan_create(territory: Organisation, *, title: str, ends_on: datetime.date, user: User) -> ActionPlan:
    """Begin a new action plan for a territory.

    Raises:
        PermissionDenied: The user may not plan the territory.
        DomainError: ``plan_exists``, ``invalid``.
    """
    require(user, Perm.PLAN_TERRITORY, territory)
    if ActionPlan.objects.filter(territory=territory, title__iexact=title.strip()).exists():
        raise DomainError(
            "plan_exists", _("There is an action plan of this title already; choose it from the list.")
        )
    plan = ActionPlan(territory=territory, title=title.strip(), ends_on=ends_on)
    try:
        plan.full_clean()
    except ValidationError as error:
        raise as_domain_error(error) from error
    plan.save()
    log_action("plan.created", user=user, obj=plan, territory=territory, data={"ends_on": ends_on})
    return plan
