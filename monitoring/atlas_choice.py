"""What the address of the atlas asks for, made valid; and the addresses that ask for it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from monitoring.classes import DEFAULT_CLASSES, LEAST_CLASSES, MOST_CLASSES, ClassMethod
from monitoring.models import AreaKind, IndexRun, Indicator
from monitoring.selectors.atlas import INDEX, atlas_levels, atlas_territories, atlas_years
from monitoring.selectors.figures import used_indicators
from monitoring.selectors.runs import used_runs
from project.common.keys import key_or_none
from project.common.listing import term_of
from stakeholders.models import Organisation

#: Columns the table can be sorted by; with "-" in front the other way round.
SORTS = ("rank", "name")


@dataclass(frozen=True)
class AtlasChoice:
    """What is shown.

    Attributes:
        territories: Those the person may see.
        territory: The one chosen.
        indicators: Those with figures.
        runs: Runs of the index a cycle works with, latest first.
        indicator: None for the index.
        levels: Levels there are figures on; empty for the index, which has its own.
        level: The one chosen.
        years: Years with figures, falling.
        year: The one chosen.
        method: How classes are made.
        count: How many classes.
        area: Primary key asked for, of this or any other place.
        term: What the table is searched for.
        sort: Order of the table.
    """

    territories: Sequence[Organisation]
    territory: Organisation
    indicators: Sequence[Indicator]
    runs: Sequence[IndexRun]
    indicator: Indicator | None
    levels: Sequence[AreaKind]
    level: AreaKind | None
    years: Sequence[int]
    year: int
    method: ClassMethod
    count: int
    area: int | None
    term: str
    sort: str

    @property
    def run(self) -> IndexRun | None:
        """The latest run of the year, if the index is shown."""
        if self.indicator is not None:
            return None
        return next((run for run in self.runs if run.year == self.year), None)

    @property
    def other_runs(self) -> list[IndexRun]:
        """The latest run of each other year."""
        latest: dict[int, IndexRun] = {}
        for run in self.runs:
            latest.setdefault(run.year, run)
        return [run for year, run in latest.items() if year != self.year]

    def query(self) -> dict[str, str]:
        """Everything chosen, in full: the same view at any later time."""
        pairs = {
            "territory": str(self.territory.pk),
            "show": self.indicator.key if self.indicator else INDEX,
            "level": self.level.value if self.level else "",
            "year": str(self.year),
            "method": self.method.value,
            "classes": "" if self.method is ClassMethod.BORDER else str(self.count),
            "area": "" if self.area is None else str(self.area),
            "q": self.term,
            "sort": self.sort if self.sort != SORTS[0] else "",
        }
        return {name: value for name, value in pairs.items() if value}


def address(pairs: Mapping[str, str], **changes: object) -> str:
    """Write a choice as the end of an address; an empty change leaves something out.

    >>> address({"show": "index", "area": "3"}, area=4, q="")
    '?show=index&area=4'
    """
    changed = {name: str(value) for name, value in changes.items()}
    return "?" + urlencode({name: value for name, value in {**pairs, **changed}.items() if value})


def choice_of(request: HttpRequest) -> AtlasChoice | None:
    """Read an address; what makes no sense falls back to the default.

    Args:
        request: The request; rights of its user.

    Returns:
        None if the person sees no areas at all. Queries: 4 or 5.

    Raises:
        Http404: The territory is not one of theirs.
    """
    territories = list(atlas_territories(request.user))
    wanted = request.GET.get("territory")
    found = next((row for row in territories if row.pk == key_or_none(wanted)), None)
    if wanted and found is None:
        raise Http404("No such territory.")
    if not territories:
        return None
    territory = found or territories[0]
    indicators = list(used_indicators(territory))
    runs = list(used_runs(territory))
    indicator = _indicator(request, indicators, has_runs=bool(runs))
    levels: list[AreaKind] = []
    level: AreaKind | None = None
    years: Sequence[int]
    if indicator is not None:
        levels = atlas_levels(territory, indicator)
        level = next((row for row in levels if row.value == request.GET.get("level")), levels[0])
        years = atlas_years(territory, indicator, level)
    else:
        years = sorted({run.year for run in runs}, reverse=True)
    method, count = _classes(request, is_index=indicator is None)
    sort = request.GET.get("sort", "")
    return AtlasChoice(
        territories=territories,
        territory=territory,
        indicators=indicators,
        runs=runs,
        indicator=indicator,
        levels=levels,
        level=level,
        years=years,
        year=_year(request, years),
        method=method,
        count=count,
        area=key_or_none(request.GET.get("area")),
        term=term_of(request),
        sort=sort if sort.removeprefix("-") in SORTS else SORTS[0],
    )


def _indicator(request: HttpRequest, indicators: Sequence[Indicator], *, has_runs: bool) -> Indicator | None:
    """The indicator asked for; None for the index. Without either, the first one."""
    show = request.GET.get("show", "")
    found = next((row for row in indicators if row.key == show), None)
    if found is None and indicators and (not has_runs or show not in {"", INDEX}):
        return indicators[0]
    return found


def _year(request: HttpRequest, years: Sequence[int]) -> int:
    """The year asked for, else the latest."""
    year = key_or_none(request.GET.get("year"))
    if year is not None and year in years:
        return year
    return years[0] if years else timezone.localdate().year


def _classes(request: HttpRequest, *, is_index: bool) -> tuple[ClassMethod, int]:
    """Method and number of classes; only an index has a border of its own."""
    default = ClassMethod.BORDER if is_index else ClassMethod.QUANTILES
    try:
        method = ClassMethod(request.GET.get("method", ""))
    except ValueError:
        method = default
    if method is ClassMethod.BORDER:
        method = default
    count = key_or_none(request.GET.get("classes")) or DEFAULT_CLASSES
    return method, count if LEAST_CLASSES <= count <= MOST_CLASSES else DEFAULT_CLASSES


def method_name(method: ClassMethod) -> str:
    """A way to make classes, in words."""
    return {
        ClassMethod.QUANTILES: _("about as many areas in each (quantiles)"),
        ClassMethod.EQUAL: _("equal intervals"),
        ClassMethod.NATURAL: _("natural breaks (as alike as possible within)"),
        ClassMethod.DEVIATIONS: _("standard deviations around the mean"),
        ClassMethod.BORDER: _("the classes of the index"),
    }[method]
