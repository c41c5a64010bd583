"""The rows of a plan as values of the workbook: every value a text that is the same on both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, Max, Prefetch, Q

from measures.models import (
    ActionPlan,
    FigureReport,
    FinanceLine,
    KeyFigure,
    Measure,
    MeasureDependency,
    MeasurePartner,
    Milestone,
    RoundReportState,
)
from measures.selectors.numbering import by_number
from measures.workbook.layout import (
    CELL_LENGTH,
    FIGURES,
    FINANCE,
    MEASURES,
    MILESTONES,
    TARGET_SLOTS,
    TARGETS,
    Sheet,
    number_text,
    same_text,
)
from monitoring.models import Area, Indicator, Unit, Value
from monitoring.secrecy import is_small, threshold_of
from project.common.formats import SIGN_UNKNOWN
from stakeholders.models import Organisation

#: Rows read at once.
_CHUNK: Final = 500

#: Begins the key of a measure that an upload adds; its word in the file follows.
NEW: Final = "+"

Values = dict[str, str]


@dataclass(frozen=True)
class Names:
    """Lists of a plan: key -> name, each name once."""

    lists: Mapping[str, Mapping[str, str]]

    def name(self, which: str, key: str) -> str:
        """Name of an entry; empty for none."""
        return self.lists[which].get(key, "")

    def keys(self, which: str) -> dict[str, str]:
        """Name in small letters -> key."""
        return {name.casefold(): key for key, name in self.lists[which].items()}


def names_of(plan: ActionPlan) -> Names:
    """What can be chosen in the workbook of a plan. Queries: 7."""
    figures = KeyFigure.objects.filter(measure__plan=plan)
    lines = FinanceLine.objects.filter(measure__plan=plan)
    # Whoever is named, too: of other territories, of none (as funders are), or not active any more.
    named = (
        Q(pk__in=plan.measures.values("responsible"))
        | Q(pk__in=MeasurePartner.objects.filter(measure__plan=plan).values("organisation"))
        | Q(pk__in=lines.filter(payer__isnull=False).values("payer"))
        | Q(pk__in=figures.filter(reporter__isnull=False).values("reporter"))
    )
    own = Q(territory=plan.territory_id, is_active=True)
    organisations = Organisation.objects.filter(own | named).order_by("name", "pk")
    areas = Area.objects.filter(
        Q(territory=plan.territory_id, valid_until__isnull=True)
        | Q(measures__plan=plan)
        | Q(pk__in=figures.filter(area__isnull=False).values("area"))
    )
    # Those with values in the territory, as the form of a key figure offers them.
    indicators = Indicator.objects.filter(
        Q(pk__in=Value.objects.filter(area__territory=plan.territory_id).values("indicator"))
        | Q(pk__in=figures.filter(indicator__isnull=False).values("indicator"))
    )
    measures = plan.measures.select_related("field", "parent__field").order_by("pk")
    return Names(
        {
            "organisations": _once((row.pk, row.name) for row in organisations),
            "fields": _once((row.pk, str(row)) for row in plan.fields.order_by("number")),
            "units": _once((row.pk, row.symbol_de) for row in Unit.objects.order_by("symbol_de")),
            "areas": _once((row.pk, row.name) for row in areas.distinct().order_by("name")),
            "goals": _once((row.pk, row.title) for row in plan.goals.all()),
            "indicators": _once((row.pk, row.name_de) for row in indicators.order_by("name_de", "pk")),
            "measures": {str(row.pk): row.number for row in measures},
        }
    )


def _once(pairs: Iterable[tuple[int, str]]) -> dict[str, str]:
    """Names of rows, told apart by their keys where two are called the same."""
    rows = [(key, " ".join(same_text(name).split())) for key, name in pairs]
    count = Counter(name.casefold() for _key, name in rows)
    return {str(key): name if count[name.casefold()] == 1 else f"{name} [{key}]" for key, name in rows}


def target_slots(plan: ActionPlan) -> int:
    """Places for targets: room for one more than any key figure has. Queries: 1."""
    counted = KeyFigure.objects.filter(measure__plan=plan).annotate(count=Count("targets"))
    most: int | None = counted.aggregate(most=Max("count"))["most"]
    return max(TARGET_SLOTS, (most or 0) + 1)


def rows_of(
    sheet: Sheet, measures: Any, keys: Collection[int] | None = None
) -> Iterator[tuple[int, int, Values]]:
    """Rows of a sheet that is read back: key, key of the measure, values.

    Args:
        sheet: Which.
        measures: Measures whose rows are wanted.
        keys: Keys of the rows that are wanted; None for all.
    """
    readers: dict[str, tuple[Any, Callable[[Any], Values], tuple[Any, ...]]] = {
        MEASURES.key: (measures, _measure, ("partners", "areas", "goals", _needs_among(measures))),
        FIGURES.key: (KeyFigure.objects.filter(measure__in=measures), _figure, ("targets",)),
        MILESTONES.key: (Milestone.objects.filter(measure__in=measures), _milestone, ()),
        FINANCE.key: (FinanceLine.objects.filter(measure__in=measures), _finance, ()),
    }
    found, values_of, prefetched = readers[sheet.key]
    if sheet is MEASURES:
        rows = found.select_related("field", "parent__field").order_by(*by_number())
    else:
        rows = found.select_related("measure__field", "measure__parent__field").order_by(
            *by_number("measure__"), "measure", "pk"
        )
    if keys is not None:
        rows = rows.filter(pk__in=keys)
    for row in rows.prefetch_related(*prefetched).iterator(chunk_size=_CHUNK):
        yield row.pk, row.pk if sheet is MEASURES else row.measure_id, values_of(row)


def _needs_among(measures: Any) -> Any:
    """What measures need first, as far as it is among them: whoever reads may not see the others."""
    return Prefetch("needs", MeasureDependency.objects.filter(needed__in=measures.order_by().values("pk")))


def keys_of(sheet: Sheet, measures: Any) -> dict[int, int]:
    """Keys of all rows of a sheet -> key of the measure. Queries: 1."""
    if sheet is MEASURES:
        return {key: key for key in measures.values_list("pk", flat=True)}
    models: dict[str, Any] = {FIGURES.key: KeyFigure, MILESTONES.key: Milestone, FINANCE.key: FinanceLine}
    return dict(models[sheet.key].objects.filter(measure__in=measures).values_list("pk", "measure"))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, Decimal):
        return number_text(value)
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return same_text(str(value)[:CELL_LENGTH])


def _texts(row: Any, *keys: str) -> Values:
    return {key: _text(getattr(row, key)) for key in keys}


def _measure(measure: Measure) -> Values:
    partners = ((row.organisation_id, row.role) for row in measure.partners.all())
    needs = ((row.needed_id, row.note) for row in measure.needs.all())
    return {
        **_texts(measure, "number", "title", "short_description", "description", "effect_hypothesis"),
        **_texts(measure, "target_group", "stage", "starts_on", "ends_on", "started_on", "ended_on"),
        **_texts(measure, "contact_function", "contact_email", "contact_phone", "needs_agreement"),
        "parent": measure.parent.number if measure.parent is not None else "",
        "field": str(measure.field_id),
        "responsible": str(measure.responsible_id),
        "partners": _with_words(partners),
        "needs": _with_words(needs),
        "areas": _keys(measure.areas.all()),
        "goals": _keys(measure.goals.all()),
        "status": str(measure.get_status_display()),
    }


def _with_words(pairs: Iterable[tuple[int, str]]) -> str:
    """A line each: key and what is said of it."""
    return "\n".join(f"{key}|{one_line(words)}" for key, words in sorted(pairs))


def one_line(text: str) -> str:
    r"""A text as a part of a line: no line ends and double blanks.

    >>> one_line(" a  b\nc ")
    'a b c'
    """
    return " ".join(same_text(text).split())


def _keys(rows: Iterable[Any]) -> str:
    return "\n".join(str(key) for key in sorted(row.pk for row in rows))


def _of_measure(row: Any) -> Values:
    return {"measure": row.measure.number, "measure_title": same_text(row.measure.title)}


def _figure(figure: KeyFigure) -> Values:
    targets = ((row.due_on.isoformat(), number_text(row.value), row.wording) for row in figure.targets.all())
    return {
        **_of_measure(figure),
        **_texts(figure, "title", "level", "direction", "baseline", "baseline_on", "definition"),
        **_texts(figure, "source", "cycle", "kind", "on_path_percent", "at_risk_percent"),
        "reporter": str(figure.reporter_id or ""),
        "unit": str(figure.unit_id),
        "indicator": str(figure.indicator_id or ""),
        "area": str(figure.area_id or ""),
        TARGETS: target_lines(targets),
    }


def target_lines(targets: Iterable[tuple[str, str, str]]) -> str:
    """Targets as one value: a line each with day, value and words, by day."""
    return "\n".join(f"{day}|{value}|{one_line(words)}" for day, value, words in sorted(targets))


def targets_in(value: str) -> list[tuple[str, str, str]]:
    """Day, value and words of each target of a value.

    >>> targets_in(target_lines([("2027-12-31", "3", "Der Treff | Saal ist offen")]))
    [('2027-12-31', '3', 'Der Treff | Saal ist offen')]
    """
    found = []
    for line in value.split("\n") if value else ():
        day, number, words = line.split("|", 2)
        found.append((day, number, words))
    return found


def _milestone(row: Milestone) -> Values:
    return {**_of_measure(row), **_texts(row, "title", "planned_on", "due_on", "reached_on", "note")}


def _finance(row: FinanceLine) -> Values:
    return {
        **_of_measure(row),
        **_texts(row, "kind", "title", "year", "amount", "is_secured"),
        "payer": str(row.payer_id or ""),
    }


def reported_rows(measures: Any, *, told: frozenset[int]) -> Iterator[Values]:
    """Confirmed figures of measures, for reading only.

    Args:
        measures: Those of the sheet.
        told: Keys of the measures whose small counts of people may be told.

    Queries: 1, read in pieces.
    """
    rows = (
        FigureReport.objects.filter(
            key_figure__measure__in=measures, report__state=RoundReportState.CONFIRMED
        )
        .order_by("key_figure__measure", "key_figure", "report__round__reference_on")
        .values_list(
            "key_figure__measure",
            "key_figure__measure__field__number",
            "key_figure__measure__parent__position",
            "key_figure__measure__position",
            "key_figure__title",
            "key_figure__unit__symbol_de",
            "key_figure__unit__is_count",
            "report__round__reference_on",
            "value",
            "comment",
        )
    )
    for row in rows.iterator(chunk_size=_CHUNK):
        key, field, parent, position, title, unit, is_count, day, value, comment = row
        is_secret = is_count and value is not None and is_small(float(value)) and key not in told
        yield {
            "measure": ".".join(str(part) for part in (field, parent, position) if part is not None),
            "figure": title,
            "unit": unit,
            "day": day.isoformat(),
            "value": SIGN_UNKNOWN if is_secret else _text(value),
            "comment": same_text(comment),
        }


def small_counts(measures: Any) -> list[int]:
    """Keys of the measures of which small counts of people were reported. Queries: 1."""
    rows = FigureReport.objects.filter(
        key_figure__measure__in=measures,
        key_figure__unit__is_count=True,
        report__state=RoundReportState.CONFIRMED,
        value__gt=0,
        value__lt=threshold_of(),
    )
    return sorted(set(rows.values_list("key_figure__measure", flat=True)))
