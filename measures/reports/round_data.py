"""Measures of a frozen round as its progress report writes them (content: ``services.snapshots``)."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from measures.models import FigureKind, QualityStep
from measures.selectors.round_comparison import value_text
from measures.status import LIGHT_LABELS, Light, PortfolioState
from project.common.formats import date_de, decimal_de


@dataclass(frozen=True)
class RoundFigure:
    """A key figure of a round, its numbers as written.

    Attributes:
        title: Of the key figure.
        baseline: With its day.
        target: To be reached next, with its day; a dash without one.
        actual: Latest figure, with its day unless it is that of the round.
        expected: Where the path was on the day of the round.
        light: Traffic light.
        comment: Of those who reported, on the latest figure; "" if it is of an earlier round.
        asked_of: Organisation that reports; "" where nobody was asked.
        is_missing: Whether the report was called off.
        is_secret: Whether the latest figure is not told.
    """

    title: str
    baseline: str
    target: str
    actual: str
    expected: str
    light: Light
    comment: str
    asked_of: str
    is_missing: bool
    is_secret: bool


@dataclass(frozen=True)
class RoundMilestone:
    """A milestone of a round."""

    title: str
    planned_on: datetime.date
    due_on: datetime.date
    reached_on: datetime.date | None


@dataclass(frozen=True)
class RoundMeasure:
    """A measure as it stood in a round.

    Attributes:
        number: Of the measure.
        title: Of the measure.
        field: Number and title of its field of action.
        responsible: Organisation.
        state: The state told.
        computed: What figures, milestones and dates made of it.
        override_reason: Why another one was told; "" if none was.
        ends_on: Planned end.
        started_on: Actual start by then.
        ended_on: Actual end by then.
        milestones: By day.
        figures: Its key figures.
    """

    number: str
    title: str
    field: str
    responsible: str
    state: PortfolioState
    computed: PortfolioState
    override_reason: str
    starts_on: datetime.date
    ends_on: datetime.date
    started_on: datetime.date | None
    ended_on: datetime.date | None
    milestones: tuple[RoundMilestone, ...]
    figures: tuple[RoundFigure, ...]

    @property
    def name(self) -> str:
        """Number and title."""
        return f"{self.number} {self.title}"

    @property
    def milestone_words(self) -> str:
        """How many milestones are reached; a dash without any."""
        if not self.milestones:
            return "–"
        reached = sum(row.reached_on is not None for row in self.milestones)
        return _("%(reached)s of %(count)s") % {"reached": reached, "count": len(self.milestones)}

    def reasons(self, day: datetime.date) -> list[str]:
        """Why it slips: what planning said, dates, milestones, key figures with the comments on them."""
        found = [self.override_reason] if self.override_reason else []
        if self.ended_on is None and self.ends_on < day:
            found.append(_("Should have ended on %(day)s.") % {"day": date_de(self.ends_on)})
        if self.started_on is None and self.starts_on < day:
            found.append(_("Should have begun on %(day)s.") % {"day": date_de(self.starts_on)})
        found += [
            _("Milestone overdue since %(day)s: %(milestone)s")
            % {"day": date_de(row.due_on), "milestone": row.title}
            for row in self.milestones
            if row.reached_on is None and row.due_on < day
        ]
        for figure in self.figures:
            if figure.light in {Light.AT_RISK, Light.OFF_PATH}:
                words = f"{figure.title}: {LIGHT_LABELS[figure.light]} ({figure.actual})"
                found.append(f"{words}. {figure.comment}" if figure.comment else words)
        return found


def round_measure(row: Mapping[str, Any], day: str) -> RoundMeasure:
    """Read a measure of the content of a snapshot, and the day of its round."""
    return RoundMeasure(
        number=row["number"],
        title=row["title"],
        field=f"{row['field']['number']} {row['field']['title']}",
        responsible=row["responsible"],
        state=PortfolioState(row["state"]),
        computed=PortfolioState(row["computed"]),
        override_reason=row["override_reason"],
        starts_on=datetime.date.fromisoformat(row["starts_on"]),
        ends_on=datetime.date.fromisoformat(row["ends_on"]),
        started_on=_day(row["started_on"]),
        ended_on=_day(row["ended_on"]),
        milestones=tuple(
            RoundMilestone(
                stone["title"],
                datetime.date.fromisoformat(stone["planned_on"]),
                datetime.date.fromisoformat(stone["due_on"]),
                _day(stone["reached_on"]),
            )
            for stone in row["milestones"]
        ),
        figures=tuple(_figure(figure, day) for figure in row["figures"]),
    )


def _figure(figure: dict[str, Any], day: str) -> RoundFigure:
    latest = figure["actuals"][-1] if figure["actuals"] else None
    target = _next_target(figure, day)
    return RoundFigure(
        title=figure["title"],
        baseline=_dated(number_text(figure["baseline"], figure), figure["baseline_on"]),
        target=_dated(number_text(target["value"], figure), target["due_on"]) if target else "–",
        actual=_actual(figure, latest["day"], day) if latest else "–",
        expected=number_text(figure["expected"], figure),
        light=Light(figure["light"]),
        comment=latest["comment"] if latest and latest["day"] == day else "",
        asked_of=figure["asked_of"],
        is_missing=figure["is_missing"],
        is_secret=bool(latest and latest["is_secret"]),
    )


def _actual(figure: dict[str, Any], day: str, round_day: str) -> str:
    return value_text(figure) if day == round_day else _dated(value_text(figure), day)


def _next_target(figure: Mapping[str, Any], day: str) -> dict[str, Any] | None:
    """The target due on the day or next; after the last one, the last. Days in ISO sort as dates do."""
    targets: list[dict[str, Any]] = figure["targets"]
    return next((row for row in targets if row["due_on"] >= day), targets[-1] if targets else None)


def number_text(value: str | None, figure: Mapping[str, Any]) -> str:
    """A number of a frozen key figure as written, with its unit, or in words."""
    if value is None:
        return decimal_de(None)
    if figure["kind"] == FigureKind.QUALITY:
        return str(QualityStep(int(Decimal(value))).label)
    return f"{decimal_de(Decimal(value), figure['decimals'])}\N{NO-BREAK SPACE}{figure['unit']}"


def _dated(text: str, day: str) -> str:
    return f"{text}\n({date_de(datetime.date.fromisoformat(day))})"


def _day(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None
