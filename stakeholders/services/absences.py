"""Writing when somebody is away: by themselves, or by who administers all they work for."""

from __future__ import annotations

import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from project.common.formats import date_de
from stakeholders.audit import log_action
from stakeholders.models import Absence, Organisation, User
from stakeholders.selectors import answers_for, scopes_of
from stakeholders.services._checks import require_active, save_checked


@transaction.atomic
def absence_add(
    person: User, *, starts_on: datetime.date, ends_on: datetime.date, reason: str, user: User | None
) -> Absence:
    """Enter that a person is away; the deputies of their seats stand in meanwhile.

    Args:
        person: Who is away.
        starts_on: First day.
        ends_on: Last day, today or later.
        reason: For themselves only; may be empty.
        user: Who acts: the person, or who answers for them; None for the system.

    Returns:
        The absence.

    Raises:
        PermissionDenied: The user is neither.
        DomainError: ``person_inactive``, ``ends_before_start``, ``absence_over``, ``absence_twice``.
    """
    _require_own(user, person)
    require_active(person)
    # Two entries at once: the second sees the first.
    User.objects.select_for_update().get(pk=person.pk)
    if ends_on < starts_on:
        raise DomainError("ends_before_start", _("The last day lies before the first."))
    if ends_on < timezone.localdate():
        raise DomainError("absence_over", _("This time is over; nobody can stand in any more."))
    other = Absence.objects.filter(user=person, starts_on__lte=ends_on, ends_on__gte=starts_on).first()
    if other is not None:
        raise DomainError(
            "absence_twice",
            _("%(person)s is entered as away from %(first)s to %(last)s already.")
            % {"person": person, "first": date_de(other.starts_on), "last": date_de(other.ends_on)},
        )
    absence = Absence(
        user=person, starts_on=starts_on, ends_on=ends_on, reason=reason.strip(), entered_by=user
    )
    save_checked(absence)
    _log("absence.entered", absence, user)
    return absence


@transaction.atomic
def absence_end(absence: Absence, *, user: User | None) -> Absence | None:
    """The person is back: the absence ends yesterday, or is taken back if it has not begun before today.

    Args:
        absence: One that has not ended.
        user: Who acts: the person, or who answers for them; None for the system.

    Returns:
        The absence with its last day; None where nothing of it is left.

    Raises:
        PermissionDenied: The user is neither.
        DomainError: ``absence_over``.
    """
    _require_own(user, absence.user)
    absence = Absence.objects.select_for_update().select_related("user").get(pk=absence.pk)
    today = timezone.localdate()
    if absence.ends_on < today:
        raise DomainError("absence_over", _("This absence is over."))
    if absence.starts_on >= today:
        _log("absence.withdrawn", absence, user)
        absence.delete()
        return None
    absence.ends_on = today - datetime.timedelta(days=1)
    save_checked(absence)
    _log("absence.ended", absence, user)
    return absence


def _require_own(user: User | None, person: User) -> None:
    if user is not None and user.pk != person.pk and not answers_for(user, person):
        raise PermissionDenied(
            str(_("Only the person, and who administers all they work for, may enter this."))
        )


def _log(action: str, absence: Absence, user: User | None) -> None:
    """That something was entered, in the log of each territory the person works for.

    Neither days nor reason: the log is kept for ever, and when somebody was ill has no place there.
    """
    territories: list[Organisation | None] = [*scopes_of(absence.user)] or [None]
    for territory in territories:
        log_action(action, user=user, obj=absence.user, territory=territory)
