"""Where measures stand, kept from look to look: lists filter, sort and count states in the database.

The state of a measure follows from its figures, milestones, dates and the day, and is reckoned in one place,
``portfolio.measure_lines``. For thousands of measures that takes seconds, so what came out is kept. It holds
as long as it is of today, rests on the dates, status and stage the measure has now, and nothing else changed
(``measures.changes`` marks that). Whoever asks for states through ``with_states`` gets them reckoned anew
where it does not hold. It is a copy like the pictures of areas, not a write on the measure.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.db import transaction
from django.db.models import CharField, Exists, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce

from measures.funding_changes import tallies_outdate
from measures.models import FigureStanding, FundedProject, KeyFigure, Measure, MeasureStanding
from measures.selectors.portfolio import measure_lines
from measures.status import Light

#: Measures reckoned in one go: bounds memory, and the parameters of a statement.
_CHUNK = 400
#: Columns of a measure and its plan from which its state follows.
_BASIS = ("status", "stage", "starts_on", "ends_on", "started_on", "ended_on", "plan__stage_two_opened_on")


def _basis() -> Func:
    """The columns as one text, made by the database, so that the kept one and the present one compare."""
    parts = [Coalesce(Cast(name, CharField()), Value("-")) for name in _BASIS]
    # ``Concat`` nests its parts, deeper than SQLite reads.
    return Func(*parts, template="%(expressions)s", arg_joiner=" || ' ' || ", output_field=CharField())


def with_states(measures: QuerySet[Measure], today: datetime.date) -> QuerySet[Measure]:
    """Measures with their standing joined: ``measure.standing.state``, ``standing__state`` in filters.

    Args:
        measures: Any.
        today: The day to look from.

    Returns:
        The same measures. Queries: 1 where everything is known; what is outdated takes some for every 400.
    """
    refresh(measures, today)
    return measures.select_related("standing")


def refresh(
    measures: QuerySet[Measure], today: datetime.date, *, most: int | None = None, follows: bool = True
) -> None:
    """Reckon the standings anew that do not hold any more. Queries: 1 if all hold.

    Args:
        measures: Any.
        today: The day to look from.
        most: Not more of them than this, for a look that must not wait; None for all.
        follows: Whether those of figures that follow an indicator are reckoned at any rate.
    """
    holding = MeasureStanding.objects.filter(
        measure=OuterRef("pk"), is_outdated=False, reckoned_on=today, basis=OuterRef("basis")
    )
    wanted = Q(~Exists(holding))
    if follows:
        # What follows an indicator of an area changes with a delivery, of which this app is not told.
        wanted |= Q(Exists(KeyFigure.objects.filter(measure=OuterRef("pk"), indicator__isnull=False)))
    rows = measures.order_by().annotate(basis=_basis()).filter(wanted)
    outdated = list(rows.values_list("pk", flat=True)[:most])
    for begin in range(0, len(outdated), _CHUNK):
        _reckon(outdated[begin : begin + _CHUNK], today)


def lights_refresh(
    projects: QuerySet[FundedProject], today: datetime.date, *, most: int, follows: bool = True
) -> None:
    """Reckon the lights of funded projects anew, as ``refresh`` does. Queries: 1 if all hold."""
    measures = Measure.objects.filter(pk__in=projects.order_by().values("measure"))
    refresh(measures, today, most=most, follows=follows)


def _reckon(keys: Sequence[int], today: datetime.date) -> None:
    """Reckon and keep; what somebody changed meanwhile stays outdated and is reckoned at the next look."""
    MeasureStanding.objects.bulk_create(
        [MeasureStanding(measure_id=key) for key in keys], ignore_conflicts=True
    )
    standings = MeasureStanding.objects.filter(measure__in=keys).order_by("pk")
    seen = dict(standings.values_list("measure", "changes"))
    rows = Measure.objects.filter(pk__in=keys).select_related("plan", "field", "parent__field")
    bases = dict(Measure.objects.filter(pk__in=keys).annotate(basis=_basis()).values_list("pk", "basis"))
    lines = {line.measure.pk: line for line in measure_lines(rows, today, latest_only=True)}
    with transaction.atomic():
        kept = []
        for row in standings.select_for_update(no_key=True):
            if row.changes != seen.get(row.measure_id) or row.measure_id not in lines:
                continue
            line = lines[row.measure_id]
            row.state, row.computed = line.state.value, (line.computed or line.state).value
            row.basis, row.reckoned_on, row.is_outdated = bases[row.measure_id], today, False
            kept.append(row)
        MeasureStanding.objects.bulk_update(
            kept, ["state", "computed", "basis", "reckoned_on", "is_outdated"]
        )
        done = [row.measure_id for row in kept]
        standing = FigureStanding.objects.filter(key_figure__measure__in=done)
        before = dict(standing.values_list("key_figure", "light"))
        standing.delete()
        FigureStanding.objects.bulk_create(
            [
                FigureStanding(key_figure=figure.figure, light=figure.light.value)
                for key in done
                for figure in lines[key].figures
            ],
            ignore_conflicts=True,
        )
        changed = [
            key
            for key in done
            if any(
                before.get(figure.figure.pk, Light.NO_DATA) != figure.light for figure in lines[key].figures
            )
        ]
        tallies_outdate(FundedProject.objects.filter(measure__in=changed))
