"""Rheinisch-Bergischer Kreis: real municipalities, example small areas (Wohnplätze) and example values."""

import math
import random
from collections.abc import Iterator, Sequence

from monitoring.geometry import Polygon
from scripts.demo_data.files import read_boundaries, read_rows, read_target, write_boundaries, write_rows
from scripts.demo_data.split import split

DISTRICT = "05378"
TOLERANCE = 0.0008
YEARS = (2023, 2024, 2025)

# Small areas of each municipality: 81 in all.
COUNTS = {
    "Bergisch Gladbach": 30,
    "Burscheid": 6,
    "Kürten": 6,
    "Leichlingen": 8,
    "Odenthal": 5,
    "Overath": 8,
    "Rösrath": 8,
    "Wermelskirchen": 10,
}
# The three that are known by name lie in the middle of their municipality.
NAMED = {
    "Wermelskirchen": "Wermelskirchen Innenstadt",
    "Leichlingen": "Cremers Weiden",
    "Burscheid": "Zentrum Nord",
}
# The other six that stand out; which ones is an example.
STANDING_OUT = {("Bergisch Gladbach", number) for number in (4, 9, 13, 18, 22, 27)}

# Mean, spread, how closely need and the indicator go together, least and most possible value.
SHAPES: dict[str, tuple[float, float, float, float, float]] = {
    "rbk_non_german_share": (12.0, 4.5, 0.85, 2.0, 45.0),
    "rbk_non_german_minors": (13.0, 5.5, 0.85, 2.0, 55.0),
    "rbk_arrivals_from_abroad": (14.0, 5.0, 0.7, 2.0, 60.0),
    "rbk_short_residence": (34.0, 6.0, 0.5, 12.0, 65.0),
    "rbk_unemployed_share": (4.6, 1.5, 0.9, 1.0, 15.0),
    "rbk_unemployed_youth": (3.4, 1.3, 0.8, 0.5, 14.0),
    "rbk_long_term_unemployed": (37.0, 6.0, 0.7, 15.0, 65.0),
    "rbk_sgb2_rate": (7.2, 3.0, 0.95, 1.0, 30.0),
    "rbk_sgb2_children_german": (9.5, 4.5, 0.92, 1.0, 42.0),
    "rbk_sgb2_children_non_german": (20.0, 5.5, 0.8, 4.0, 60.0),
    "rbk_sgb2_single_parents": (41.0, 6.0, 0.5, 20.0, 70.0),
    "rbk_old_age_security": (3.1, 1.2, 0.8, 0.4, 12.0),
    "rbk_subsistence_assistance": (1.6, 0.6, 0.7, 0.2, 6.0),
    "rbk_school_entry_findings": (36.0, 7.0, 0.8, 15.0, 75.0),
    "rbk_school_entry_language": (17.0, 5.0, 0.8, 4.0, 50.0),
    "rbk_school_entry_overweight": (9.5, 2.6, 0.7, 3.0, 28.0),
    "rbk_checkups_incomplete": (12.0, 3.5, 0.7, 3.0, 40.0),
    "rbk_teeth_untreated": (14.0, 4.0, 0.75, 3.0, 45.0),
    "rbk_measles_vaccination": (93.5, 2.2, 0.5, 78.0, 99.5),
    "rbk_minors_share": (16.6, 1.6, 0.45, 11.0, 26.0),
    "rbk_childcare_under_3": (41.0, 6.0, 0.65, 15.0, 68.0),
    "rbk_childcare_3_to_6": (93.0, 2.8, 0.6, 74.0, 99.5),
    "rbk_educational_assistance": (2.6, 0.9, 0.85, 0.4, 10.0),
    "rbk_integration_assistance": (1.3, 0.4, 0.5, 0.2, 5.0),
    "rbk_aged_80_plus": (7.4, 1.5, 0.15, 3.0, 15.0),
    "rbk_living_alone_65_plus": (29.0, 4.5, 0.6, 12.0, 55.0),
    "rbk_care_dependent": (6.1, 1.1, 0.4, 2.5, 13.0),
    "rbk_care_assistance": (8.5, 2.6, 0.75, 1.5, 30.0),
    "rbk_residential_care": (17.5, 3.5, 0.3, 6.0, 40.0),
    "rbk_day_care_places": (9.0, 2.5, 0.35, 1.0, 20.0),
}
# What is known of Zentrum Nord: about a quarter of the German and a third of the non-German children live in
# households with SGB II benefits, more than half show a finding at school entry, about 30 % are under 30.
KNOWN = {
    "rbk_sgb2_children_german": (24.6, 24.9, 25.3),
    "rbk_sgb2_children_non_german": (32.8, 33.1, 33.4),
    "rbk_school_entry_findings": (51.9, 52.6, 53.2),
}
KNOWN_UNDER_30 = 30.2
# What goes missing in any year: place in the list of areas, indicator, sign.
SIGNS_2023 = {
    (11, "rbk_teeth_untreated"): ".",
    (37, "rbk_subsistence_assistance"): "-",
    (52, "rbk_school_entry_overweight"): "/",
    (52, "rbk_school_entry_language"): "/",
    (70, "rbk_day_care_places"): "-",
    (74, "rbk_integration_assistance"): ".",
}
_LEAST_POPULATION = 1_000

Area = tuple[str, str, str, str, list[Polygon]]  # key, name, key and name of the municipality, shape


def build() -> None:
    """Write areas, boundaries and values; the list of indicators is kept by hand."""
    chance = random.Random(81)  # noqa: S311  example values, the same each time
    population = {
        row["ags"]: int(row["bevoelkerung_2024"])
        for row in read_rows("nrw_gemeinden/nrw_gemeinden_querschnitt_abgeleitet.csv")
        if row["ags"].startswith(DISTRICT)
    }
    areas = list(_areas())
    people = _share_out(areas, population, chance)
    young = [
        KNOWN_UNDER_30 if name == "Zentrum Nord" else round(chance.gauss(27.6, 1.3), 1)
        for _, name, *_ in areas
    ]
    write_rows(
        "rbk_areas.csv",
        [
            "area_key",
            "name",
            "type",
            "parent_key",
            "parent_name",
            "population",
            "population_on",
            "under_30_percent",
        ],
        [
            (key, name, "small_area", ags, town, people[place], "2024-12-31", young[place])
            for place, (key, name, ags, town, _) in enumerate(areas)
        ],
    )
    write_boundaries(
        "rbk_areas.geojson", [({"key": key, "name": name}, shape) for key, name, _, _, shape in areas]
    )
    write_rows("rbk_values.csv", ["area_key", "year", "indicator", "value", "sign"], _values(areas, chance))


def _areas() -> Iterator[Area]:
    for ags, full_name, shape in read_boundaries(
        "nrw_boundaries/rheinisch_bergischer_kreis_gemeinden.geojson", TOLERANCE
    ):
        town = full_name.partition(" (")[0]
        parts = split(shape, COUNTS[town])
        middle = _middle(parts) if town in NAMED else -1
        number = 0
        for place, part in enumerate(parts):
            if place == middle:
                name = NAMED[town]
            else:
                number += 1
                name = f"{town} – Beispiel-Wohnplatz {number}"
            yield f"{ags}{place + 1:02d}", name, ags, town, part


def _middle(parts: Sequence[list[Polygon]]) -> int:
    """The part nearest to the middle of all."""
    centres = [_mean(part) for part in parts]
    x, y = (sum(centre[axis] for centre in centres) / len(centres) for axis in (0, 1))
    return min(range(len(parts)), key=lambda place: math.dist(centres[place], (x, y)))


def _mean(part: list[Polygon]) -> tuple[float, float]:
    points = [point for polygon in part for point in polygon[0]]
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


def _stands_out(area: Area) -> bool:
    _, name, _, town, _ = area
    return name in NAMED.values() or (town, int(name.rsplit(" ", 1)[1])) in STANDING_OUT


def _share_out(areas: Sequence[Area], population: dict[str, int], chance: random.Random) -> list[int]:
    """Spread the people of each municipality over its parts, at least 1,000 in each."""
    weights = [chance.uniform(0.6, 1.4) for _ in areas]
    result: list[int] = []
    for place, (_, _, ags, town, _) in enumerate(areas):
        own = [number for number, area in enumerate(areas) if area[2] == ags]
        spare = population[ags] - _LEAST_POPULATION * COUNTS[town]
        if place == own[-1]:
            result.append(population[ags] - sum(result[number] for number in own[:-1]))
        else:
            share = weights[place] / sum(weights[number] for number in own)
            result.append(_LEAST_POPULATION + int(spare * share))
    return result


def _values(areas: Sequence[Area], chance: random.Random) -> Iterator[tuple[str, int, str, str, str]]:
    directions = {row["key"]: row["direction"] for row in read_target("rbk_indicators.csv")}
    need = [chance.uniform(2.3, 3.3) if _stands_out(area) else chance.uniform(-1.3, 0.7) for area in areas]
    own = {key: [chance.gauss(0, 1) for _ in areas] for key in directions}
    for key, direction in directions.items():
        mean, spread, closeness, least, most = SHAPES[key]
        sign = 1 if direction == "more_need" else -1
        for place_of_year, year in enumerate(YEARS):
            for place, (area_key, name, *_) in enumerate(areas):
                apart = closeness * need[place] + math.sqrt(1 - closeness**2) * own[key][place]
                drift = chance.gauss(0, 0.12) + 0.04 * place_of_year
                value = min(max(mean + spread * (sign * apart + drift), least), most)
                if name == "Zentrum Nord" and key in KNOWN:
                    value = KNOWN[key][place_of_year]
                mark = SIGNS_2023.get((place, key), "") if year == YEARS[0] else ""
                text = {"": f"{value:.1f}", "-": "0.0"}.get(mark, "")
                yield area_key, year, key, text, mark
