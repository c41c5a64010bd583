"""What changed from one handed-in version of a report to the next that a person sees, from frozen content.

Held against each other is what the page of a version shows the person (``delivery_view``): without receipts
for who may not see them, and then without small counts: a number hidden in both versions tells nothing.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from measures.esf_rules import SEXES, TOTAL
from measures.models import FinanceKind, ProjectReportDelivery
from measures.selectors.project_report_checks import COLUMNS, SIDES
from measures.selectors.project_report_dates import RETURNS
from measures.selectors.project_report_pages import HistoryStep, delivery_view, earlier_delivery, history_of
from measures.selectors.project_sides import Part
from measures.selectors.value_changes import (
    Entries,
    Pair,
    Row,
    ValueChange,
    amounts,
    differing,
    either,
    paired,
    signed_money,
    text_changes,
)
from project.common.comparison import FieldChange
from project.common.formats import (
    NO_VALUE,
    SIGN_UNKNOWN,
    date_de,
    decimal_de,
    money_de,
    percent_de,
    period_de,
)

#: Amount of a line of the account -> its head.
_ACCOUNT: Final[Mapping[str, str | Promise]] = {
    "planned": gettext_lazy("Planned in this time"),
    "amount": gettext_lazy("In this time"),
    "before": gettext_lazy("Before"),
    "total": gettext_lazy("Plan in all"),
    "drawn": gettext_lazy("Drawn"),
}
#: Amount of a source of a drawdown -> its head.
_DRAWDOWN: Final[Mapping[str, str | Promise]] = {
    "amount": gettext_lazy("Asked for now"),
    "granted": gettext_lazy("Granted"),
    "before": gettext_lazy("Asked for before"),
}


@dataclasses.dataclass(frozen=True)
class PartChange:
    """One part of a report with its entries and texts that differ."""

    title: str
    rows: list[ValueChange]
    texts: list[FieldChange]
    is_numbers: bool = False


@dataclasses.dataclass(frozen=True)
class ReportChanges:
    """What is read beside a version that is not the first a person sees.

    Attributes:
        since: The latest earlier version that they see.
        returns: Why that was returned, with files, as far as they may read it.
        parts: Parts that differ, in the order of the page.
        hides_people: Whether counts of few people are left out for them.
        leaves_out_receipts: Whether the lists of receipts were not compared, as they may not see them.
        is_since_whole: Whether the stored content of the earlier version still has its hash.
    """

    since: ProjectReportDelivery
    returns: list[HistoryStep]
    parts: list[PartChange]
    hides_people: bool
    leaves_out_receipts: bool
    is_since_whole: bool


def changes_seen(
    delivery: ProjectReportDelivery, parts: Collection[Part], history: Sequence[HistoryStep] | None = None
) -> ReportChanges | None:
    """What changed since the latest earlier version that a person sees; None if there is none.

    Queries: 2, and at most 3 for the history.

    Args:
        delivery: A version that they see.
        parts: What they see of the project.
        history: The history as they know it, where it was read already.
    """
    since = earlier_delivery(delivery, parts)
    if since is None:
        return None
    if history is None:
        history = history_of(delivery.report, parts)
    old, new = delivery_view(since, parts), delivery_view(delivery, parts)
    found = _parts(old.content, new.content, sees_receipts=new.shows_receipts)
    return ReportChanges(
        since=since,
        returns=[row for row in history if row.step.kind in RETURNS and row.step.delivery_id == since.pk],
        parts=[part for part in found if part.rows or part.texts],
        hides_people=bool(new.content.get("hides_people") or old.content.get("hides_people")),
        leaves_out_receipts=not new.shows_receipts and new.content["drawdown"] is None,
        is_since_whole=old.is_content_whole,
    )


def _parts(old: Row, new: Row, *, sees_receipts: bool) -> list[PartChange]:
    accounts = [
        PartChange(str(SIDES[side]), *_account(old, new, side), is_numbers=True)
        for side in (FinanceKind.COST, FinanceKind.FUNDING)
    ]
    return [
        PartChange(_("What the report is about"), _frame(old, new, sees_paper=sees_receipts), []),
        PartChange(_("Narrative report"), [], _narrative(old, new)),
        PartChange(_("Key figures"), *_figures(old, new), is_numbers=True),
        PartChange(_("Milestones"), _milestones(old, new), []),
        *accounts,
        PartChange(_("Funds asked for"), *_drawdown(old, new), is_numbers=True),
        PartChange(_("Participants"), _participants(old, new), [], is_numbers=True),
        PartChange(_("List of receipts"), _receipts(old, new) if sees_receipts else [], []),
    ]


# --- parts ---------------------------------------------------------------------------------------------


def _frame(old: Row, new: Row, *, sees_paper: bool) -> list[ValueChange]:
    """Time, parties and grant, and who handed in and declared; the day of that is the version's own."""
    before, now = (_frame_words(content, sees_paper=sees_paper) for content in (old, new))
    return [ValueChange(row.entry, "", row.before, row.now) for row in differing("", before, now)]


def _frame_words(content: Row, *, sees_paper: bool) -> Entries:
    project, given = content["project"], content["confirmation"]
    notice, measure = project["notice"], project["measure"]
    words = {
        _("For the time"): period_de(content["covers_from"], content["covers_until"]),
        _("Due on"): date_de(content["due_on"]),
        _("Project"): project["title"],
        _("File reference"): project["reference"] or NO_VALUE,
        _("Programme"): project["programme"],
        _("Provider"): project["provider"],
        _("Funder"): project["funder"],
        _("Partners"): "; ".join(project["partners"]) or NO_VALUE,
        _("Areas"): ", ".join(project["areas"]) or NO_VALUE,
        _("Time of the grant"): period_de(project["starts_on"], project["ends_on"]),
        _("Sum granted"): money_de(project["granted"]),
        _("Grant notice"): f"{notice['reference']}, {date_de(notice['issued_on'])}" if notice else NO_VALUE,
        _("Allowed deviation in a line"): percent_de(project["deviation_percent"]),
        _("Handed in and declared by"): ", ".join(
            given[name] for name in ("name", "function", "organisation") if given[name]
        ),
    }
    if sees_paper:  # the page does not tell the measure
        words[_("Measure")] = f"{measure['number']} {measure['title']}".strip() if measure else NO_VALUE
    return words


def _narrative(old: Row, new: Row) -> list[FieldChange]:
    return [
        change
        for before, now in paired(old["narrative"], new["narrative"], "key")
        for change in text_changes(
            (now or before or {})["title"], (before or {}).get("text"), (now or {}).get("text")
        )
    ]


def _figures(old: Row, new: Row) -> tuple[list[ValueChange], list[FieldChange]]:
    rows: list[ValueChange] = []
    texts: list[FieldChange] = []
    for pair in paired(old["figures"], new["figures"], "title", "unit"):
        before, now = pair
        label = f"{either(pair)['title']} ({either(pair)['unit']})"
        rows += differing(label, _figure_words(before), _figure_words(now))
        texts += text_changes(
            f"{_('Comment')}: {label}", (before or {}).get("comment"), (now or {}).get("comment")
        )
    return rows, texts


def _figure_words(row: Row | None) -> Entries:
    if row is None:
        return {}

    def words(name: str, is_secret: Any = False) -> str:
        value, day = row[name], row[f"{name}_on"]
        text = SIGN_UNKNOWN if is_secret else decimal_de(value)
        return f"{text} ({date_de(day)})" if day else text

    return {
        _("Baseline"): words("baseline", row.get("is_baseline_secret")),
        _("Target"): words("target"),
        _("Actual"): words("value", row.get("is_secret")),
    }


def _milestones(old: Row, new: Row) -> list[ValueChange]:
    def words(row: Row | None) -> Entries:
        if row is None:
            return {}
        reached = date_de(row["reached_on"]) if row["reached_on"] else _("not reached yet")
        return {_("Due"): date_de(row["due_on"]), _("Reached on"): reached}

    pairs = paired(old["milestones"], new["milestones"], "title")
    return [row for pair in pairs for row in differing(either(pair)["title"], *map(words, pair))]


def _account(old: Row, new: Row, side: str) -> tuple[list[ValueChange], list[FieldChange]]:
    """Lines of one side with their reasons, and the sums."""
    before, now = (content["account"] or {} for content in (old, new))
    rows: list[ValueChange] = []
    texts: list[FieldChange] = []
    for pair in paired(before.get(side, ()), now.get(side, ()), "kind", "title"):
        label = _line_name(either(pair))
        rows += amounts(label, pair, _ACCOUNT)
        reasons = ((row or {}).get("reason") for row in pair)
        texts += text_changes(f"{_('Reason for the deviation')}: {label}", *reasons)
    sums = (before.get(f"{side}_sums"), now.get(f"{side}_sums"))
    return rows + amounts(_("Sum"), sums, _ACCOUNT), texts


def _line_name(row: Row) -> str:
    return f"{row['label']}: {row['title']}" if row.get("title") else str(row["label"])


def _drawdown(old: Row, new: Row) -> tuple[list[ValueChange], list[FieldChange]]:
    before, now = (content["drawdown"] or {} for content in (old, new))
    pairs = paired(before.get("lines", ()), now.get("lines", ()), "kind")
    rows = [row for pair in pairs for row in amounts(_line_name(either(pair)), pair, _DRAWDOWN)]
    sums = amounts(_("Sum"), (before.get("sums"), now.get("sums")), _DRAWDOWN)
    purpose = text_changes(_("What the money is needed for"), before.get("purpose"), now.get("purpose"))
    return rows + sums, purpose


def _participants(old: Row, new: Row) -> list[ValueChange]:
    def words(row: Row | None) -> Entries:
        if row is None:
            return {}
        counts = ((name, row[name]) for name in (*SEXES, TOTAL))
        return {
            str(COLUMNS[name]): SIGN_UNKNOWN if value is None else decimal_de(value) for name, value in counts
        }

    pairs = paired(old["participants"], new["participants"], "code")
    return [
        row
        for pair in pairs
        for row in differing("{code} {title}".format_map(either(pair)), *map(words, pair))
    ]


# --- receipts ------------------------------------------------------------------------------------------

#: Entry of a receipt -> its head, and how it is written.
_RECEIPT: Final[Mapping[str, tuple[str | Promise, Callable[[Row], str]]]] = {
    "number": (gettext_lazy("Number"), lambda row: row["number"]),
    "paid_on": (gettext_lazy("Paid on"), lambda row: date_de(row["paid_on"])),
    "payee": (gettext_lazy("Paid to"), lambda row: row["payee"]),
    "purpose": (gettext_lazy("Purpose"), lambda row: row["purpose"]),
    "kind": (gettext_lazy("Kind"), _line_name),
    "amount": (gettext_lazy("Amount"), lambda row: money_de(row["amount"])),
    "file": (gettext_lazy("File"), lambda row: row["file_name"] or NO_VALUE),
}


def _receipts(old: Row, new: Row) -> list[ValueChange]:
    """Receipts that came, went or were changed; the same by number, or else by all but the number."""
    found: list[ValueChange] = []
    for before, now in _receipt_pairs(old["receipts"], new["receipts"]):
        key = "" if now is None else f"{now['number']}:{now['sha256']}"
        label = _("Receipt %(number)s") % {"number": (now or before or {})["number"]}
        if before is None and now is not None:
            found.append(ValueChange(label, _("added"), NO_VALUE, _receipt_words(now), file_key=key))
        elif before is not None and now is None:
            found.append(ValueChange(label, _("removed"), _receipt_words(before), NO_VALUE))
        elif before is not None and now is not None:
            found += _receipt_changes(label, before, now, key)
    return found


def _receipt_pairs(old: Sequence[Row], new: Sequence[Row]) -> list[Pair]:
    pairs = paired(old, new, "number")
    both = [pair for pair in pairs if None not in pair]
    gone = [row for row, now in pairs if now is None and row is not None]
    come = [row for before, row in pairs if before is None and row is not None]
    others = paired(gone, come, "paid_on", "payee", "purpose", "kind", "title", "amount", "sha256")
    rows: list[Pair] = [*both, *others]
    return sorted(rows, key=lambda pair: (pair[1] is None, either(pair)["paid_on"] or datetime.date.min))


def _receipt_words(row: Row) -> str:
    told = (words(row) for name, (_head, words) in _RECEIPT.items() if name != "number")
    return ", ".join(word for word in told if word != NO_VALUE)


def _receipt_changes(label: str, before: Row, now: Row, key: str) -> list[ValueChange]:
    found = []
    for name, (head, words) in _RECEIPT.items():
        first, last = words(before), words(now)
        if name == "file" and first == last and before["sha256"] != now["sha256"]:
            last = _("%(name)s (another file of the same name)") % {"name": last}
        if first != last:
            difference = signed_money(now["amount"] - before["amount"]) if name == "amount" else ""
            file_key = key if name == "file" else ""
            found.append(ValueChange(label, str(head), first, last, difference, file_key))
    return found
