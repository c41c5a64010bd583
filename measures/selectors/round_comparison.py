"""Two closed rounds side by side: what became better or worse, is new, ended. Reads snapshots only."""

from __future__ import annotations

import dataclasses
import datetime
from collections import Counter
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from measures.models import ActionPlan, FigureKind, QualityStep, ReportingRound
from measures.status import Light, PortfolioState, light_badge, state_badge
from project.common.formats import SIGN_UNKNOWN, Badge, decimal_de


class Change(StrEnum):
    """What became of a measure or key figure from the earlier round to the later one."""

    WORSE = "worse"
    BETTER = "better"
    NEW = "new"
    ENDED = "ended"
    UNCHANGED = "unchanged"
    UNKNOWN = "unknown"


CHANGE_LABELS: Final[dict[Change, Promise]] = {
    Change.WORSE: _("worse"),
    Change.BETTER: _("better"),
    Change.NEW: pgettext_lazy("since the earlier round", "new"),
    Change.ENDED: pgettext_lazy("since the earlier round", "ended"),
    Change.UNCHANGED: _("unchanged"),
    Change.UNKNOWN: _("no data to compare"),
}
_CHANGE_KINDS: Final = {
    Change.WORSE: "danger",
    Change.BETTER: "success",
    Change.NEW: "info",
    Change.ENDED: "neutral",
    Change.UNCHANGED: "neutral",
    Change.UNKNOWN: "neutral",
}
#: From best to worst; what is not in here cannot be compared.
_STATES: Final = (PortfolioState.ON_PATH, PortfolioState.AT_RISK, PortfolioState.DELAYED)
_LIGHTS: Final = (Light.ON_PATH, Light.AT_RISK, Light.OFF_PATH)


@dataclasses.dataclass(frozen=True)
class Compared:
    """A measure or one of its key figures in two rounds; texts are empty where it was in one only.

    Attributes:
        measure: Key of the measure.
        number: Number of the measure in the later round, else in the earlier one.
        title: Of the measure.
        figure: Title of the key figure; empty for the measure itself.
        field: Field of action.
        change: What became of it.
        before: State or light in the earlier round.
        after: State or light in the later round.
        value_before: Value of a key figure in the earlier round.
        value_after: Value of a key figure in the later round.
    """

    measure: int
    number: str
    title: str
    figure: str
    field: str
    change: Change
    before: Badge | None
    after: Badge | None
    value_before: str = ""
    value_after: str = ""

    @property
    def badge(self) -> Badge:
        """The change in word and colour."""
        return Badge(_CHANGE_KINDS[self.change], str(CHANGE_LABELS[self.change]))


@dataclasses.dataclass(frozen=True)
class ComparisonFilter:
    """What a person wants to see of a comparison."""

    search: str = ""
    change: str = ""
    kind: str = ""  # measure, figure; empty for both
    field: str = ""


def frozen_rounds(plan: ActionPlan) -> list[ReportingRound]:
    """Rounds of a plan that can be compared, newest first. Queries: 1."""
    rows = plan.rounds.filter(snapshot__isnull=False).select_related("snapshot", "plan")
    return list(rows.order_by("-reference_on"))


def state_change(before: dict[str, Any] | None, after: dict[str, Any] | None) -> Change:
    """What became of a measure, by its told states.

    Args:
        before: Measure in the snapshot of the earlier round; None if it was not in it.
        after: The same of the later round.

    Returns:
        Ended once it has an end, or is not in the plan any more; new once it has begun, or came into the
        plan; else better or worse by its state, where both states say how it goes.
    """
    if after is None:
        return Change.ENDED
    if before is None:
        return Change.NEW
    if after["ended_on"]:
        return Change.UNCHANGED if before["ended_on"] else Change.ENDED
    if after["started_on"] and not before["started_on"] and after["state"] != PortfolioState.DELAYED:
        return Change.NEW
    return _by_rank(PortfolioState(before["state"]), PortfolioState(after["state"]), _STATES)


def light_change(before: dict[str, Any] | None, after: dict[str, Any] | None, *, is_over: bool) -> Change:
    """What became of a key figure, by its lights; as ``state_change``.

    Args:
        before: Key figure in the snapshot of the earlier round; None if it was not in it.
        after: The same of the later round.
        is_over: Whether its measure has ended between the rounds.
    """
    if after is None or is_over:
        return Change.ENDED
    if before is None:
        return Change.NEW
    if Light.NO_DATA in {before["light"], after["light"]}:
        return Change.UNKNOWN
    return _by_rank(Light(before["light"]), Light(after["light"]), _LIGHTS)


def _by_rank(before: Any, after: Any, ranks: tuple[Any, ...]) -> Change:
    if before == after:
        return Change.UNCHANGED
    if before not in ranks:
        # From "in preparation" to "delayed" it became worse; otherwise there is nothing to compare with.
        return Change.WORSE if after == ranks[-1] and before == PortfolioState.PREPARING else Change.UNKNOWN
    if after not in ranks:
        return Change.UNKNOWN
    return Change.WORSE if ranks.index(after) > ranks.index(before) else Change.BETTER


def compare_rounds(earlier: ReportingRound, later: ReportingRound) -> list[Compared]:
    """Two rounds of one plan side by side.

    Args:
        earlier: With its snapshot joined.
        later: The same.

    Returns:
        A row for each measure, followed by one for each of its key figures, by number. Queries: 0.
    """
    one = {row["pk"]: row for row in earlier.snapshot.content["measures"]}
    two = {row["pk"]: row for row in later.snapshot.content["measures"]}
    rows: list[Compared] = []
    for pk in {**one, **two}:
        before, after = one.get(pk), two.get(pk)
        shown = after or before
        assert shown is not None
        change = state_change(before, after)
        rows.append(_measure_row(shown, change, before, after))
        rows += _figure_rows(shown, before, after, is_over=change is Change.ENDED)
    return sorted(rows, key=lambda row: _order(row.number))


def _order(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split("."))


def _measure_row(
    shown: dict[str, Any], change: Change, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Compared:
    return Compared(
        measure=shown["pk"],
        number=shown["number"],
        title=shown["title"],
        figure="",
        field=shown["field"]["title"],
        change=change,
        before=state_badge(PortfolioState(before["state"])) if before else None,
        after=state_badge(PortfolioState(after["state"])) if after else None,
    )


def _figure_rows(
    shown: dict[str, Any], before: dict[str, Any] | None, after: dict[str, Any] | None, *, is_over: bool
) -> list[Compared]:
    one = {row["pk"]: row for row in (before or {"figures": []})["figures"]}
    two = {row["pk"]: row for row in (after or {"figures": []})["figures"]}
    rows = []
    for pk, figure in {**one, **two}.items():
        was, now = one.get(pk), two.get(pk)
        if before and before["ended_on"] and was and now:
            change = Change.UNCHANGED  # over in both rounds
        else:
            change = light_change(was, now, is_over=is_over)
        rows.append(
            Compared(
                measure=shown["pk"],
                number=shown["number"],
                title=shown["title"],
                figure=figure["title"],
                field=shown["field"]["title"],
                change=change,
                before=light_badge(Light(was["light"])) if was else None,
                after=light_badge(Light(now["light"])) if now else None,
                value_before=value_text(was),
                value_after=value_text(now),
            )
        )
    return rows


def value_text(figure: dict[str, Any] | None) -> str:
    """The latest value of a frozen key figure as written; a dash without one."""
    latest = figure["actuals"][-1] if figure and figure["actuals"] else None
    if figure is None or latest is None:
        return decimal_de(None)
    if latest["is_secret"]:
        return SIGN_UNKNOWN
    if latest["value"] is None:
        return decimal_de(None)
    value = Decimal(latest["value"])
    if figure["kind"] == FigureKind.QUALITY:
        return str(QualityStep(int(value)).label)
    return f"{decimal_de(value, figure['decimals'])}\u00a0{figure['unit']}"


def filtered_rows(rows: list[Compared], wanted: ComparisonFilter) -> list[Compared]:
    """Rows that fit everything of a filter."""
    term = wanted.search.casefold()
    return [
        row
        for row in rows
        if (not term or term in f"{row.number} {row.title} {row.figure}".casefold())
        and (not wanted.change or row.change == wanted.change)
        and (not wanted.kind or (wanted.kind == "figure") == bool(row.figure))
        and (not wanted.field or row.field == wanted.field)
    ]


def change_counts(rows: list[Compared]) -> Counter[Change]:
    """How many measures became what."""
    return Counter(row.change for row in rows if not row.figure)


def corrected_since(reporting_round: ReportingRound) -> list[tuple[str, datetime.date]]:
    """Organisations whose report was corrected after the round was frozen, with the day. Queries: 1."""
    closed_at = reporting_round.closed_at
    if closed_at is None:
        return []
    rows = reporting_round.reports.filter(version__gt=1, confirmed_at__gt=closed_at)
    found = rows.select_related("organisation").order_by("organisation__name", "version")
    return [
        (row.organisation.name, timezone.localdate(row.confirmed_at)) for row in found if row.confirmed_at
    ]
