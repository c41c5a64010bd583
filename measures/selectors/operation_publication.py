"""The list of operations that the law has published: a funder's own projects and the lists it took over.

Article 49(3) to (5) of Regulation (EU) 2021/1060. Names of natural persons stay out: whether one may be
published, and for how long, is decided by the authority that publishes, not by a file.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any, Final

from django.db.models import F, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from measures.models import FinanceKind, FundedProject, GrantLine, GrantNotice, MoneySource, Operation
from measures.money import ZERO, percent_of
from measures.selectors.figures import FigureLine, actual_text, figure_lines, number_of, protected
from measures.selectors.grants import notices_that_hold
from measures.selectors.operation_keys import (
    FROM_LIST,
    FROM_PROJECT,
    Overview,
    Published,
    areas_of_projects,
    overview_of,
    place_of,
)
from project.common.exports import Column, Kind
from project.common.formats import date_de
from project.common.sorting import german_key

LEGAL_BASIS: Final = "Art. 49 Abs. 3 VO (EU) 2021/1060"
_NOTHING: Final = (None, "")
#: Rows put together at once: a database takes only so many keys in a query.
_BATCH: Final = 2_000


@dataclasses.dataclass(frozen=True)
class ListedOperation:
    """One row of the published list; money in euros, the rate in percent, None and "" for what is not known.

    Attributes:
        code: Unique in the list.
        beneficiary: Empty for natural persons.
        purpose: Purpose and expected or actual achievements.
        location: Places with their official keys.
        beneficiary_location: Of operations in several places only.
        key: Of the operation or project, for links.
        is_project: Whether it is a funded project and not from an uploaded list.
    """

    code: str
    programme: str
    beneficiary: str
    is_natural_person: bool
    contractor: str
    name: str
    purpose: str
    starts_on: datetime.date
    ends_on: datetime.date
    total_cost: Decimal | None
    eligible: Decimal
    fund: str
    specific_objective: str
    eu_percent: Decimal | None
    location: str
    postcode: str
    country: str
    beneficiary_location: str
    intervention: str
    key: int
    is_project: bool

    @property
    def shown_beneficiary(self) -> str:
        """Name of the beneficiary, or why there is none."""
        return _("natural person, name not published") if self.is_natural_person else self.beneficiary

    @property
    def missing(self) -> list[str]:
        """Names of the entries the law asks for that are not there, in words."""
        return [str(REQUIRED[name]) for name in self.lacking]

    @property
    def lacking(self) -> list[str]:
        """The same as keys of ``REQUIRED``."""
        found = [name for name in REQUIRED if getattr(self, name) in _NOTHING]
        if self.postcode and "location" in found:
            found.remove("location")
        if self.is_natural_person and "beneficiary" in found:
            found.remove("beneficiary")
        return found


#: Entries that the law asks for of every operation.
REQUIRED: Final[dict[str, str | Promise]] = {
    "beneficiary": gettext_lazy("Beneficiary"),
    "name": gettext_lazy("Name of the operation"),
    "purpose": gettext_lazy("Purpose and achievements"),
    "total_cost": gettext_lazy("Total cost"),
    "fund": gettext_lazy("Fund"),
    "specific_objective": gettext_lazy("Specific objective"),
    "eu_percent": gettext_lazy("Union co-financing rate"),
    "location": gettext_lazy("Location"),
    "country": gettext_lazy("Country"),
    "intervention": gettext_lazy("Type of intervention"),
}


def rows_of(keys: Iterable[Sequence[Any]]) -> Iterator[ListedOperation]:
    """Rows of the list, in the order of their keys.

    Args:
        keys: As ``operation_keys.keys_of`` gives them.

    Queries: for each ``_BATCH`` rows 11 at most, and those of ``figure_lines`` for figures that follow
    indicators.
    """
    left = iter(keys)
    while batch := list(islice(left, _BATCH)):
        wanted: dict[int, list[int]] = {FROM_PROJECT: [], FROM_LIST: []}
        for origin, key, *_order in batch:
            wanted[origin].append(key)
        found = {(FROM_PROJECT, row.key): row for row in _projects(wanted[FROM_PROJECT])}
        found |= {(FROM_LIST, row.key): row for row in _from_lists(wanted[FROM_LIST])}
        # What was taken away since the keys were asked for is not there.
        yield from (found[key] for origin, of, *_order in batch if (key := (origin, of)) in found)


def overview(published: Published) -> tuple[Overview, list[tuple[str, int]]]:
    """The list as a whole, and what is missing: entries in words with the number of operations."""
    found = overview_of(published, _purposeless)
    ranked = sorted(found.lacking.items(), key=lambda entry: -entry[1])
    return found, [(str(REQUIRED[name]), count) for name, count in ranked]


def _purposeless(measures: list[int]) -> int:
    """How many of these have nothing to tell of their achievements."""
    count = 0
    for begin in range(0, len(measures), _BATCH):
        batch = measures[begin : begin + _BATCH]
        figures = figure_lines(set(batch))
        count += sum(not _achievements(figures.get(key, ())) for key in batch)
    return count


#: Entries that are called the same in the list of a file, and those that are not.
_SAME: Final = (
    "code",
    "beneficiary",
    "is_natural_person",
    "contractor",
    "name",
    "starts_on",
    "ends_on",
    "total_cost",
    "eligible",
    "fund",
    "specific_objective",
    "eu_percent",
    "postcode",
    "country",
    "intervention",
)
_OTHER: Final = {"programme": "programme_name", "purpose": "summary", "location": "place", "key": "pk"}


def _from_lists(keys: Collection[int]) -> Iterator[ListedOperation]:
    """Operations of lists that were taken over. Queries: 1."""
    if not keys:
        return
    # Without models: a file has thousands.
    rows = Operation.objects.filter(pk__in=keys).order_by()
    for row in rows.values(*_SAME, **{name: F(field) for name, field in _OTHER.items()}):
        yield _imported(**row)


def _imported(**values: Any) -> ListedOperation:
    values["code"] = values["code"] or f"V-{values['key']}"
    if values["is_natural_person"]:
        values["beneficiary"] = ""
    return ListedOperation(**values, beneficiary_location="", is_project=False)


# --- funded projects ----------------------------------------------------------------------------------


def _projects(keys: Collection[int]) -> Iterator[ListedOperation]:
    """Projects in which the Union pays, as the notice that holds says. Queries: 10 at most."""
    if not keys:
        return
    notices = list(
        notices_that_hold(FundedProject.objects.filter(pk__in=keys))
        .select_related("project__programme", "project__provider__territory")
        .select_related("project__measure__plan__territory")
    )
    costs, shares = _sums(notices)
    figures = figure_lines({notice.project.measure_id for notice in notices})
    places = _places(notices)
    for notice in notices:
        of_project = figures.get(notice.project.measure_id, ())
        yield _listed(notice, costs[notice.pk], shares[notice.pk], of_project, places[notice.project_id])


def _sums(notices: Sequence[GrantNotice]) -> tuple[dict[int, Decimal], dict[int, Decimal]]:
    """Cost and share of the Union of notices. Queries: 1."""
    costs: dict[int, Decimal] = defaultdict(lambda: ZERO)
    shares: dict[int, Decimal] = defaultdict(lambda: ZERO)
    rows = GrantLine.objects.filter(notice__in=[notice.pk for notice in notices]).order_by()
    for line in rows.values("notice", "side", "kind").annotate(sum=Sum("amount")):
        if line["side"] == FinanceKind.COST:
            costs[line["notice"]] += line["sum"]
        elif line["kind"] == MoneySource.ESF:
            shares[line["notice"]] += line["sum"]
    return costs, shares


def _listed(
    notice: GrantNotice,
    cost: Decimal,
    share: Decimal,
    figures: Iterable[FigureLine],
    places: Sequence[str],
) -> ListedOperation:
    project = notice.project
    programme, provider = project.programme, project.provider
    home = provider.territory or provider
    return ListedOperation(
        code=f"P-{project.pk}",
        programme=programme.title,
        beneficiary=provider.name,
        is_natural_person=False,
        contractor="",
        name=project.title,
        purpose=" ".join(filter(None, [programme.goals.strip(), _achievements(figures)])),
        starts_on=notice.starts_on,
        ends_on=notice.ends_on,
        total_cost=cost,
        eligible=cost,
        fund=programme.fund,
        specific_objective=programme.specific_objective,
        eu_percent=percent_of(share, cost),
        location="; ".join(places),
        postcode="",
        country=_("Germany"),
        beneficiary_location=_with_key(home.name, home.ags) if len(places) > 1 else "",
        intervention=programme.intervention,
        key=project.pk,
        is_project=True,
    )


def _places(notices: Iterable[GrantNotice]) -> dict[int, list[str]]:
    """Municipalities in which projects work, with their keys; never a smaller place. Queries: 2."""
    own, of_measure = areas_of_projects()
    projects = {notice.project_id: notice.project for notice in notices}
    of_projects = own.filter(fundedproject__in=projects).values_list("fundedproject")
    of_measures = of_measure.filter(measure__in={row.measure_id for row in projects.values()}).values_list(
        "measure"
    )
    known: list[dict[int, set[tuple[str, str]]]] = []
    for links in (of_projects, of_measures):
        found: dict[int, set[tuple[str, str]]] = defaultdict(set)
        for pk, name, key in links.annotate(name=place_of("name"), key=place_of("key")).distinct():
            found[pk].add((name or "", key or ""))
        known.append(found)
    told = {}
    for pk, project in projects.items():
        territory = project.measure.plan.territory
        whole = (territory.name, territory.ags)
        places = known[0].get(pk) or known[1].get(project.measure_id) or {whole}
        names = {_with_key(*(place if place[0] else whole)) for place in places}
        told[pk] = sorted(names, key=german_key)
    return told


def _with_key(name: str, key: str) -> str:
    return f"{name} ({key})" if key else name


def _achievements(figures: Iterable[FigureLine]) -> str:
    """Key figures with their last target and what was confirmed; small counts of people never."""
    told = []
    for line in map(protected, figures):
        figure = line.figure
        parts = []
        if line.targets:
            last = line.targets[-1]
            target = {"value": number_of(last.value, figure), "day": date_de(last.due_on)}
            parts.append(_("wanted %(value)s by %(day)s") % target)
        latest = line.last_value
        if latest is not None and not latest.is_secret:
            actual = {"value": actual_text(latest, figure), "day": date_de(latest.day)}
            parts.append(_("reached %(value)s on %(day)s") % actual)
        if parts:
            told.append(f"{figure.title}: {', '.join(parts)}.")
    return " ".join(told)


# --- files --------------------------------------------------------------------------------------------

#: Heading, name for machines, value, kind and places of each column of the files.
_COLUMNS: Final[Sequence[tuple[str | Promise, str, Kind, int | None]]] = (
    (gettext_lazy("Code of the operation"), "code", Kind.TEXT, None),
    (gettext_lazy("Programme"), "programme", Kind.TEXT, None),
    (gettext_lazy("Beneficiary"), "beneficiary", Kind.TEXT, None),
    (gettext_lazy("Natural person"), "is_natural_person", Kind.TEXT, None),
    (gettext_lazy("Contractor"), "contractor", Kind.TEXT, None),
    (gettext_lazy("Name of the operation"), "name", Kind.TEXT, None),
    (gettext_lazy("Purpose and achievements"), "purpose", Kind.TEXT, None),
    (gettext_lazy("Start of the operation"), "starts_on", Kind.DATE, None),
    (gettext_lazy("Expected or actual end"), "ends_on", Kind.DATE, None),
    (gettext_lazy("Total cost (euros)"), "total_cost", Kind.NUMBER, 2),
    (gettext_lazy("Eligible expenditure (euros)"), "eligible", Kind.NUMBER, 2),
    (gettext_lazy("Fund"), "fund", Kind.TEXT, None),
    (gettext_lazy("Specific objective"), "specific_objective", Kind.TEXT, None),
    (gettext_lazy("Union co-financing rate (percent)"), "eu_percent", Kind.NUMBER, 2),
    (gettext_lazy("Location"), "location", Kind.TEXT, None),
    (gettext_lazy("Postcode"), "postcode", Kind.TEXT, None),
    (gettext_lazy("Country"), "country", Kind.TEXT, None),
    (gettext_lazy("Location of the beneficiary"), "beneficiary_location", Kind.TEXT, None),
    (gettext_lazy("Type of intervention"), "intervention", Kind.TEXT, None),
)


def file_columns(*, is_for_machines: bool) -> list[Column]:
    """Columns of the files; for machines under names that no translation changes."""
    return [
        Column(name if is_for_machines else title, name, kind, places)
        for title, name, kind, places in _COLUMNS
    ]


def as_data(row: ListedOperation) -> dict[str, Any]:
    """A row for the JSON file: days as 2027-12-31, numbers as numbers, None for what is not known."""
    found: dict[str, Any] = {}
    for _title, name, _kind, _places in _COLUMNS:
        value = getattr(row, name)
        if isinstance(value, Decimal):
            value = float(value)
        elif isinstance(value, datetime.date):
            value = value.isoformat()
        found[name] = None if value == "" else value
    return found
