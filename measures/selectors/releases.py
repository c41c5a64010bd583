"""What the public reads of plans: the last release, and what changed from one to the next."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db.models import OuterRef, QuerySet, Subquery

from measures.models import (
    ActionPlan,
    FigureKind,
    FundedProject,
    Measure,
    Milestone,
    PlanRelease,
    QualityStep,
)
from measures.services.releases import FIELDS
from measures.status import STATE_LABELS, PortfolioState, state_badge
from monitoring.secrecy import is_small
from project.common.formats import Badge, decimal_de, is_german

#: Values of a measure -> the field they belong to.
_FIELD_OF: Final = {
    "starts_on": "dates",
    "ends_on": "dates",
    "started_on": "dates",
    "ended_on": "dates",
}
#: Always told; the template has their words.
_OWN: Final = ("number", "title", "field")


def public_releases() -> QuerySet[PlanRelease]:
    """The last release of each plan that is public, by territory. Queries: none of its own."""
    last = PlanRelease.objects.filter(plan=OuterRef("plan")).order_by("-number")
    return (
        PlanRelease.objects.filter(pk=Subquery(last.values("pk")[:1]))
        .exclude(content={})
        .select_related("plan__territory")
        .order_by("plan__territory__name", "plan__title")
    )


def released_measure(measure: Measure) -> Mapping[str, Any] | None:
    """A measure as the last release of its plan has it; None if it is in none. Queries: 1."""
    release = public_releases().filter(plan=measure.plan_id).first()
    rows = release.content.get("measures", []) if release is not None else []
    return next((row for row in rows if row["key"] == measure.pk), None)


@dataclass(frozen=True)
class BehindProject:
    """What the papers of a project may tell of the measure behind it.

    Attributes:
        measure: Number and title; None where they are not told.
        milestones: As they are now.
    """

    measure: tuple[str, str] | None
    milestones: Sequence[Milestone]


def behind_project(project: FundedProject) -> BehindProject:
    """What the papers of a project may tell of its measure: funder and provider are none of the planning.

    A house that is responsible for the measure tells of its own work. Of the measure of another one only
    what was released is told. Queries: 1 or 2.
    """
    measure = project.measure
    rows = list(measure.milestones.order_by("due_on", "pk"))
    if project.provider_id == measure.responsible_id:
        return BehindProject((measure.number, measure.title), rows)
    told = released_measure(measure)
    if told is None:
        return BehindProject(None, [])
    titles = {row["title"] for row in told.get("milestones", [])}
    names = (str(told["number"]), str(told["title"]))
    return BehindProject(names, [row for row in rows if row.title in titles])


@dataclass(frozen=True)
class PublicFigure:
    """A key figure as the public reads it; what is secret today stays so, whatever was released."""

    told: Mapping[str, Any]

    @property
    def unit(self) -> str:
        """Symbol in the language of the page."""
        return str(self.told["unit"]["de" if is_german() else "en"])

    def number(self, text: str | None) -> str:
        """A number with its unit; secret ones and missing ones are a dash."""
        if text is None or self.is_secret(text):
            return decimal_de(None)
        return self._written(text)

    def _written(self, text: str) -> str:
        """A number with its unit, a judgement in its words."""
        if self.is_judged:
            return str(QualityStep(int(Decimal(text))).label)
        return f"{decimal_de(text, self.told['unit']['decimals'])}\u00a0{self.unit}"

    def axis_label(self, value: float) -> str:
        """A number of the chart's axis: without its unit, or the step of a judgement."""
        if self.is_judged:
            return str(QualityStep(round(value)).label)
        return decimal_de(value, self.told["unit"]["decimals"])

    @property
    def is_judged(self) -> bool:
        """Whether it is judged in steps and not counted."""
        return self.told.get("kind") == FigureKind.QUALITY

    @property
    def follows(self) -> Mapping[str, str] | None:
        """Indicator and area whose figures it takes by itself; None if it is reported."""
        found: Mapping[str, str] | None = self.told.get("follows")
        return found

    def is_secret(self, text: str | None) -> bool:
        """Whether a number counts so few people that it is not shown."""
        return bool(self.told["is_count"]) and text is not None and is_small(float(text))

    @property
    def title(self) -> str:
        """Title."""
        return str(self.told["title"])

    @property
    def baseline(self) -> str:
        """Where it began."""
        return self.number(self.told["baseline"])

    @property
    def baseline_on(self) -> datetime.date | None:
        """Day of the baseline."""
        return _day(self.told["baseline_on"])

    @property
    def targets(self) -> list[tuple[datetime.date | None, str]]:
        """Day and target."""
        return [(_day(row["due_on"]), self._target(row)) for row in self.told["targets"]]

    def _target(self, row: Mapping[str, str]) -> str:
        wording = row.get("wording", "")
        return f"{self._written(row['value'])}: {wording}" if wording else self._written(row["value"])

    @property
    def actuals(self) -> list[tuple[datetime.date | None, str, bool]]:
        """Day, what was reached, and whether it is kept secret."""
        return [
            (_day(row["day"]), self.number(row["value"]), row["is_secret"] or self.is_secret(row["value"]))
            for row in self.told.get("actuals", [])
        ]

    @property
    def rows(self) -> list[tuple[datetime.date | None, str, str, bool]]:
        """Day, target, what was reached, and whether that is kept secret; a line a day."""
        dash = decimal_de(None)
        targets = dict(self.targets)
        actuals = {day: (text, is_secret) for day, text, is_secret in self.actuals}
        days = {day for day in (*targets, *actuals) if day is not None}
        return [(day, targets.get(day, dash), *actuals.get(day, (dash, False))) for day in sorted(days)]

    @property
    def points(self) -> tuple[list[tuple[datetime.date, float]], list[tuple[datetime.date, float]]]:
        """Path and actuals for the chart; none of them secret."""
        path = [(self.told["baseline_on"], self.told["baseline"])]
        path += [(row["due_on"], row["value"]) for row in self.told["targets"]]
        shown = [
            (row["day"], row["value"])
            for row in self.told.get("actuals", [])
            if row["value"] is not None and not self.is_secret(row["value"])
        ]
        if path[0][1] is None or self.is_secret(path[0][1]):
            path = path[1:]
        return [_point(*pair) for pair in path], [_point(*pair) for pair in shown]


def _point(day: str, value: str) -> tuple[datetime.date, float]:
    return datetime.date.fromisoformat(day), float(Decimal(value))


@dataclass(frozen=True)
class PublicMeasure:
    """A measure as the public reads it: ``told`` holds the released values and no others."""

    told: Mapping[str, Any]
    field_title: str

    @property
    def is_part(self) -> bool:
        """Whether it is a part of another measure, as its number says."""
        return str(self.told["number"]).count(".") > 1

    @property
    def badge(self) -> Badge | None:
        """The state, if it is released."""
        state = self.told.get("state")
        if state is None:
            return None
        return state_badge(PortfolioState(state["code"]), waits_for_stage_two=state["waits_for_stage_two"])

    @property
    def first_day(self) -> datetime.date | None:
        """Actual or planned start, if released."""
        return _day(self.told.get("started_on")) or _day(self.told.get("starts_on"))

    @property
    def last_day(self) -> datetime.date | None:
        """Actual or planned end, if released."""
        return _day(self.told.get("ended_on")) or _day(self.told.get("ends_on"))

    @property
    def figures(self) -> list[PublicFigure]:
        """Its key figures."""
        return [PublicFigure(row) for row in self.told.get("figures", [])]

    @property
    def milestones(self) -> list[tuple[str, datetime.date | None, datetime.date | None]]:
        """Title, due day, day reached."""
        rows = self.told.get("milestones", [])
        return [(row["title"], _day(row["due_on"]), _day(row["reached_on"])) for row in rows]

    @property
    def search_text(self) -> str:
        """Everything a search looks at."""
        names = ("number", "title", "short_description", "description", "target_group", "responsible")
        return " ".join(str(self.told.get(name, "")) for name in names).casefold()


def _day(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None


def public_measures(content: Mapping[str, Any]) -> list[PublicMeasure]:
    """Measures of a release in their order."""
    titles = {row["number"]: f"{row['number']} {row['title']}" for row in content.get("fields_of_action", [])}
    return [PublicMeasure(row, titles.get(row["field"], "")) for row in content.get("measures", [])]


def filtered_measures(
    rows: Iterable[PublicMeasure], *, search: str, field: str, state: str
) -> list[PublicMeasure]:
    """Measures that fit a search, a field of action (its number) and a state."""
    return [
        row
        for row in rows
        if (not search or search.casefold() in row.search_text)
        and (not field or str(row.told["field"]) == field)
        and (not state or row.told.get("state", {}).get("code") == state)
    ]


def states_in(rows: Iterable[PublicMeasure]) -> list[tuple[str, Any]]:
    """States of measures, in the order of the tiles."""
    there = {row.told["state"]["code"] for row in rows if "state" in row.told}
    return [(state.value, label) for state, label in STATE_LABELS.items() if state.value in there]


@dataclass(frozen=True)
class MeasureDiff:
    """What is new with a measure."""

    key: int
    number: str
    title: str
    #: "added", "changed" or "removed".
    kind: str
    fields: tuple[Any, ...] = ()


@dataclass(frozen=True)
class ReleaseDiff:
    """What a release brought against the one before."""

    release: PlanRelease
    rows: tuple[MeasureDiff, ...]


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[MeasureDiff]:
    """Measures that were added, changed or removed between two contents."""
    old = {row["key"]: row for row in before.get("measures", [])}
    new = {row["key"]: row for row in after.get("measures", [])}
    found = []
    for key, row in new.items():
        if key not in old:
            found.append(MeasureDiff(key, row["number"], row["title"], "added"))
        elif old[key] != row:
            found.append(MeasureDiff(key, row["number"], row["title"], "changed", _labels(old[key], row)))
    found += [
        MeasureDiff(key, row["number"], row["title"], "removed") for key, row in old.items() if key not in new
    ]
    return found


def _labels(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Any, ...]:
    names = {_FIELD_OF.get(name, name) for name in [*after, *before] if before.get(name) != after.get(name)}
    # In the order of the fields, not of the stored texts: PostgreSQL keeps them in another one.
    return tuple(name for name in _OWN if name in names) + tuple(
        label for name, label in FIELDS.items() if name in names
    )


def change_log(plan: ActionPlan) -> list[ReleaseDiff]:
    """What the releases of a plan brought, latest first; only what may be told today.

    A measure that is not public any more is never named, and what was public before the plan was last taken
    back is not told at all.

    Queries: 1.
    """
    rows: Sequence[PlanRelease] = list(plan.releases.order_by("number"))
    begin = max((place + 1 for place, row in enumerate(rows) if not row.content), default=0)
    rows = rows[begin:]
    if not rows:
        return []
    now = {row["key"] for row in rows[-1].content["measures"]}
    found = []
    for place, row in enumerate(rows):
        before = rows[place - 1].content if place else {}
        changes = difference(before, row.content)
        told = tuple(change for change in changes if change.key in now and change.kind != "removed")
        found.append(ReleaseDiff(row, told if place else ()))
    return found[::-1]
