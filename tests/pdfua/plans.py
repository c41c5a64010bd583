"""Stolberg's 47 measures without a database: goals, milestones, money, figures, map; long German words."""

from __future__ import annotations

import csv
import datetime
import json
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from measures.models import (
    ActionPlan,
    FieldOfAction,
    FinanceKind,
    FinanceLine,
    Goal,
    GoalKind,
    KeyFigure,
    KeyFigureTarget,
    Measure,
    MeasurePartner,
    Milestone,
    PlanVersion,
)
from measures.reports.plan_paper import PlanData, Variant
from measures.reports.sheet import Origin, SheetData
from measures.selectors.figures import Actual, FigureLine, path_of
from measures.selectors.portfolio import MeasureLine
from measures.status import PortfolioState
from monitoring.models import Area, Unit
from monitoring.shapes import map_shapes
from stakeholders.models import Organisation

DATA = Path(__file__).resolve().parents[2] / "workflows" / "demo" / "data"
TODAY = datetime.date(2026, 11, 26)
#: More than thirty letters, in places where columns are narrow.
LONG_WORD = "Kinderbetreuungseinrichtungsplatzvergabeverfahren"
_DAY = datetime.timedelta(days=1)
_HYPOTHESIS = (
    "Wer den Weg kennt und Menschen vor Ort trifft, nimmt Angebote früher an; darum sinkt der Anteil "
    "derer, die niemand erreicht. "
)


def rows(name: str) -> list[dict[str, str]]:
    """Lines of a file of the demo."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";", strict=True))


def _figures(measure: Measure, units: dict[str, Unit], lines: list[dict[str, str]]) -> tuple[FigureLine, ...]:
    found = []
    for place, row in enumerate(lines):
        figure = KeyFigure(
            pk=measure.pk * 100 + place,
            measure=measure,
            title=row["title"],
            level=row["level"],
            unit=units[row["unit"]],
            direction=row["direction"],
            baseline=Decimal(row["baseline"]),
            baseline_on=datetime.date.fromisoformat(row["baseline_on"]),
        )
        targets = tuple(
            KeyFigureTarget(
                key_figure=figure,
                due_on=datetime.date.fromisoformat(day),
                value=Decimal(value),
            )
            for day, _sign, value in (part.partition(":") for part in row["targets"].split("|"))
        )
        path = path_of(figure, targets)
        actuals = tuple(
            Actual(day, Decimal(round(float(path.expected(day) or 0) * 0.93)), "Es fehlen Räume.")
            for day in (figure.baseline_on + step * 180 * _DAY for step in (1, 2, 3))
            if day < TODAY
        )
        found.append(FigureLine(figure, targets, path, actuals))
    return tuple(found)


def _sheet(
    measure: Measure,
    figures: tuple[FigureLine, ...],
    houses: dict[str, Organisation],
    row: dict[str, str],
    **more: Any,
) -> SheetData:
    state = list(PortfolioState)[measure.pk % 5]
    middle = measure.starts_on + (measure.ends_on - measure.starts_on) / 2
    kinds = (FinanceKind.COST, FinanceKind.COST, FinanceKind.FUNDING)
    return SheetData(
        line=MeasureLine(measure, state, figures),
        figures=figures,
        today=TODAY,
        areas=tuple(filter(None, row["areas"].split("|"))),
        partners=tuple(
            MeasurePartner(
                measure=measure, organisation=houses[name], organisation_id=houses[name].pk, role="berät"
            )
            for name in filter(None, row["partners"].split("|"))
        ),
        milestones=(
            Milestone(
                title="Auftrag vergeben", planned_on=measure.starts_on, due_on=measure.starts_on + 60 * _DAY
            ),
            Milestone(title=LONG_WORD, planned_on=middle, due_on=middle, reached_on=middle + 20 * _DAY),
        ),
        finance=tuple(
            FinanceLine(
                kind=kind,
                title="Personal und Sachmittel",
                year=year,
                amount=Decimal(12_000 + measure.pk * 100),
                payer=measure.responsible,
                is_secured=place != 1,
            )
            for place, (kind, year) in enumerate(zip(kinds, (2025, 2026, None), strict=True))
        ),
        origins=(Origin("Elternarbeit ausbauen", "Beschluss 4/2023 der Steuerungsgruppe, 06.09.2023"),),
        **more,
    )


def plan_data(*, variant: Variant = Variant.INTERNAL, count: int = 47) -> PlanData:
    """The plan with so many of its measures."""
    territory = Organisation(pk=1, name="Stadt Stolberg")
    plan = ActionPlan(
        pk=1,
        territory=territory,
        title="Integriertes Handlungskonzept „Berg- und Talachse“",
        ends_on=datetime.date(2028, 12, 31),
    )
    fields = {
        row["number"]: FieldOfAction(
            pk=int(row["number"]), plan=plan, number=int(row["number"]), title=row["title"]
        )
        for row in rows("stolberg_fields.csv")
    }
    units = {
        row["key"]: Unit(
            key=row["key"], symbol_de=row["symbol"], symbol_en=row["symbol"], decimals=int(row["decimals"])
        )
        for row in rows("units.csv")
    }
    areas = [
        Area(pk=place, key=row["area_key"], name=row["name"])
        for place, row in enumerate(rows("stolberg_areas.csv"), start=1)
        if row["type"] == "small_area"
    ]
    listed = list(islice(rows("stolberg_measures.csv"), count))
    names = {name for row in listed for name in [row["responsible"], *row["partners"].split("|")] if name}
    houses = {name: Organisation(pk=place, name=name) for place, name in enumerate(sorted(names), start=10)}
    goals = _goals(plan)
    figures = rows("stolberg_key_figures.csv")
    sheets = []
    for place, row in enumerate(listed, start=1):
        number, _dot, position = row["number"].partition(".")
        measure = Measure(
            pk=place,
            plan=plan,
            field=fields[number],
            position=int(position),
            title=row["title"] if place != 2 else f"{row['title']} und {LONG_WORD}",
            short_description="In einem Satz: was sich für die Menschen im Quartier ändert.",
            description=f"{row['description']}\nEin zweiter Absatz.",
            effect_hypothesis=_HYPOTHESIS * 2,
            target_group=row["target_group"],
            stage=int(row["stage"]),
            starts_on=datetime.date.fromisoformat(row["starts_on"]),
            ends_on=datetime.date.fromisoformat(row["ends_on"]),
            started_on=datetime.date.fromisoformat(row["starts_on"]) if row["stage"] == "1" else None,
            status=row["status"] or "agreed",
            responsible=houses[row["responsible"]],
            contact_function="Quartiersentwicklung",
        )
        keys = {area.name: area.pk for area in areas}
        sheets.append(
            _sheet(
                measure,
                _figures(measure, units, [line for line in figures if line["measure"] == row["number"]]),
                houses,
                row,
                is_internal=variant is Variant.INTERNAL,
                area_keys=tuple(keys[name] for name in row["areas"].split("|") if name in keys),
                goals=(goals[-1 - place % 2].title,),
                needs=("1.1 Barrierefreie Wege am Markt",) if place > 1 else (),
            )
        )
    return PlanData(
        plan=plan,
        variant=variant,
        today=TODAY,
        version=PlanVersion(number=2, title="Fortschreibung", as_of=TODAY, decision_reference="V-2026/117"),
        fields=tuple(dict.fromkeys(row.measure.field for row in sheets)),
        goals=tuple(goals),
        sheets=tuple(sheets),
        areas=tuple(areas),
        shapes=_shapes(areas),
        stage_two_on=datetime.date(2027, 1, 1),
    )


def _goals(plan: ActionPlan) -> list[Goal]:
    guiding = Goal(
        pk=1, plan=plan, kind=GoalKind.GUIDING, number=1, title="Alle wohnen gut", description="Für alle."
    )
    strategic = Goal(
        pk=2, plan=plan, kind=GoalKind.STRATEGIC, number=1, title="Wege ohne Stufen", parent=guiding
    )
    partial = [
        Goal(pk=3 + place, plan=plan, kind=GoalKind.PARTIAL, number=place, title=title, parent=strategic)
        for place, title in enumerate(("Der Markt ist barrierefrei", f"Das {LONG_WORD} ist einfach"), start=1)
    ]
    return [guiding, strategic, *partial]


def _shapes(areas: list[Area]) -> Any:
    features = json.loads((DATA / "stolberg_areas.geojson").read_text(encoding="utf-8"))["features"]
    geometry = {feature["properties"]["key"]: feature["geometry"] for feature in features}
    return map_shapes({str(area.pk): geometry[area.key] for area in areas}, width=400, max_height=440)


def round_content(
    day: str = "2026-06-30", *, states: tuple[str, ...] = ("on_path", "delayed")
) -> dict[str, Any]:
    """Content of a frozen round, as ``services.snapshots`` writes it."""
    return {
        "shape": 1,
        "plan": {
            "title": "Integriertes Handlungskonzept",
            "territory": "Stadt Stolberg",
            "ends_on": "2028-12-31",
            "stage_two_opened_on": None,
        },
        "round": {
            "reference_on": day,
            "due_on": "2026-07-31",
            "closed_on": "2026-08-04",
            "closing_reason": "Der Bericht eines Trägers blieb aus.",
            "organisations": [
                {"name": "Jugendamt", "state": "confirmed"},
                {"name": "Träger A (Beispiel)", "state": "called_off"},
            ],
        },
        "measures": [_frozen(place, state, day) for place, state in enumerate(states, start=1)],
    }


def _frozen(place: int, state: str, day: str) -> dict[str, Any]:
    light = {"on_path": "on_path", "at_risk": "at_risk", "delayed": "off_path"}.get(state, "no_data")
    return {
        "pk": place,
        "number": f"{1 + place // 10}.{place % 10}",
        "title": f"Elternarbeit {place} mit {LONG_WORD}",
        "field": {"number": 1 + place // 10, "title": "Bildung"},
        "stage": 1,
        "responsible": "Jugendamt",
        "status": "running",
        "starts_on": "2025-01-01",
        "ends_on": "2027-12-31",
        "started_on": "2025-01-15",
        "ended_on": None,
        "state": state,
        "computed": "at_risk",
        "override_reason": "Die Baugenehmigung fehlt." if state == "delayed" else "",
        "milestones": [
            {
                "title": "Auftrag vergeben",
                "planned_on": "2026-01-31",
                "due_on": "2026-03-31",
                "reached_on": None,
            }
        ],
        "figures": [
            {
                "pk": place,
                "title": "Erreichte Kinder",
                "level": "output",
                "kind": "quantity",
                "unit": "Kinder",
                "decimals": 0,
                "direction": "rising",
                "baseline": "0.00",
                "baseline_on": "2024-12-31",
                "targets": [{"due_on": "2026-12-31", "value": "120.00", "wording": ""}],
                "on_path_percent": 10,
                "at_risk_percent": 25,
                "indicator": "",
                "area": "",
                "asked_of": "Jugendamt",
                "is_missing": False,
                "actuals": [
                    {
                        "day": day,
                        "value": "64.00",
                        "comment": "Betriebe suchen lange.",
                        "is_secret": False,
                        "version": 1,
                    }
                ],
                "expected": "90.00",
                "light": light,
                "progress": 53,
            }
        ],
    }
