"""Figures typed into the form in the browser become a delivery like any other."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from django.utils.translation import gettext_lazy as _

from monitoring.importers.entries import entry_text, read_entry, wrong_entries
from monitoring.importers.form import HEADINGS, RequestedIndicator
from monitoring.models import GRID_FILE_NAME, Area, Indicator
from monitoring.services.deliveries import ReadDelivery, delivery_reading
from monitoring.services.readings import Upload, request_of
from project.common.errors import DomainError
from stakeholders.models import Organisation, User

#: What was typed, by area key, year and indicator key.
Cells: TypeAlias = Mapping[tuple[str, int, str], str]
#: Indicators asked for, by key.
Rules: TypeAlias = Mapping[str, RequestedIndicator]


def delivery_from_grid(
    *,
    territory: Organisation,
    supplier: Organisation,
    cells: Cells,
    indicators: Iterable[Indicator],
    areas: Iterable[Area],
    years: Iterable[int],
    user: User,
    comment: str = "",
) -> ReadDelivery:
    """Take figures typed into the form in the browser; nothing is written yet.

    Every cell is judged by itself. What was understood is kept as a CSV file, written in one way, so that
    every figure can be traced to it.

    Args:
        territory: Planning authority that receives the delivery.
        supplier: Organisation that delivers.
        cells: What was typed, by area key, year and indicator key; empty texts are not delivered.
        indicators: Indicators asked for, with their units.
        areas: Areas asked for.
        years: Years asked for.
        user: Who typed.
        comment: Words of the supplier to planning.

    Returns:
        The delivery, to be stored.

    Raises:
        DomainError: ``wrong_cells``, which names the first of them; ``nothing_typed``.
    """
    indicators, areas, years = list(indicators), list(areas), sorted(years)
    rules = {row.key: row for row in request_of(indicators, areas, years).indicators}
    _refuse_wrong(cells, rules, indicators, areas)
    if not any(text.strip() for text in cells.values()):
        raise DomainError("nothing_typed", _("Nothing has been typed yet. Nothing was saved."))
    content = _file_of(cells, rules, indicators, areas, years)
    return delivery_reading(
        territory=territory,
        supplier=supplier,
        upload=Upload(GRID_FILE_NAME, content, hashlib.sha256(content).hexdigest()),
        indicators=indicators,
        areas=areas,
        years=years,
        user=user,
        comment=comment,
    )


def _refuse_wrong(cells: Cells, rules: Rules, indicators: Sequence[Indicator], areas: Sequence[Area]) -> None:
    """Name the first cell that cannot be taken as it is."""
    wrong = wrong_entries(cells, rules)
    if not wrong:
        return
    (area_key, year, key), error = next(iter(wrong.items()))
    raise DomainError(
        "wrong_cells",
        _("%(area)s, “%(indicator)s”, %(year)s: %(message)s Nothing was saved.")
        % {
            "area": next((area.name for area in areas if area.key == area_key), area_key),
            "indicator": next(row.name for row in indicators if row.key == key),
            "year": year,
            "message": error.message,
        },
    )


def _file_of(
    cells: Cells,
    rules: Rules,
    indicators: Sequence[Indicator],
    areas: Sequence[Area],
    years: Sequence[int],
) -> bytes:
    """What was understood, as a file in our form."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(
        [HEADINGS["area"][0], HEADINGS["name"][0], HEADINGS["year"][0], *(row.name for row in indicators)]
    )
    for year in years:
        for area in areas:
            texts = [cells.get((area.key, year, row.key), "") for row in indicators]
            figures = [read_entry(text, rules[row.key]) for text, row in zip(texts, indicators, strict=True)]
            writer.writerow([area.key, area.name, year, *map(entry_text, figures)])
    return out.getvalue().encode()
