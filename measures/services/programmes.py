"""Writes on funding programmes and their yearly calls."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from measures.models import Programme, ProgrammeCall
from project.common.errors import DomainError, as_domain_error
from project.common.seen import check_seen, mark_of
from stakeholders.audit import log_action
from stakeholders.models import Organisation, OrganisationKind, User
from stakeholders.permissions import Perm, require


@dataclasses.dataclass(frozen=True)
class ProgrammeFields:
    """What a programme is; see the model for each."""

    title: str
    goals: str = ""
    legal_basis: str = ""
    own_share_percent: Decimal = Decimal(10)
    deviation_percent: Decimal = Decimal(20)
    fund: str = ""
    specific_objective: str = ""
    intervention: str = ""


@dataclasses.dataclass(frozen=True)
class CallFields:
    """What a call is; see the model for each."""

    year: int
    goals: str = ""
    closes_on: datetime.date | None = None
    budget: Decimal | None = None
    esf_percent: Decimal | None = None
    state_percent: Decimal | None = None
    cost_kinds: Sequence[str] = ()
    indicators: Sequence[str] = ()


@transaction.atomic
def programme_create(*, funder: Organisation, fields: ProgrammeFields, user: User) -> Programme:
    """Record a programme of a funder.

    Raises:
        PermissionDenied: The user does not act for the funder.
        DomainError: ``not_a_funder``, ``programme_exists``, ``invalid``.
    """
    require(user, Perm.ACT_FOR_ORGANISATION, funder)
    if funder.kind != OrganisationKind.FUNDER:
        raise DomainError("not_a_funder", _("%(name)s is no funder.") % {"name": funder.label})
    row = _written(Programme(funder=funder), fields)
    _log_created(row, user)
    return row


def _log_created(row: Programme, user: User | None) -> None:
    """Into the log of the funder, which is its own: it works for several territories."""
    log_action(
        "programme.created",
        user=user,
        obj=row,
        territory=row.funder.scope,
        data={"funder": row.funder.name},
    )


@transaction.atomic
def programme_change(
    programme: Programme, *, fields: ProgrammeFields, user: User, seen: str = ""
) -> Programme:
    """Change what a programme is; notices already recorded stay as they are.

    Args:
        programme: The programme.
        fields: What it is from now on.
        user: Who changes it; acts for the funder.
        seen: ``entry_mark`` of what the person saw; left out nothing is compared.

    Raises:
        PermissionDenied: The user does not act for the funder.
        DomainError: ``changed_meanwhile``, ``programme_exists``, ``invalid``.
    """
    require(user, Perm.MANAGE_PROGRAMME, programme)
    row = Programme.objects.select_for_update(of=("self",)).select_related("funder").get(pk=programme.pk)
    check_seen(seen, entry_mark(row, ProgrammeFields), _meanwhile(row.title))
    _written(row, fields)
    log_action(
        "programme.changed",
        user=user,
        obj=row,
        territory=row.funder.scope,
        data={"funder": row.funder.name},
    )
    return row


def _written(row: Programme, fields: ProgrammeFields) -> Programme:
    twice = DomainError("programme_exists", _("This funder has a programme of that name already."))
    for name, value in vars(fields).items():
        setattr(row, name, value.strip() if isinstance(value, str) else value)
    if Programme.objects.filter(funder=row.funder, title=row.title).exclude(pk=row.pk).exists():
        raise twice
    _save(row, twice)
    return row


def programme_for(
    *, funder: Organisation, title: str, is_example: bool, user: User | None = None
) -> Programme:
    """A funder's programme by its name, as written in a notice; recorded if it is new.

    Args:
        funder: The funder.
        title: Name of the programme.
        is_example: Whether it is invented for show.
        user: Who records it, for the log of the funder.

    Raises:
        DomainError: ``invalid`` for a name that is too long.
    """
    title = " ".join(title.split())
    # Planners type the name: with another case it is the same programme.
    found = funder.programmes.filter(title=title).first() or (
        funder.programmes.filter(title__iexact=title).order_by("pk").first()
    )
    if found is not None:
        return found
    row = Programme(funder=funder, title=title, is_example=is_example)
    try:
        row.full_clean()
    except ValidationError as error:
        raise as_domain_error(error) from error
    # Two at once get the same row.
    made, is_new = Programme.objects.get_or_create(
        funder=funder, title=row.title, defaults={"is_example": is_example}
    )
    if is_new:
        _log_created(made, user)
    return made


@transaction.atomic
def call_save(
    programme: Programme,
    *,
    fields: CallFields,
    user: User,
    call: ProgrammeCall | None = None,
    seen: str = "",
) -> ProgrammeCall:
    """Record a call of a programme, or change one; notices already recorded stay as they are.

    Args:
        programme: The programme.
        fields: What the call is.
        user: Who records it; acts for the funder.
        call: The one to change.
        seen: ``entry_mark`` of what the person saw of it; left out nothing is compared.

    Raises:
        PermissionDenied: The user does not act for the funder.
        DomainError: ``changed_meanwhile``, ``call_exists``, ``call_named``, ``shares_over_hundred``,
            ``invalid``.
        ProgrammeCall.DoesNotExist: The call belongs to another programme.
    """
    require(user, Perm.MANAGE_PROGRAMME, programme)
    if (fields.esf_percent or 0) + (fields.state_percent or 0) > 100:
        raise DomainError("shares_over_hundred", _("ESF and state together pay at most 100 %."))
    row = ProgrammeCall(programme=programme)
    if call is not None:
        row = ProgrammeCall.objects.select_for_update().get(pk=call.pk, programme=programme)
        check_seen(seen, entry_mark(row, CallFields), _meanwhile(str(row)))
        if fields.year != row.year and row.notices.exists():
            raise DomainError(
                "call_named",
                _("Grant notices name the call of %(year)s: its year stays.") % {"year": row.year},
            )
    twice = DomainError(
        "call_exists", _("There is a call for %(year)s already. Change that one.") % {"year": fields.year}
    )
    if programme.calls.filter(year=fields.year).exclude(pk=row.pk).exists():
        raise twice
    for name, value in vars(fields).items():
        setattr(row, name, list(value) if name in {"cost_kinds", "indicators"} else value)
    _save(row, twice)
    log_action(
        "call.changed" if call else "call.created",
        user=user,
        obj=programme,
        territory=programme.funder.scope,
        data={"year": str(row.year)},
    )
    return row


def _save(row: Programme | ProgrammeCall, twice: DomainError) -> None:
    try:
        row.full_clean()
        with transaction.atomic():
            row.save()
    except ValidationError as error:
        raise as_domain_error(error) from error
    except IntegrityError as error:  # two at once
        raise twice from error


def entry_mark(row: Programme | ProgrammeCall, fields: type[ProgrammeFields] | type[CallFields]) -> str:
    """Stands for what a programme or call says (``project.common.seen``)."""
    return mark_of(*(getattr(row, name) for name in fields.__dataclass_fields__))


def _meanwhile(name: str) -> str:
    return _(
        "Somebody has changed “%(name)s” meanwhile. Look at it first; "
        "sending this form once more replaces it."
    ) % {"name": name}
