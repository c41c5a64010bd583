"""Writes on what belongs to a measure: milestones, money, and the measures it needs first."""

from __future__ import annotations

import dataclasses
import datetime
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.models import FinanceLine, Measure, MeasureDependency, Milestone
from measures.moves import ENDED
from measures.services.locks import measure_lock
from project.common.errors import DomainError, as_domain_error
from project.common.formats import date_de
from project.common.seen import check_seen, mark_of
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm, can, require

Row = TypeVar("Row", bound=models.Model)


@dataclasses.dataclass(frozen=True)
class MilestoneInput:
    """A milestone as it should be; ``pk`` None is a new one, first planned for ``due_on``."""

    title: str
    due_on: datetime.date
    pk: int | None = None


@dataclasses.dataclass(frozen=True)
class FinanceInput:
    """A line of cost or funding; without a year it is for the whole term."""

    kind: str
    title: str
    amount: Decimal
    year: int | None = None
    payer: Organisation | None = None
    is_secured: bool = False
    pk: int | None = None


def milestones_save(measure: Measure, wanted: Sequence[MilestoneInput]) -> None:
    """Make the milestones of a measure those given; the day first planned stays.

    Raises:
        DomainError: ``milestone_twice``, ``milestone_after_plan``, ``milestone_reached`` where one that was
            reached would go, ``foreign_row``, ``invalid``.
    """
    titles = Counter(row.title.strip().casefold() for row in wanted)
    if titles and max(titles.values()) > 1:
        raise DomainError("milestone_twice", _("Each milestone needs a title of its own."))
    for row in wanted:
        if row.due_on > measure.plan.ends_on:
            raise DomainError(
                "milestone_after_plan",
                _("The milestone “%(title)s” must lie within the action plan (until %(day)s).")
                % {"title": row.title, "day": date_de(measure.plan.ends_on)},
            )
    existing = {row.pk: row for row in measure.milestones.all()}
    gone = [row for pk, row in existing.items() if pk not in {row.pk for row in wanted}]
    reached = [row.title for row in gone if row.reached_on is not None]
    if reached:
        raise DomainError(
            "milestone_reached",
            _("“%(title)s” has been reached and stays in the history of the measure.")
            % {"title": "”, “".join(reached)},
        )
    _drop(gone)
    for row in wanted:
        stored = _stored(existing, row.pk) or Milestone(measure=measure, planned_on=row.due_on)
        stored.title = row.title.strip()
        stored.due_on = row.due_on
        _save(stored)


def finance_save(measure: Measure, wanted: Iterable[FinanceInput]) -> None:
    """Make the lines of cost and funding of a measure those given.

    Raises:
        DomainError: ``amount_negative``, ``foreign_organisation``, ``foreign_row``, ``invalid``.
    """
    rows = list(wanted)
    for row in rows:
        if row.amount < 0:
            raise DomainError(
                "amount_negative",
                _("The amount of “%(title)s” is below zero. Enter what it costs, or what is paid.")
                % {"title": row.title},
            )
        if row.payer is not None and row.payer.territory_id not in {None, measure.plan.territory_id}:
            raise DomainError(
                "foreign_organisation",
                _("%(name)s belongs to another territory.") % {"name": row.payer.label},
            )
    existing = {row.pk: row for row in measure.finance_lines.all()}
    _drop(row for pk, row in existing.items() if pk not in {row.pk for row in rows})
    for row in rows:
        stored = _stored(existing, row.pk) or FinanceLine(measure=measure)
        stored.kind, stored.title, stored.amount = row.kind, row.title.strip(), row.amount
        stored.year, stored.payer, stored.is_secured = row.year, row.payer, row.is_secured
        _save(stored)


def dependencies_save(measure: Measure, wanted: Iterable[tuple[Measure, str]]) -> None:
    """Make the measures that a measure needs first those given, each with a note why.

    Raises:
        DomainError: ``needs_itself``, ``dependency_twice``, ``foreign_measure``, ``text_too_long``,
            ``dependency_ring`` with the numbers of the ring.
    """
    rows = list(wanted)
    keys = [needed.pk for needed, _note in rows]
    if measure.pk in keys:
        raise DomainError("needs_itself", _("A measure cannot wait for itself."))
    if len(keys) != len(set(keys)):
        raise DomainError("dependency_twice", _("Name each measure that is needed first once only."))
    if any(needed.plan_id != measure.plan_id for needed, _note in rows):
        raise DomainError("foreign_measure", _("The other measure belongs to another action plan."))
    check_length(MeasureDependency, "note", (note for _needed, note in rows))
    _check_ring(measure, keys)
    measure.needs.exclude(needed__in=keys).delete()
    for needed, note in rows:
        MeasureDependency.objects.update_or_create(
            measure=measure, needed=needed, defaults={"note": note.strip()}
        )


def check_length(model: type[models.Model], name: str, texts: Iterable[str]) -> None:
    """Whether texts fit into a column that is written without validation.

    Raises:
        DomainError: ``text_too_long`` with the limit and what is too long.
    """
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)
    limit = field.max_length
    assert limit is not None
    for text in texts:
        if len(text.strip()) > limit:
            raise DomainError(
                "text_too_long",
                _("“%(field)s” may have %(limit)s characters at most; “%(start)s…” has %(count)s.")
                % {
                    "field": field.verbose_name,
                    "limit": limit,
                    "start": text.strip()[:40],
                    "count": len(text.strip()),
                },
            )


def _check_ring(measure: Measure, keys: Sequence[int]) -> None:
    """Follow what is needed; coming back to where it began, nobody could ever begin. Queries: 1 or 2."""
    needs: dict[int, list[int]] = {}
    others = MeasureDependency.objects.filter(measure__plan=measure.plan_id).exclude(measure=measure)
    for before, after in others.values_list("measure", "needed"):
        needs.setdefault(before, []).append(after)
    ways = [[key] for key in keys]
    seen: set[int] = set()
    while ways:
        way = ways.pop()
        if way[-1] == measure.pk:
            raise DomainError(
                "dependency_ring",
                _("The measures would wait for each other: %(ring)s. Take one of these dependencies away.")
                % {"ring": " → ".join(_numbers([measure.pk, *way]))},
            )
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [[*way, key] for key in needs.get(way[-1], ())]


def _numbers(keys: Sequence[int]) -> list[str]:
    rows = Measure.objects.filter(pk__in=keys).select_related("field", "parent__field")
    numbers = {row.pk: row.number for row in rows}
    return [numbers[key] for key in keys]


def _drop(rows: Iterable[models.Model]) -> None:
    for row in rows:
        row.delete()


def _stored(existing: Mapping[int, Row], pk: int | None) -> Row | None:
    if pk is None:
        return None
    if pk not in existing:
        raise DomainError("foreign_row", _("A row of the form belongs to another measure. Load it anew."))
    return existing[pk]


def _save(row: models.Model) -> None:
    try:
        row.full_clean()
    except ValidationError as error:
        raise as_domain_error(error) from error
    row.save()


def may_tell_milestones(user: User, measure: Measure) -> bool:
    """Whether a person tells how far milestones are: of the responsible organisation, or planning."""
    if measure.status in ENDED:
        return False
    return bool(
        can(user, Perm.ACT_FOR_ORGANISATION, measure.responsible) or can(user, Perm.EDIT_MEASURE, measure)
    )


def milestone_mark(milestone: Milestone) -> str:
    """Stands for what is told of a milestone (``project.common.seen``)."""
    return mark_of(milestone.reached_on, milestone.due_on, milestone.note)


def _meanwhile(milestone: Milestone) -> Any:
    told = [_("planned for %(day)s") % {"day": date_de(milestone.due_on)}]
    if milestone.reached_on is not None:
        told.insert(0, _("reached on %(day)s") % {"day": date_de(milestone.reached_on)})
    if milestone.note:
        told.append(milestone.note)
    return _(
        "Somebody else has told of this milestone meanwhile: %(told)s. "
        "Send yours once more if it shall stand instead."
    ) % {"told": "; ".join(map(str, told))}


@transaction.atomic
def milestone_tell(
    milestone: Milestone,
    *,
    reached_on: datetime.date | None,
    due_on: datetime.date,
    note: str,
    user: User,
    seen: str = "",
) -> None:
    """Tell that a milestone was reached, or for which day it is planned now.

    Args:
        milestone: Its first planned day never changes, so that the delay stays visible.
        reached_on: Day on which it was reached; None while it is not.
        due_on: Day it is planned for now; a later one needs a note why.
        note: What to know about it.
        user: Of the responsible organisation, or planning.
        seen: ``milestone_mark`` of what the person saw; left out nothing is compared.

    Raises:
        PermissionDenied: The user is neither.
        DomainError: ``changed_meanwhile``, ``measure_ended``, ``reached_in_future``, ``note_missing``,
            ``milestone_after_plan``.
    """
    measure = milestone.measure
    measure_lock(measure)
    if measure.status in ENDED:
        raise DomainError("measure_ended", _("The measure has ended and is not changed any more."))
    if not can(user, Perm.EDIT_MEASURE, measure):
        require(user, Perm.ACT_FOR_ORGANISATION, measure.responsible)
    milestone.refresh_from_db(from_queryset=Milestone.objects.select_for_update(of=("self",)))
    check_seen(seen, milestone_mark(milestone), _meanwhile(milestone))
    if reached_on is not None and reached_on > timezone.localdate():
        raise DomainError("reached_in_future", _("A milestone cannot have been reached in the future."))
    if due_on > milestone.due_on and not note.strip():
        raise DomainError("note_missing", _("Say in a few words why it is reached later."))
    if due_on > measure.plan.ends_on:
        raise DomainError(
            "milestone_after_plan",
            _("The milestone “%(title)s” must lie within the action plan (until %(day)s).")
            % {"title": milestone.title, "day": date_de(measure.plan.ends_on)},
        )
    before = {"reached_on": milestone.reached_on, "due_on": milestone.due_on}
    milestone.reached_on, milestone.due_on, milestone.note = reached_on, due_on, note.strip()
    _save(milestone)
    log_action(
        "milestone.told",
        user=user,
        obj=measure,
        territory=measure.plan.territory,
        data={
            "milestone": milestone.title,
            "before": before,
            "reached_on": reached_on,
            "due_on": due_on,
            "note": milestone.note,
        },
    )
