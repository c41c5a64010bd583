"""Stolberg: real boundary of the city, example districts and example reports of the action plan."""

import datetime
import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from monitoring.geometry import Polygon, ring_centroid
from scripts.demo_data.files import read_boundaries, read_rows, read_target, write_boundaries, write_rows
from scripts.demo_data.split import split

CITY = "05334032"
TOLERANCE = 0.0006
DISTRICTS = 16
# Roughly where the three districts known by name lie (longitude, latitude).
NAMED = {
    "Unterstolberg": (6.229, 50.784),
    "Oberstolberg": (6.233, 50.767),
    "Münsterbusch": (6.202, 50.774),
}
# Known: 14 % in the city, over 25 % in the three. The rest are examples around the mean.
CITY_RATE = 14.0
RATES = {"Unterstolberg": 26.4, "Oberstolberg": 27.1, "Münsterbusch": 25.6}
EXAMPLE_RATES = (7.6, 11.2, 13.9, 9.0, 12.4, 15.1, 9.5, 11.7, 7.3, 14.4, 10.5, 15.6, 8.4)

ROUNDS = tuple(
    datetime.date.fromisoformat(day) for day in ("2024-12-31", "2025-06-30", "2025-12-31", "2026-06-30")
)
# How far measures are on their way to the next target; all others are on the path or a little ahead.
PACE = {"1.3": 0.45, "1.4": 0.78, "2.3": 0.6, "3.5": 0.55, "4.4": 0.72, "5.5": 0.66, "3.4": 0.82, "4.5": 1.12}
REASONS = {
    "1.3": "Zwei Umbauten verzögern sich, das Bauamt prüft die Anträge.",
    "1.4": "Eine Beratungsstelle war ein halbes Jahr nicht besetzt.",
    "2.3": "Die Ausschreibung musste wiederholt werden.",
    "3.5": "Es fehlt Kinderbetreuung am Vormittag.",
    "4.4": "Weniger Anmeldungen als erwartet; Kitas werden gezielt angesprochen.",
    "5.5": "Die Wahl des Jugendrats fand später statt.",
    "3.4": "Betriebe suchen, finden aber spät zusammen.",
    "4.5": "Große Nachfrage, Wartezeit inzwischen drei Wochen.",
}
# Measure and round without figures.
NOT_REPORTED = {
    ("4.9", ROUNDS[1]),
    ("2.4", ROUNDS[2]),
    ("2.4", ROUNDS[3]),
    ("3.7", ROUNDS[3]),
    ("1.6", ROUNDS[3]),
    ("5.5", ROUNDS[3]),
}


def build() -> None:
    """Write districts, boundaries and reports; measures and key figures are kept by hand."""
    ((_, _, shape),) = [
        row
        for row in read_boundaries("nrw_boundaries/staedteregion_aachen_gemeinden.geojson", TOLERANCE)
        if row[0] == CITY
    ]
    parts = split(shape, DISTRICTS)
    names = _names(parts)
    (population,) = [
        int(row["bevoelkerung_2024"])
        for row in read_rows("nrw_gemeinden/nrw_gemeinden_querschnitt_abgeleitet.csv")
        if row["ags"] == CITY
    ]
    rates = iter(EXAMPLE_RATES)
    header = [
        "area_key",
        "name",
        "type",
        "parent_key",
        "population",
        "population_on",
        "minimum_income_percent",
    ]
    day = "2024-12-31"
    rows = [(CITY, "Stolberg", "municipality", "", population, day, CITY_RATE)]
    for place, name in enumerate(names):
        share = population // DISTRICTS + (place % 5 - 2) * 310
        people = share if place < DISTRICTS - 1 else population - sum(row[4] for row in rows[1:])
        rate = RATES[name] if name in RATES else next(rates)
        rows.append((f"{CITY}{place + 1:02d}", name, "small_area", CITY, people, day, rate))
    write_rows("stolberg_areas.csv", header, rows)
    write_boundaries(
        "stolberg_areas.geojson",
        [({"key": f"{CITY}{place + 1:02d}", "name": names[place]}, part) for place, part in enumerate(parts)],
    )
    write_rows(
        "stolberg_reports.csv", ["measure", "key_figure", "reference_on", "value", "comment"], _reports()
    )


def _names(parts: Sequence[list[Polygon]]) -> list[str]:
    """Give each known name to the free part nearest to its place, numbers to the others."""
    centres = [ring_centroid(part[0][0]) for part in parts]
    known: dict[int, str] = {}
    for name, place in NAMED.items():
        free = [number for number in range(len(parts)) if number not in known]
        known[min(free, key=lambda number: math.dist(centres[number], place))] = name
    numbers = iter(range(1, len(parts) + 1))
    return [known.get(number) or f"Beispiel-Stadtteil {next(numbers)}" for number in range(len(parts))]


def _reports() -> Iterator[tuple[str, str, datetime.date, str, str]]:
    """What was reported in each round: values on or off the path, gaps with a remark."""
    measures = {row["number"]: row for row in read_target("stolberg_measures.csv")}
    for place, figure in enumerate(read_target("stolberg_key_figures.csv")):
        measure = measures[figure["measure"]]
        start = datetime.date.fromisoformat(measure["starts_on"])
        end = datetime.date.fromisoformat(measure["ended_on"] or measure["ends_on"])
        for number, day in enumerate(ROUNDS):
            is_last = number == 0 or ROUNDS[number - 1] < end
            if measure["stage"] == "2" or start >= day or not is_last:
                continue
            if (figure["measure"], day) in NOT_REPORTED:
                yield figure["measure"], figure["title"], day, "", "Zahlen liegen noch nicht vor."
                continue
            pace = PACE.get(figure["measure"], (1.0, 1.04, 0.97, 1.02)[(place + number) % 4])
            baseline = float(figure["baseline"])
            value = baseline + (_expected(figure, start, day) - baseline) * pace
            comment = REASONS.get(figure["measure"], "") if number >= len(ROUNDS) - 2 else ""
            decimals = 1 if figure["unit"] == "percent" else 0
            yield figure["measure"], figure["title"], day, f"{value:.{decimals}f}", comment


def _expected(figure: Mapping[str, str], start: datetime.date, day: datetime.date) -> float:
    """The value on the straight path from the baseline over the targets."""
    known = [(start, float(figure["baseline"]))]
    for target in figure["targets"].split("|"):
        due, value = target.split(":")
        known.append((datetime.date.fromisoformat(due), float(value)))
    for (first, low), (second, high) in pairwise(known):
        if day <= second:
            return low + (high - low) * max((day - first).days, 0) / max((second - first).days, 1)
    return known[-1][1]
