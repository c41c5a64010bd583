"""Profiles of the demo's 81 areas without a database: real names, 30 indicators, index, map, statements."""

from __future__ import annotations

import csv
import datetime
import json
from pathlib import Path
from typing import Any

import numpy as np
from django.utils.translation import override

from monitoring.charts import map_shapes
from monitoring.index import Direction, IndicatorSpec, compute, stands_out
from monitoring.models import Area, Domain, IndexResult, IndexRun, Indicator, Unit
from monitoring.profiles import Finding, draft
from monitoring.secrecy import Shown
from stakeholders.models import Organisation
from workflows.models import AreaProfile, PlanningCycle, Position, Statement
from workflows.reports.profile import FigureLine, ProfileData

DATA = Path(__file__).resolve().parents[2] / "workflows" / "demo" / "data"
YEAR = 2025
MOMENT = datetime.datetime(2026, 9, 19, 10, tzinfo=datetime.UTC)
BORDER = 1.5


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";", strict=True))


def _indicators() -> list[Indicator]:
    units = {
        row["key"]: Unit(
            key=row["key"],
            symbol_de=row["symbol"],
            symbol_en=row["symbol_en"] or row["symbol"],
            decimals=int(row["decimals"]),
            is_count=row["is_count"] == "1",
        )
        for row in _rows("units.csv")
    }
    domains: dict[str, Domain] = {}
    found = []
    for place, row in enumerate(_rows("rbk_indicators.csv"), start=1):
        domain = domains.setdefault(
            row["domain"], Domain(key=f"d{len(domains)}", name_de=row["domain"], name_en=row["domain"])
        )
        found.append(
            Indicator(
                pk=place,
                key=row["key"],
                name_de=row["name_de"],
                name_en=row["name_en"],
                domain=domain,
                unit=units[row["unit"]],
                direction=row["direction"],
                source=row["source"],
            )
        )
    return found


def profiles(*, is_released: bool = True) -> list[ProfileData]:
    """One a area, by name, with everything a paper can show; one figure each is secret."""
    indicators = _indicators()
    rows = _rows("rbk_areas.csv")
    areas = [
        Area(
            pk=place,
            key=row["area_key"],
            name=row["name"],
            population=int(row["population"]),
            is_example=True,
        )
        for place, row in enumerate(rows, start=1)
    ]
    values = {
        (row["area_key"], row["indicator"]): float(row["value"])
        for row in _rows("rbk_values.csv")
        if row["year"] == str(YEAR) and row["value"]
    }
    table = np.array([[values.get((area.key, row.key), np.nan) for row in indicators] for area in areas])
    specs = [IndicatorSpec(row.key, Direction(row.direction)) for row in indicators]
    index = compute(table, specs)
    out = stands_out(index.normalised, BORDER)
    run = IndexRun(pk=1, year=YEAR, border=BORDER, inputs_sha256="0123456789abcdef" * 4, created_at=MOMENT)
    results = [
        IndexResult(
            area=area,
            is_included=True,
            normalised=float(index.normalised[place]),
            rank=int(index.ranks[place]),
            stands_out=bool(out[place]),
            outstanding_share=0.97,
            best_rank=1,
            worst_rank=12,
        )
        for place, area in enumerate(areas)
    ]
    features = json.loads((DATA / "rbk_areas.geojson").read_text(encoding="utf-8"))["features"]
    geometry = {feature["properties"]["key"]: feature["geometry"] for feature in features}
    shapes = map_shapes({str(area.pk): geometry[area.key] for area in areas}, width=400, max_height=440)
    territory = Organisation(name="Rheinisch-Bergischer Kreis")
    cycle = PlanningCycle(
        title="Planungszyklus 2026–2028",
        territory=territory,
        planning_unit=Organisation(name="Sozialplanung"),
    )
    common: dict[str, Any] = {
        "run": run,
        "ranked_count": len(areas),
        "results": results,
        "shapes": shapes,
        "gone_without": (),
    }
    found = []
    for place, area in enumerate(areas):
        lines, findings = [], []
        for number, indicator in enumerate(indicators):
            z, mean = float(index.z[place, number]), float(index.means[number])
            value = float(table[place, number])
            is_secret = number == place % len(indicators)
            shown = Shown(None, ".", is_secret=True) if is_secret else Shown(value)
            lines.append(FigureLine(indicator, YEAR, shown, None if is_secret else z, mean))
            if not is_secret:
                findings.append(Finding(indicator, YEAR, value, mean, float(index.sds[number]), z))
        findings.sort(key=lambda row: -row.z)
        lines.sort(key=lambda line: (line.indicator.domain.key, line.indicator.key))
        with override("de"):
            strengths, weaknesses, potentials = draft(findings)
        profile = AreaProfile(
            pk=area.pk,
            cycle=cycle,
            area=area,
            strengths=strengths,
            weaknesses=weaknesses,
            potentials=potentials,
            edited_at=MOMENT,
            released_at=MOMENT if is_released else None,
        )
        said = Statement(
            area=area,
            organisation=Organisation(name="Jugendamt"),
            position=Position.EXPLAINS,
            indicator=indicators[0],
            text="Zwei Straßenzüge prägen den Wert; dort sind in kurzer Zeit viele Familien zugezogen. " * 2,
        )
        found.append(
            ProfileData(profile=profile, result=results[place], lines=lines, statements=(said,), **common)
        )
    return found
