"""Profiles of the demo's 81 areas without a database: real names, 30 indicators, index, map, statements."""

from __future__ import annotations

import csv
import datetime
import json
from pathlib import Path
from typing import Any

import numpy as np
from django.utils.translation import override

from monitoring.index import Direction, stands_out
from monitoring.levels import Column, Level, Method, Result, evaluate
from monitoring.models import Area, Domain, IndexResult, IndexRun, Indicator, Unit
from monitoring.profiles import Finding, draft
from monitoring.scales import Scale
from monitoring.secrecy import Shown
from monitoring.shapes import MapShapes, map_shapes
from stakeholders.models import Organisation
from workflows.models import AreaProfile, Confidence, PlanningCycle, Position, SourceGroup, Statement
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


def _areas() -> list[Area]:
    return [
        Area(
            pk=place,
            key=row["area_key"],
            name=row["name"],
            population=int(row["population"]),
            is_example=True,
        )
        for place, row in enumerate(_rows("rbk_areas.csv"), start=1)
    ]


def _results(areas: list[Area], index: Result) -> list[IndexResult]:
    out = stands_out(index.index, BORDER)
    return [
        IndexResult(
            area=area,
            is_included=True,
            normalised=float(index.index[place]),
            rank=int(index.ranks[place]),
            stands_out=bool(out[place]),
            outstanding_share=0.97,
            best_rank=1,
            worst_rank=12,
        )
        for place, area in enumerate(areas)
    ]


def _shapes(areas: list[Area]) -> MapShapes:
    features = json.loads((DATA / "rbk_areas.geojson").read_text(encoding="utf-8"))["features"]
    geometry = {feature["properties"]["key"]: feature["geometry"] for feature in features}
    return map_shapes({str(area.pk): geometry[area.key] for area in areas}, width=400, max_height=440)


def _lines(
    indicators: list[Indicator], values: Any, index: Result, place: int
) -> tuple[list[FigureLine], list[Finding]]:
    """Figures of one area, one of them secret, and what a draft says of the others."""
    lines, findings = [], []
    for number, indicator in enumerate(indicators):
        z, mean = float(index.scaled[place, number]), float(index.means[number])
        value = float(values[number])
        if number == place % len(indicators):
            lines.append(FigureLine(indicator, YEAR, Shown(None, ".", is_secret=True), None, mean))
            continue
        lines.append(FigureLine(indicator, YEAR, Shown(value), z, mean))
        findings.append(Finding(indicator, YEAR, value, mean, float(index.sds[number]), z))
    findings.sort(key=lambda row: -row.z)
    lines.sort(key=lambda line: (line.indicator.domain.key, line.indicator.key))
    return lines, findings


def profiles(*, is_released: bool = True) -> list[ProfileData]:
    """One a area, by name, with everything a paper can show; one figure each is secret."""
    indicators, areas = _indicators(), _areas()
    values = {
        (row["area_key"], row["indicator"]): float(row["value"])
        for row in _rows("rbk_values.csv")
        if row["year"] == str(YEAR) and row["value"]
    }
    table = np.array([[values.get((area.key, row.key), np.nan) for row in indicators] for area in areas])
    columns = tuple(Column(row.key, direction=Direction(row.direction)) for row in indicators)
    index = evaluate(table, Method(columns, index=Level(normalise=Scale.Z)))
    cycle = PlanningCycle(
        title="Planungszyklus 2026–2028",
        territory=Organisation(name="Rheinisch-Bergischer Kreis"),
        planning_unit=Organisation(name="Sozialplanung"),
    )
    results = _results(areas, index)
    common: dict[str, Any] = {
        "run": IndexRun(
            pk=1, year=YEAR, border=BORDER, inputs_sha256="0123456789abcdef" * 4, created_at=MOMENT
        ),
        "ranked_count": len(areas),
        "results": results,
        "shapes": _shapes(areas),
        "gone_without": (),
    }
    found = []
    for place, area in enumerate(areas):
        lines, findings = _lines(indicators, table[place], index, place)
        with override("de"):
            texts = dict(zip(("strengths", "weaknesses", "potentials"), draft(findings), strict=True))
        released_at = MOMENT if is_released else None
        profile = AreaProfile(
            pk=area.pk, cycle=cycle, area=area, edited_at=MOMENT, released_at=released_at, **texts
        )
        said = Statement(
            area=area,
            organisation=Organisation(name="Jugendamt"),
            source_group=SourceGroup.RESIDENTS,
            confidence=Confidence.LIKELY,
            position=Position.EXPLAINS,
            indicator=indicators[0],
            text="Zwei Straßenzüge prägen den Wert; dort sind in kurzer Zeit viele Familien zugezogen. " * 2,
        )
        found.append(
            ProfileData(profile=profile, result=results[place], lines=lines, statements=(said,), **common)
        )
    return found
