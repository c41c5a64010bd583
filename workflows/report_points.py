"""From what is missing in a draft of a report to the very field in which it is settled."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from measures.esf_rules import SEXES
from measures.forms.project_reports import line_mark
from measures.models import Receipt
from measures.report_rules import same_number
from measures.selectors.project_report_checks import (
    DRAWDOWN,
    NARRATIVE,
    PARTICIPANTS,
    RECEIPTS,
    Remark,
)


@dataclasses.dataclass(frozen=True)
class Point:
    """Something that is missing or worth a look, with the id of the element it is settled in."""

    anchor: str
    text: str


def receipt_anchor(row: Receipt) -> str:
    """Id of the line of a receipt."""
    return f"receipt-{row.pk}"


def points_of(
    remarks: Iterable[Remark], *, receipts: Sequence[Receipt], counts: Mapping[str, Mapping[str, int]]
) -> list[Point]:
    """Remarks with the ids they lead to. Queries: none.

    Args:
        remarks: About a draft.
        receipts: Its receipts that were not taken out.
        counts: Its participants: indicator -> sex -> people.

    Returns:
        In the same order; what is about no single field or line leads to its part.
    """
    lines = {same_number(row.number): receipt_anchor(row) for row in receipts}
    return [Point(_anchor(remark, lines, counts), remark.text) for remark in remarks]


def _anchor(remark: Remark, lines: Mapping[str, str], counts: Mapping[str, Mapping[str, int]]) -> str:
    about = remark.about
    if remark.code == "purpose_missing":
        return "id_purpose"
    if isinstance(about, tuple):  # a line of the account; receipts are held against it too
        field = "reason" if remark.code == "reason_missing" else "amount"
        return f"id_{field}_{line_mark(about)}"
    if not about:
        return remark.part
    if remark.part == PARTICIPANTS:
        return f"id_count_{about}_{_sex_of(remark, counts.get(about, {}))}"
    found = {
        NARRATIVE: f"id_narrative_{about}",
        RECEIPTS: lines.get(same_number(about), RECEIPTS),
        DRAWDOWN: f"id_asked_{about}",
    }
    return found.get(remark.part, remark.part)


def _sex_of(remark: Remark, counted: Mapping[str, int]) -> str:
    """The column a remark about counts names, else the first that nothing stands in."""
    if remark.column in SEXES:
        return remark.column
    return next((sex for sex in SEXES if sex not in counted), SEXES[0])
