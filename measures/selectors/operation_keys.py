"""Which operations are published, in which order, and what of the entries the law asks for they lack.

All of it asked of the database: a funder may have tens of thousands of them, of which a page shows fifty.
"""

from __future__ import annotations

import dataclasses
import functools
import operator
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from django.db.models import (
    Case,
    CharField,
    Count,
    DecimalField,
    Exists,
    Expression,
    F,
    FloatField,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Concat, NullIf, Trim

from measures.models import (
    FigureReport,
    FinanceKind,
    FundedProject,
    GrantLine,
    GrantNotice,
    KeyFigure,
    KeyFigureTarget,
    Measure,
    MoneySource,
    Operation,
    RoundReportState,
)
from measures.selectors.grants import notices_that_hold
from monitoring.models import AreaKind
from project.common.sorting import german_key, german_order
from stakeholders.models import Organisation

#: Where an operation comes from; projects go first among equals.
FROM_PROJECT, FROM_LIST = 0, 1
#: Origin and key of the project or operation.
Key = tuple[int, int]

_COST: Final = Q(side=FinanceKind.COST)
_UNION: Final = Q(side=FinanceKind.FUNDING, kind=MoneySource.ESF)
#: An area is a municipality, or at most so many levels below one.
_LEVELS: Final = ("", "parent__", "parent__parent__", "parent__parent__parent__")


@dataclasses.dataclass(frozen=True)
class Published:
    """What a funder has to publish.

    Attributes:
        notices: The notice that holds of each project in which the Union pays.
        operations: From lists that were taken over; one of such a project is told as the project.
        held: The notice that holds of every project, those without money of the Union included.
    """

    notices: QuerySet[GrantNotice]
    operations: QuerySet[Operation]
    held: QuerySet[GrantNotice]


@dataclasses.dataclass(frozen=True)
class Overview:
    """The published list as a whole.

    Attributes:
        count: Operations in it.
        lacking: Entry the law asks for -> number of operations without it, those without any left out.
        without_union: Projects with a notice in which the Union pays nothing; they are not in the list.
    """

    count: int
    lacking: Mapping[str, int]
    without_union: int


def published_by(funder: Organisation) -> Published:
    """What a funder has to publish, the same for everybody who may publish it. Queries: none.

    Args:
        funder: The funder; that the person may read its operations is the caller's to ask.
    """
    held = notices_that_hold(FundedProject.objects.filter(funder=funder)).order_by()
    notices = held.filter(Exists(_plan_lines(_UNION, amount__gt=0)))
    operations = Operation.objects.filter(funder=funder, retired_by__isnull=True).order_by()
    return Published(
        notices,
        operations.filter(Q(project__isnull=True) | ~Q(project__in=notices.values("project"))),
        held,
    )


def _plan_lines(of: Q, **wanted: Any) -> QuerySet[GrantLine]:
    return GrantLine.objects.filter(of, notice=OuterRef("pk"), **wanted).order_by()


# --- what is missing ----------------------------------------------------------------------------------

_LACKING_IN_LISTS: Final[Mapping[str, Q]] = {
    "beneficiary": Q(beneficiary="", is_natural_person=False),
    "name": Q(name=""),
    "purpose": Q(summary=""),
    "total_cost": Q(total_cost__isnull=True),
    "fund": Q(fund=""),
    "specific_objective": Q(specific_objective=""),
    "location": Q(place="", postcode=""),
    "country": Q(country=""),
    "intervention": Q(intervention=""),
}
_ALL: Final = "all_of_them"
_MEASURE: Final = OuterRef("project__measure")
_HAS_TARGET: Final = Exists(KeyFigureTarget.objects.filter(key_figure__measure=_MEASURE))
_HAS_ACTUAL: Final = Exists(
    FigureReport.objects.filter(
        key_figure__measure=_MEASURE, report__state=RoundReportState.CONFIRMED, value__isnull=False
    )
) | Exists(KeyFigure.objects.filter(measure=_MEASURE, indicator__isnull=False))
# The others are always there: the project's own, or the territory's.
_LACKING_IN_PROJECTS: Final[Mapping[str, Q]] = {
    "fund": Q(project__programme__fund=""),
    "specific_objective": Q(project__programme__specific_objective=""),
    "eu_percent": ~Q(Exists(_plan_lines(_COST, amount__gt=0))),
    "intervention": Q(project__programme__intervention=""),
    "purpose": Q(goals="") & ~Q(_HAS_TARGET) & ~Q(_HAS_ACTUAL),
}
#: Has something to tell of its purpose only if one of its figures is no secret.
_DOUBTFUL: Final = Q(goals="") & ~Q(_HAS_TARGET) & Q(_HAS_ACTUAL)


def overview_of(published: Published, purposeless: Callable[[list[int]], int]) -> Overview:
    """Number of operations, and what they lack, as ``ListedOperation.lacking`` says of one.

    Args:
        published: What is published.
        purposeless: Tells of projects whose programme has no goals and that have no target, by the keys of
            their measures, how many have no achievement that may be told.

    Queries: 3, and 1 with those of ``purposeless`` where there are such projects.
    """
    notices = published.notices.alias(goals=Trim("project__programme__goals"))
    in_lists = _counts(published.operations, _LACKING_IN_LISTS)
    in_projects = _counts(notices, {**_LACKING_IN_PROJECTS, "certainty": _DOUBTFUL})
    if in_projects["certainty"]:
        measures = notices.filter(_DOUBTFUL).values_list("project__measure", flat=True)
        in_projects["purpose"] += purposeless(list(measures))
    names = {**_LACKING_IN_LISTS, **_LACKING_IN_PROJECTS}
    lacking = {name: in_lists.get(name, 0) + in_projects.get(name, 0) for name in names}
    return Overview(
        count=in_lists[_ALL] + in_projects[_ALL],
        lacking={name: count for name, count in lacking.items() if count},
        without_union=published.held.count() - in_projects[_ALL],
    )


def _counts(rows: QuerySet[Any], conditions: Mapping[str, Q]) -> dict[str, int]:
    """Number of rows, and of those that fulfil each condition. Queries: 1."""
    counted = {name: Count("pk", filter=condition) for name, condition in conditions.items()}
    # Under other names: a condition is called as the field it asks for.
    found = rows.aggregate(**{_ALL: Count("pk")}, **{f"no_{name}": count for name, count in counted.items()})
    return {name.removeprefix("no_"): count for name, count in found.items()}


# --- places -------------------------------------------------------------------------------------------


def place_of(field: str, path: str = "area__") -> Case:
    """A field of the municipality or district an area is part of; None for one outside of them.

    Args:
        field: Of the municipality: ``name`` or ``key``.
        path: Path to the area.
    """
    kinds = (AreaKind.MUNICIPALITY, AreaKind.DISTRICT)
    return Case(
        *(When(**{f"{path}{level}kind__in": kinds}, then=F(f"{path}{level}{field}")) for level in _LEVELS),
        output_field=CharField(),
    )


def areas_of_projects() -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Links of projects to their own areas, and of measures to theirs, which hold for projects without."""
    return (
        FundedProject.areas.through._default_manager.order_by(),
        Measure.areas.through._default_manager.order_by(),
    )


def _links() -> tuple[QuerySet[Any], QuerySet[Any]]:
    """The same of the project of the notice around them."""
    own, of_measure = areas_of_projects()
    return (
        own.filter(fundedproject=OuterRef("project")),
        of_measure.filter(measure=OuterRef("project__measure")),
    )


# --- order and search ---------------------------------------------------------------------------------

_TERRITORY: Final = "project__measure__plan__territory__name"
_EUROS: Final[DecimalField[Any, Any]] = DecimalField(max_digits=16, decimal_places=2)


def _sum(of: Q) -> Expression:
    sums = _plan_lines(of).values("notice").annotate(sum=Sum("amount")).values("sum")
    return Coalesce(Subquery(sums, output_field=_EUROS), Decimal(0), output_field=_EUROS)


def _rate() -> Expression:
    cost = NullIf(Cast(_sum(_COST), FloatField()), Value(0.0))
    return Coalesce(Cast(_sum(_UNION), FloatField()) * 100 / cost, Value(0.0))


def _first_place() -> Expression:
    """Of several places the first one."""
    place = Coalesce(place_of("name"), OuterRef(_TERRITORY), output_field=CharField())
    firsts = [
        rows.annotate(place=place).annotate(folded=german_order("place")).order_by("folded").values("folded")
        for rows in _links()
    ]
    return Coalesce(*(Subquery(rows[:1]) for rows in firsts), german_order(_TERRITORY))


#: Column -> what projects and operations of lists are ordered by.
SORTS: Final[Mapping[str, tuple[Callable[[], Any], Callable[[], Any]]]] = {
    "beneficiary": (lambda: german_order("project__provider__name"), lambda: german_order("told")),
    "name": (lambda: german_order("project__title"), lambda: german_order("name")),
    "location": (_first_place, lambda: german_order("place")),
    "starts": (lambda: F("starts_on"), lambda: F("starts_on")),
    "ends": (lambda: F("ends_on"), lambda: F("ends_on")),
    "cost": (lambda: _sum(_COST), lambda: Coalesce("total_cost", "eligible")),
    "rate": (_rate, lambda: Cast("eu_percent", FloatField())),
}
#: A name that is not published neither finds nor places an operation.
_TOLD: Final = Case(When(is_natural_person=True, then=Value("")), default=F("beneficiary"))


def keys_of(
    published: Published, term: str = "", sort: str = "beneficiary", *, is_falling: bool = False
) -> QuerySet[Any, tuple[int, int, Any]]:
    """Keys of what is published, in order.

    Args:
        published: What is published.
        term: Only what holds this text in code, programme, beneficiary, name, purpose or place; of projects
            the purpose is the goals of the programme.
        sort: A column of ``SORTS``.
        is_falling: Whether the greatest comes first.

    Returns:
        Origin, key, and what it is ordered by; may be cut. Queries: none.
    """
    notices, operations = _found(published.notices, published.operations.alias(told=_TOLD), term)
    of_project, of_list = SORTS[sort]
    projects = notices.annotate(**_columns(FROM_PROJECT, "project", of_project()))
    listed = operations.annotate(**_columns(FROM_LIST, "pk", of_list()))
    names = ("origin", "of", "sort")
    found = projects.values_list(*names).union(listed.values_list(*names), all=True)
    order = ("sort", "origin", "of")
    return found.order_by(*(f"-{name}" for name in order) if is_falling else order)


def _columns(origin: int, key: str, sort: Any) -> dict[str, Any]:
    return {"origin": Value(origin, output_field=IntegerField()), "of": F(key), "sort": sort}


def _found(
    notices: QuerySet[GrantNotice], operations: QuerySet[Operation], term: str
) -> tuple[QuerySet[GrantNotice], QuerySet[Operation]]:
    """Those that hold a text, whatever the case of letters, umlauts included; all for none."""
    if not term:
        return notices, operations
    own, of_measure = _links()
    places = (place_of("name"), place_of("key"))
    within = [Exists(_holding(rows, term, places)) for rows in (own, of_measure)]
    paths = ("programme__title", "provider__name", "title", "programme__goals")
    project_code = Concat(Value("P-"), Cast("project_id", CharField()))
    made_up = Concat(Value("V-"), Cast("pk", CharField()))
    code = Case(When(code="", then=made_up), default=F("code"))
    names = ("programme_name", "told", "name", "summary", "place", "postcode")
    return (
        _holding(
            notices,
            term,
            (project_code, *(F(f"project__{path}") for path in paths), F(_TERRITORY)),
            Q(within[0]) | Q(~Exists(own), within[1]),
        ),
        _holding(operations, term, (code, *map(F, names))),
    )


def _holding(rows: QuerySet[Any], term: str, texts: Iterable[Any], others: Q | None = None) -> QuerySet[Any]:
    """Rows that hold a term in one of these texts, or fulfil another condition."""
    named = {f"text_{place}": text for place, text in enumerate(texts)}
    rows = rows.alias(**named)
    if term.isascii():
        # What every database compares without case, at a third of the time of the other.
        conditions = [Q(**{f"{name}__icontains": term}) for name in named]
    else:
        rows = rows.alias(**{f"folded_{name}": german_order(name) for name in named})
        conditions = [Q(**{f"folded_{name}__contains": german_key(term)}) for name in named]
    return rows.filter(functools.reduce(operator.or_, conditions, others or Q()))
