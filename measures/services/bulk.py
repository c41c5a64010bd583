"""One change to many measures at once: first what it would do to each, then all of them or none."""

from __future__ import annotations

import calendar
import dataclasses
import datetime
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol, TypeVar

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from measures.models import Goal, Measure, Stage
from measures.moves import ENDED
from measures.services.locks import measure_lock
from measures.services.stages import stage_refusal
from monitoring.models import Area
from project.common.errors import DomainError
from project.common.formats import period_de
from stakeholders.audit import log_action
from stakeholders.models import User
from stakeholders.permissions import Perm, visible

#: A shift by more is another plan.
MOST_MONTHS: Final = 60
#: Measures changed in one go at most.
MOST_MEASURES: Final = 500
_RowT = TypeVar("_RowT", Area, Goal)


class Act(models.TextChoices):
    """What can be done to many measures."""

    CONTACT = "contact", gettext_lazy("Enter another contact (function)")
    ADD_AREAS = "add_areas", gettext_lazy("Add areas")
    REMOVE_AREAS = "remove_areas", gettext_lazy("Take areas away")
    ADD_GOALS = "add_goals", gettext_lazy("Add goals")
    REMOVE_GOALS = "remove_goals", gettext_lazy("Take goals away")
    SHIFT_DATES = "shift_dates", gettext_lazy("Move the planned dates")
    MOVE_STAGE = "move_stage", gettext_lazy("Move to another planning stage")


@dataclasses.dataclass(frozen=True)
class BulkChange:
    """What is to be done to each of the measures.

    Attributes:
        act: Which change.
        reason: Why; stands in the log of each measure.
        contact_function: New contact, for ``CONTACT``.
        areas: For adding or taking away areas.
        goals: For adding or taking away goals.
        months: For moving dates; negative for earlier.
        stage: The ``Stage`` to move to, for ``MOVE_STAGE``.
    """

    act: Act
    reason: str
    contact_function: str = ""
    areas: Sequence[Area] = ()
    goals: Sequence[Goal] = ()
    months: int = 0
    stage: int = Stage.ONE


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What the change would do to one measure.

    Attributes:
        measure: Which.
        before: What is there, in words.
        after: What would be there.
        refused: Why it cannot be done; "" if it can.
    """

    measure: Measure
    before: str = ""
    after: str = ""
    refused: str = ""

    @property
    def is_same(self) -> bool:
        """Whether nothing would change."""
        return not self.refused and self.before == self.after


@dataclasses.dataclass(frozen=True)
class Preview:
    """What a change would do to all of them."""

    outcomes: list[Outcome]

    @property
    def refused_count(self) -> int:
        """Measures that cannot be changed; with any, none is."""
        return sum(bool(row.refused) for row in self.outcomes)

    @property
    def change_count(self) -> int:
        """Measures that would be changed."""
        return sum(not row.refused and not row.is_same for row in self.outcomes)

    @property
    def may_be_done(self) -> bool:
        """Whether there is something to do and nothing is refused."""
        return self.change_count > 0 and not self.refused_count

    @property
    def digest(self) -> str:
        """Stands for what the person saw: another one means that something changed meanwhile."""
        seen = [(row.measure.pk, row.before, row.after, row.refused) for row in self.outcomes]
        return hashlib.sha256(repr(seen).encode()).hexdigest()


class StageMover(Protocol):
    """Moves one measure to a stage, with its entries in history and log."""

    def __call__(self, measure: Measure, to: int, *, reason: str, user: User) -> object:
        """See ``services.stages.measure_move_stage``."""


def bulk_preview(
    measures: Sequence[Measure], change: BulkChange, *, held: Mapping[int, str], user: User
) -> Preview:
    """Say what a change would do to each measure. Writes nothing.

    Args:
        measures: With plan joined, areas and goals prefetched.
        change: What is to be done.
        held: Key of a measure -> why it cannot be changed now for what is going on around it.
        user: Who asks; measures they may not edit are refused.

    Returns:
        One outcome a measure, in their order. Queries: 1.
    """
    keys = [row.pk for row in measures]
    allowed = set(
        visible(user, Perm.EDIT_MEASURE, Measure.objects.filter(pk__in=keys)).values_list("pk", flat=True)
    )
    return Preview(
        [
            _outcome(row, change, may_edit=row.pk in allowed, held=str(held.get(row.pk, "")))
            for row in measures
        ]
    )


@transaction.atomic
def bulk_apply(
    measures: Sequence[Measure],
    change: BulkChange,
    *,
    seen: str,
    held_now: Callable[[], Mapping[int, str]],
    move_stage: StageMover,
    user: User,
) -> int:
    """Do a change to all measures, or to none. Pages call ``workflows.measure_bulk``, which knows the cases.

    Args:
        measures: Those of the preview.
        change: What is to be done.
        seen: ``Preview.digest`` of what the person agreed to.
        held_now: What ``bulk_preview`` takes as ``held``, asked for anew when the rows are held.
        move_stage: Moves one of them to a stage.
        user: Who does it; needs the right to edit each of them.

    Returns:
        Number of measures changed; each has an entry in the log.

    Raises:
        DomainError: ``reason_missing``, ``nothing_to_do``, ``changed_meanwhile`` where something is no longer
            as it was shown, ``refused`` where one of them cannot be changed.
    """
    if not change.reason.strip():
        raise DomainError("reason_missing", _("Say why the measures are changed."))
    for measure in sorted(measures, key=lambda row: row.pk):  # always in one order: no deadlock
        measure_lock(measure)
    keys = [row.pk for row in measures]
    rows = {row.pk: row for row in with_parts(Measure.objects.filter(pk__in=keys))}
    preview = bulk_preview([rows[key] for key in keys], change, held=held_now(), user=user)
    if preview.digest != seen:
        raise DomainError(
            "changed_meanwhile",
            _("Somebody changed one of these measures meanwhile. Nothing was saved; look at them anew."),
        )
    if preview.refused_count:
        raise DomainError("refused", _("One of the measures cannot be changed, so none was."))
    if not preview.change_count:
        raise DomainError("nothing_to_do", _("Nothing would change."))
    for row in preview.outcomes:
        if row.is_same:
            continue
        if change.act == Act.MOVE_STAGE:
            move_stage(row.measure, change.stage, reason=change.reason, user=user)
        else:
            _apply(row, change, user)
    return preview.change_count


def with_parts(measures: models.QuerySet[Measure]) -> models.QuerySet[Measure]:
    """Measures with what a change looks at. Queries: 2 besides its own."""
    joined = measures.select_related("plan__territory", "field", "parent__field", "responsible")
    return joined.prefetch_related("areas", "goals")


def _outcome(measure: Measure, change: BulkChange, *, may_edit: bool, held: str) -> Outcome:
    if not may_edit:
        return Outcome(measure, refused=_("You may not change this measure."))
    if measure.status in ENDED:
        return Outcome(measure, refused=_("The measure has ended and is not changed any more."))
    if held:
        return Outcome(measure, refused=held)
    match change.act:
        case Act.CONTACT:
            return Outcome(measure, measure.contact_function, change.contact_function.strip())
        case Act.ADD_AREAS | Act.REMOVE_AREAS:
            return _areas(measure, change)
        case Act.ADD_GOALS | Act.REMOVE_GOALS:
            return _goals(measure, change)
        case Act.SHIFT_DATES:
            return _dates(measure, change.months)
        case Act.MOVE_STAGE:
            before, after = measure.get_stage_display(), Stage(change.stage).label
            return Outcome(measure, before, str(after), str(stage_refusal(measure, change.stage)))


def _areas(measure: Measure, change: BulkChange) -> Outcome:
    if any(area.territory_id != measure.plan.territory_id for area in change.areas):
        return Outcome(measure, refused=_("An area belongs to another territory."))
    before, after = _sets(measure.areas.all(), change.areas, is_added=change.act == Act.ADD_AREAS)
    whole = _("whole territory")
    return Outcome(
        measure, ", ".join(row.name for row in before) or whole, ", ".join(row.name for row in after) or whole
    )


def _goals(measure: Measure, change: BulkChange) -> Outcome:
    if any(goal.plan_id != measure.plan_id for goal in change.goals):
        return Outcome(measure, refused=_("A goal belongs to another action plan."))
    before, after = _sets(measure.goals.all(), change.goals, is_added=change.act == Act.ADD_GOALS)
    return Outcome(measure, "; ".join(map(str, before)), "; ".join(map(str, after)))


def _sets(
    present: models.QuerySet[_RowT], named: Sequence[_RowT], *, is_added: bool
) -> tuple[list[_RowT], list[_RowT]]:
    """What is there and what would be, both by name."""
    before = {row.pk: row for row in present}
    keys = {row.pk for row in named}
    after = before | {row.pk: row for row in named} if is_added else {}
    if not is_added:
        after = {key: row for key, row in before.items() if key not in keys}
    return sorted(before.values(), key=str), sorted(after.values(), key=str)


def _dates(measure: Measure, months: int) -> Outcome:
    starts_on, ends_on = _shifted(measure, months)
    before = period_de(measure.starts_on, measure.ends_on)
    after = period_de(starts_on, ends_on)
    if ends_on < starts_on:
        return Outcome(measure, before, refused=_("The planned end would be before the planned start."))
    if ends_on > measure.plan.ends_on:
        return Outcome(measure, before, refused=_("The measure would end after the action plan."))
    return Outcome(measure, before, after)


def _shifted(measure: Measure, months: int) -> tuple[datetime.date, datetime.date]:
    """Planned start and end; what has begun keeps its start."""
    start = measure.starts_on if measure.started_on else months_later(measure.starts_on, months)
    return start, months_later(measure.ends_on, months)


def months_later(day: datetime.date, months: int) -> datetime.date:
    """The same day some months later; the last day of a month stays the last day.

    >>> months_later(datetime.date(2027, 1, 31), 1), months_later(datetime.date(2027, 2, 28), 1)
    (datetime.date(2027, 2, 28), datetime.date(2027, 3, 31))
    >>> months_later(datetime.date(2027, 1, 15), -2)
    datetime.date(2026, 11, 15)
    """
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(years, month + 1)[1]
    was_last = day.day == calendar.monthrange(day.year, day.month)[1]
    return datetime.date(years, month + 1, last if was_last else min(day.day, last))


def _apply(outcome: Outcome, change: BulkChange, user: User) -> None:
    measure = outcome.measure
    before = _entries(measure, change.act)
    match change.act:
        case Act.CONTACT:
            measure.contact_function = change.contact_function.strip()
            measure.save(update_fields=["contact_function"])
        case Act.SHIFT_DATES:
            measure.starts_on, measure.ends_on = _shifted(measure, change.months)
            measure.save(update_fields=["starts_on", "ends_on"])
        case Act.ADD_AREAS:
            measure.areas.add(*change.areas)
        case Act.REMOVE_AREAS:
            measure.areas.remove(*change.areas)
        case Act.ADD_GOALS:
            measure.goals.add(*change.goals)
        case Act.REMOVE_GOALS:
            measure.goals.remove(*change.goals)
        case Act.MOVE_STAGE:
            raise AssertionError("Stages are moved through the cases of the measures.")
    after = _entries(measure, change.act)
    log_action(
        "measure.changed",
        user=user,
        obj=measure,
        territory=measure.plan.territory,
        data={
            "reason": change.reason.strip(),
            "changed": {name: [before[name], after[name]] for name in before if before[name] != after[name]},
            "is_bulk": True,
        },
    )


def _entries(measure: Measure, act: Act) -> dict[str, object]:
    """The entries an act changes, under their names in the history (``field_names``)."""
    if act == Act.CONTACT:
        return {"contact_function": measure.contact_function}
    if act == Act.SHIFT_DATES:
        return {"starts_on": measure.starts_on.isoformat(), "ends_on": measure.ends_on.isoformat()}
    if act in {Act.ADD_AREAS, Act.REMOVE_AREAS}:
        return {"areas": [row.name for row in measure.areas.order_by("name")]}
    return {"goals": [str(row) for row in measure.goals.order_by("kind", "number")]}
