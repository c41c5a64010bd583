"""Checks that all services of this package share."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError, as_domain_error
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, require


def require_administrator(user: User | None, scope: Organisation) -> None:
    """Refuse whoever does not administer the scope; None is the system itself and passes.

    Raises:
        PermissionDenied: The user has no such right.
    """
    if user is not None:
        require(user, Perm.ADMINISTER_TERRITORY, scope)


def require_active(person: User) -> None:
    """Refuse a deactivated person.

    Raises:
        DomainError: ``person_inactive``.
    """
    if not person.is_active:
        raise DomainError(
            "person_inactive",
            _("%(person)s has been deactivated and takes no function.") % {"person": person},
        )


def save_checked(obj: models.Model) -> None:
    """Validate and save.

    Raises:
        DomainError: ``invalid`` with the sentences of the model.
    """
    try:
        obj.full_clean()
    except ValidationError as error:
        raise as_domain_error(error) from error
    obj.save()
