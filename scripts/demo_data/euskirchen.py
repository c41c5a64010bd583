"""Kreis Euskirchen: real figures and boundaries of its 11 municipalities."""

from collections.abc import Iterator

from scripts.demo_data.files import read_boundaries, read_rows, read_target, write_boundaries, write_rows

DISTRICT = "05366"
# Degrees, about 60 m.
TOLERANCE = 0.0006

# The five years of a change must not straddle the census of 2011, which moved the population.
FIRST_CHANGE_YEAR = 2016
CHANGE_YEARS = 5


def build() -> None:
    """Write areas, boundaries and values; the list of indicators is kept by hand."""
    cross = {
        row["ags"]: row
        for row in read_rows("nrw_gemeinden/nrw_gemeinden_querschnitt_abgeleitet.csv")
        if row["ags"].startswith(DISTRICT)
    }
    register = {row["ags"]: row for row in read_rows("gemeindeverzeichnis/gemeinden_nrw_2024-06-30.csv")}
    write_rows(
        "euskirchen_areas.csv",
        ["area_key", "ars", "name", "type", "population", "population_on", "area_km2"],
        [
            (
                ags,
                register[ags]["ars"],
                row["name"],
                "municipality",
                row["bevoelkerung_2024"],
                "2024-12-31",
                row["flaeche_qkm"],
            )
            for ags, row in sorted(cross.items())
        ],
    )
    boundaries = read_boundaries("nrw_boundaries/kreis_euskirchen_gemeinden.geojson", TOLERANCE)
    write_boundaries(
        "euskirchen_areas.geojson", [({"key": ags, "name": name}, shape) for ags, name, shape in boundaries]
    )
    order = [row["key"] for row in read_target("euskirchen_indicators.csv")]
    values = [*_series(), *_cross_section(cross)]
    values.sort(key=lambda row: (order.index(row[2]), row[1], row[0]))
    write_rows(
        "euskirchen_values.csv",
        ["area_key", "year", "indicator", "value", "sign"],
        [(ags, year, key, f"{value:.2f}", sign) for ags, year, key, value, sign in values],
    )


Value = tuple[str, int, str, float, str]


def _series() -> Iterator[Value]:
    """The yearly figures of 2008 to 2021 and their changes."""
    rows = [
        row
        for row in read_rows("nrw_gemeinden/nrw_gemeinden_inkar_2008_2021.csv")
        if row["ags"].startswith(DISTRICT)
    ]
    by_year = {(row["ags"], int(row["jahr"])): row for row in rows}

    def number(ags: str, year: int, column: str) -> float:
        return float(by_year[ags, year][column])

    def unemployed_share(ags: str, year: int) -> float:
        return number(ags, year, "Arbeitslosigkeit") / number(ags, year, "ErwerbsfaehigeBevoelkerung") * 100

    def change(ags: str, year: int, column: str) -> float:
        return (number(ags, year, column) / number(ags, year - CHANGE_YEARS, column) - 1) * 100

    for ags, year in by_year:
        yield ags, year, "unemployed_share", unemployed_share(ags, year), ""
        yield ags, year, "income_tax", number(ags, year, "Einkommensteuer_IRIS"), ""
        if year >= FIRST_CHANGE_YEAR:
            before = unemployed_share(ags, year - CHANGE_YEARS)
            yield ags, year, "unemployed_change", unemployed_share(ags, year) - before, ""
            yield ags, year, "working_age_change", change(ags, year, "ErwerbsfaehigeBevoelkerung"), ""
            yield ags, year, "income_tax_change", change(ags, year, "Einkommensteuer_IRIS"), ""


def _cross_section(cross: dict[str, dict[str, str]]) -> Iterator[Value]:
    """The benefits of 2023 and 2024."""
    columns = [
        ("sgb2_share", "sgb2_gesamt", 100),
        ("minimum_income_rate", "mindest_insgesamt", 100),
        ("old_age_security", "grusi_alter", 1000),
        ("reduced_earning_security", "grusi_em", 1000),
        ("subsistence_assistance", "hlu_sgb12", 1000),
        ("asylum_benefits", "asylblg", 1000),
    ]
    for ags, row in cross.items():
        yield ags, 2023, "minimum_income_rate", float(row["mindestsicherungsquote_2023"]), ""
        for key, column, per in columns:
            # The one empty cell (Dahlem) is "-" in the original table: exactly none.
            count, sign = (float(row[column]), "") if row[column] else (0.0, "-")
            yield ags, 2024, key, count / int(row["bevoelkerung_2024"]) * per, sign
