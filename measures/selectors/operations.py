"""Operations of a funder: the list with its sums, and what a newer list would change."""

from __future__ import annotations

import dataclasses
import datetime
from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from django.db.models import BigIntegerField, Count, ExpressionWrapper, F, Max, Min, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Round
from django.utils.translation import gettext as _

from measures.importers.operation_rows import LABELS, Entry, Row
from measures.models import FundedProject, Operation, OperationImport, OperationImportState
from measures.money import CENT, ZERO
from project.common.seen import mark_of
from project.common.sorting import german_order
from stakeholders.models import Organisation, OrganisationKind
from stakeholders.permissions import Perm, visible

#: Which operations a list shows: those that hold, those a newer list no longer has, or both.
CURRENT, RETIRED, ALL = "current", "retired", "all"


@dataclasses.dataclass(frozen=True)
class OperationFilter:
    """What a person wants to see of the operations; empty for everything."""

    search: str = ""
    programme: str = ""
    place: str = ""
    year: int | None = None
    state: str = CURRENT


@dataclasses.dataclass(frozen=True)
class Sums:
    """Of all rows that fit a filter, not only those of a page; euros."""

    count: int
    eligible: Decimal
    eu_share: Decimal


@dataclasses.dataclass(frozen=True)
class Offer:
    """What the filter offers."""

    programmes: Sequence[str]
    years: Sequence[int]


#: Columns the list can be ordered by; the names in order are annotated by ``in_order``.
SORTS: Final[dict[str, Sequence[str]]] = {
    "beneficiary": ("folded_beneficiary", "starts_on"),
    "name": ("folded_name", "starts_on"),
    "place": ("folded_place", "starts_on"),
    "starts": ("starts_on",),
    "ends": ("ends_on",),
    "eligible": ("eligible",),
    "share": ("share",),
}
_FOLDED: Final = {
    "folded_beneficiary": "beneficiary",
    "folded_name": "name",
    "folded_place": "place",
}


def _hundredths(name: str) -> Cast:
    return Cast(Round(F(name) * Value(100)), BigIntegerField())


# Cents in whole numbers, half up as ``Operation.eu_share``: rows add up to the sum, and no database rounds.
_SHARE: Final = ExpressionWrapper(
    (_hundredths("eligible") * _hundredths("eu_percent") + Value(5_000)) / Value(10_000),
    output_field=BigIntegerField(),
)


def funders_seen_by(user: Any) -> QuerySet[Organisation]:
    """Funders whose operations a person may read: those they work for. Queries: 1."""
    rows = Organisation.objects.filter(kind=OrganisationKind.FUNDER)
    return visible(user, Perm.VIEW_ORGANISATION, rows)


def imports_seen_by(user: Any) -> QuerySet[OperationImport]:
    """Uploaded lists of these funders. Queries: 1."""
    rows = OperationImport.objects.select_related("funder", "uploaded_by", "closed_by")
    return rows.filter(funder__in=funders_seen_by(user).values("pk"))


def operations_seen_by(user: Any) -> QuerySet[Operation]:
    """Operations of these funders. Queries: 1."""
    rows = Operation.objects.select_related("funder", "source", "retired_by", "project")
    return rows.filter(funder__in=funders_seen_by(user).values("pk"))


def filtered_operations(operations: QuerySet[Operation], wanted: OperationFilter) -> QuerySet[Operation]:
    """Operations that fit a filter. Queries: none."""
    if wanted.state != ALL:
        operations = operations.filter(retired_by__isnull=wanted.state != RETIRED)
    if wanted.search:
        operations = operations.filter(
            Q(beneficiary__icontains=wanted.search)
            | Q(name__icontains=wanted.search)
            | Q(summary__icontains=wanted.search)
            | Q(place__icontains=wanted.search)
            | Q(postcode__startswith=wanted.search)
            | Q(code=wanted.search)
        )
    if wanted.programme:
        operations = operations.filter(programme_name=wanted.programme)
    if wanted.place:
        operations = operations.filter(
            Q(place__icontains=wanted.place) | Q(postcode__startswith=wanted.place)
        )
    if wanted.year is not None:
        operations = operations.filter(
            starts_on__lte=datetime.date(wanted.year, 12, 31), ends_on__gte=datetime.date(wanted.year, 1, 1)
        )
    return operations


def in_order(operations: QuerySet[Operation], by: Sequence[str]) -> QuerySet[Operation]:
    """Operations in the order ``listing.order_of`` made of ``SORTS``. Queries: none."""
    names = {name.removeprefix("-") for name in by}
    folded = {name: german_order(field) for name, field in _FOLDED.items() if name in names}
    if "share" in names:
        operations = operations.annotate(share=_SHARE)
    return operations.annotate(**folded).order_by(*by)


def sums_of(operations: QuerySet[Operation]) -> Sums:
    """Number, eligible expenditure and share of the Union. Queries: 1."""
    found = operations.order_by().aggregate(
        count=Count("pk"), eligible_sum=Sum("eligible"), share_sum=Sum(_SHARE)
    )
    return Sums(found["count"], _cents(found["eligible_sum"]), _cents(Decimal(found["share_sum"] or 0) / 100))


def _cents(amount: Decimal | None) -> Decimal:
    # SQLite adds amounts as binary fractions: sums are off by less than a cent.
    return (amount or ZERO).quantize(CENT, rounding=ROUND_HALF_UP)


def offer_of(funder: Organisation) -> Offer:
    """Programmes and years of a funder's operations. Queries: 1."""
    rows = funder.operations.order_by("programme_name").values_list("programme_name")
    spans = list(rows.annotate(first=Min("starts_on"), last=Max("ends_on")))
    if not spans:
        return Offer([], [])
    first = min(begin for _name, begin, _end in spans).year
    last = max(end for _name, _begin, end in spans).year
    return Offer([name for name, _begin, _end in spans], range(last, first - 1, -1))


def lists_of(funder: Organisation) -> QuerySet[OperationImport]:
    """Uploaded lists of a funder, the latest first, without what they hold. Queries: 1."""
    found: QuerySet[OperationImport] = funder.operation_imports.select_related("uploaded_by", "closed_by")
    return found.defer("content", "errors", "warnings")


def projects_of(funder: Organisation, user: Any) -> QuerySet[FundedProject]:
    """Projects of a funder that the person follows, by title. Queries: 1."""
    rows = FundedProject.objects.filter(funder=funder).select_related("programme")
    return visible(user, Perm.TRACK_PROJECT, rows).order_by("title", "pk")


# --- a newer list -------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Known:
    """An operation that is there already, as far as a newer list is held against it."""

    pk: int
    fingerprint: str
    code: str
    beneficiary: str
    name: str
    starts_on: datetime.date
    ends_on: datetime.date
    eligible: Decimal
    eu_percent: Decimal
    place: str
    # What people may have added, and the fund that its list gave to rows without one.
    project_id: int | None
    is_natural_person: bool
    contractor: str
    fund: str
    specific_objective: str
    intervention: str
    source_fund: str


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What a list would change in what its funder has of the same programme.

    Attributes:
        new: Rows that are not there.
        repeats: Those of them that say the same as another row of the list, or one that is there.
        unchanged_count: Rows that are there already, word for word.
        gone: Operations that are there and not in the list.
        pairs: New row and gone operation that are probably the same one changed, and what differs.
        carried: Number of a new row -> what is known of its operation and the row does not say, by name.
    """

    new: list[Row]
    repeats: list[Row]
    unchanged_count: int
    gone: list[Known]
    pairs: list[tuple[Row, Known, list[str]]]
    carried: dict[int, dict[str, Any]]

    @property
    def natural_count(self) -> int:
        """New rows whose name stays out of what is published, because it is known as that of a person."""
        return sum("is_natural_person" in values for values in self.carried.values())

    @property
    def told_pairs(self) -> list[tuple[Row, Known, list[str], list[str]]]:
        """The pairs, with the names of what the new row takes over from the operation."""
        return [
            (row, known, names, [_carried_name(name) for name in self.carried.get(row.row, ())])
            for row, known, names in self.pairs
        ]

    @property
    def mark(self) -> str:
        """Stands for what the person decided on."""
        return mark_of([row.row for row in self.new], [row.pk for row in self.gone], self.unchanged_count)

    @property
    def new_eligible(self) -> Decimal:
        """Eligible expenditure of the new rows in euros."""
        return sum((row.eligible for row in self.new), ZERO)


def comparison_of(kept: OperationImport, rows: Sequence[Row]) -> Comparison:
    """Hold a list against the operations of its funder and programme. Queries: 1.

    Args:
        kept: The uploaded list.
        rows: What it holds.

    Returns:
        What is new, unchanged and gone. Of rows that stand there several times as many are unchanged as are
        there; a changed row is a new one and a gone one, and told as a pair where it is clear.
    """
    names = [field.name for field in dataclasses.fields(Known)]
    current = Operation.objects.filter(
        funder=kept.funder_id, programme_name=kept.programme_name, retired_by__isnull=True
    )
    current = current.annotate(source_fund=F("source__fund"))
    known = [Known(*values) for values in current.order_by("pk").values_list(*names)]
    left = Counter(row.fingerprint for row in known)
    seen: set[str] = set(left)
    new, repeats = [], []
    for row in rows:
        mark = row.fingerprint
        if left[mark] > 0:
            left[mark] -= 1
            continue
        new.append(row)
        if mark in seen:
            repeats.append(row)
        seen.add(mark)
    gone = []
    for operation in reversed(known):
        if left[operation.fingerprint] > 0:
            left[operation.fingerprint] -= 1
            gone.append(operation)
    gone.reverse()
    pairs = _pairs(new, gone)
    return Comparison(new, repeats, len(rows) - len(new), gone, pairs, _carried(new, known, pairs))


_ADDED: Final = (Entry.CONTRACTOR, Entry.FUND, Entry.OBJECTIVE, Entry.INTERVENTION)


def _carried(
    new: Sequence[Row], known: Sequence[Known], pairs: Sequence[tuple[Row, Known, list[str]]]
) -> dict[int, dict[str, Any]]:
    """What people added to operations, for the new rows that follow them."""
    # Told by the name alone: whoever is known as a person is so with every operation.
    people = {operation.beneficiary for operation in known if operation.is_natural_person}
    before = {row.row: operation for row, operation, _names in pairs}
    found: dict[int, dict[str, Any]] = {}
    for row in new:
        operation = before.get(row.row)
        values = _additions(row, operation) if operation is not None else {}
        is_person = row.beneficiary in people or (operation is not None and operation.is_natural_person)
        if is_person and not row.is_natural_person:
            values["is_natural_person"] = True
        if values:
            found[row.row] = values
    return found


def _additions(row: Row, known: Known) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if known.project_id is not None:
        values["project_id"] = known.project_id
    for entry in _ADDED:
        name = entry.value
        # The fund that a whole list was given is said anew with each list.
        is_given = entry == Entry.FUND and known.fund == known.source_fund
        if getattr(known, name) and not getattr(row, name) and not is_given:
            values[name] = getattr(known, name)
    return values


def _carried_name(name: str) -> str:
    return str(_("Funded project") if name == "project_id" else LABELS[Entry(name)])


def _pairs(new: Sequence[Row], gone: Sequence[Known]) -> list[tuple[Row, Known, list[str]]]:
    """Rows that have exactly one counterpart of the same code, or beneficiary, name and start."""
    before: dict[Any, list[Known]] = defaultdict(list)
    for operation in gone:
        before[_identity(operation)].append(operation)
    now: dict[Any, list[Row]] = defaultdict(list)
    for row in new:
        now[_identity(row)].append(row)
    return [
        (rows[0], before[key][0], _differences(rows[0], before[key][0]))
        for key, rows in now.items()
        if len(rows) == 1 and len(before.get(key, ())) == 1
    ]


def _identity(row: Row | Known) -> Any:
    return row.code or (row.beneficiary, row.name, row.starts_on)


_COMPARED: Final = (
    Entry.BENEFICIARY,
    Entry.NAME,
    Entry.STARTS,
    Entry.ENDS,
    Entry.ELIGIBLE,
    Entry.RATE,
    Entry.PLACE,
)


def _differences(row: Row, known: Known) -> list[str]:
    return [
        str(LABELS[entry]) for entry in _COMPARED if getattr(row, entry.value) != getattr(known, entry.value)
    ]


def same_file(funder: Organisation, sha256: str) -> OperationImport | None:
    """The list of the same file that waits or has been taken over. Queries: 1."""
    states = (OperationImportState.WAITING, OperationImportState.TAKEN)
    return (
        funder.operation_imports.filter(sha256=sha256, state__in=states)
        .select_related("uploaded_by")
        .defer("content", "errors", "warnings")
        .first()
    )
