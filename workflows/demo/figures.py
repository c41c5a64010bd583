"""Key figures of Stolberg's plan with all that belongs to them, and what came after the rounds.


Baselines, targets and reported values stand in the data files; invented, and marked as examples there.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from measures.models import FigureKind, FigureReport, Measure, RoundReport
from measures.services.figure_files import figure_files_add
from measures.services.key_figures import KeyFigureInput
from measures.services.reporting import Actual
from measures.services.states import state_set
from monitoring.models import Area, Indicator, Unit
from monitoring.services.deliveries import (
    delivery_accept,
    delivery_mark_submitted,
    delivery_reading,
    delivery_store,
)
from project.common.attachments import Upload
from project.common.pdf import blocks
from project.common.pdf.paper import render_paper
from stakeholders.models import Organisation, User
from stakeholders.permissions import Perm
from workflows.demo import clock, driver
from workflows.demo.catalogue import delivery_file, rows
from workflows.reporting import report_correction_begin

#: Yearly figures of the indicator come in this long after the end of their year.
DELIVERED_AFTER = datetime.timedelta(days=80)
#: This report was corrected after its round had been closed.
CORRECTED_MEASURE, CORRECTED_FIGURE = "3.3", "Geförderte Kinder"
CORRECTED_ROUND = datetime.date(2025, 12, 31)
CORRECTED_ON = datetime.date(2026, 3, 4)
CORRECTED_VALUE = Decimal(84)
CORRECTION_REASON = "Beispiel: Sechs Kinder zweier Gruppen waren doppelt gezählt."
#: Planning knows better than the figures.
OVERRIDDEN = "1.3"
OVERRIDE_REASON = (
    "Beispiel: Die beiden Umbauten sind genehmigt und beauftragt; die Wohnungen werden bis März 2027 "
    "bezugsfertig."
)
OVERRIDE_WAIT = datetime.timedelta(days=4)
#: A list backs this figure.
BACKED = {"measure": "4.2", "figure": "Teilnehmende Eltern", "reference_on": "2025-12-31"}


def key_figures(
    organisations: dict[str, Organisation], areas: dict[str, Area], indicator: Indicator
) -> dict[str, list[KeyFigureInput]]:
    """Key figures by number of the measure.

    Args:
        organisations: By the name in the data files.
        areas: By name.
        indicator: What two outcomes follow.
    """
    units = {unit.key: unit for unit in Unit.objects.all()}
    details = {(row["measure"], row["title"]): row for row in rows("stolberg_figure_details.csv")}
    found: dict[str, list[KeyFigureInput]] = defaultdict(list)
    for row in rows("stolberg_key_figures.csv"):
        more = details[row["measure"], row["title"]]
        found[row["measure"]].append(
            KeyFigureInput(
                title=row["title"],
                level=row["level"],
                unit=units[row["unit"]],
                direction=row["direction"],
                baseline=Decimal(row["baseline"]),
                baseline_on=datetime.date.fromisoformat(row["baseline_on"]),
                targets=_targets(row["targets"]),
                source=more["source"],
                definition=more["definition"],
                cycle=more["cycle"],
                reporter=organisations[more["reporter"]] if more["reporter"] else None,
                on_path_percent=int(more["on_path_percent"]),
                at_risk_percent=int(more["at_risk_percent"]),
            )
        )
    for row in rows("stolberg_more_figures.csv"):
        follows = row["kind"] == FigureKind.QUANTITY
        found[row["measure"]].append(
            KeyFigureInput(
                title=row["title"],
                kind=row["kind"],
                level=row["level"],
                unit=None,
                direction=row["direction"],
                baseline=Decimal(row["baseline"]),
                baseline_on=datetime.date.fromisoformat(row["baseline_on"]),
                targets=_targets(row["targets"]),
                wordings=dict(_pairs(row["wordings"])),
                source=row["source"],
                definition=row["definition"],
                cycle=row["cycle"],
                indicator=indicator if follows else None,
                area=areas[row["area"]] if follows else None,
            )
        )
    return found


def _pairs(text: str) -> Iterable[tuple[datetime.date, str]]:
    for part in text.split("|"):
        day, _colon, value = part.partition(":")
        if day:
            yield datetime.date.fromisoformat(day), value


def _targets(text: str) -> list[tuple[datetime.date, Decimal]]:
    return [(day, Decimal(value)) for day, value in _pairs(text)]


def reported() -> dict[tuple[str, str, str], tuple[str, str]]:
    """Day, number of the measure and title of the figure -> value and comment as reported."""
    return {
        (row["reference_on"], row["measure"], row["key_figure"]): (row["value"], row["comment"])
        for name in ("stolberg_reports.csv", "stolberg_more_reports.csv")
        for row in rows(name)
    }


def deliver_years(
    territory: Organisation,
    supplier: Organisation,
    indicator: Indicator,
    areas: dict[str, Area],
    *,
    sender: User,
    planner: User,
    today: datetime.date,
) -> None:
    """The statistics office goes on delivering the indicator: outcomes follow it."""
    values = [row for row in rows("stolberg_values.csv") if row["area_key"] in areas]
    for year in sorted({int(row["year"]) for row in values}):
        came_on = datetime.date(year, 12, 31) + DELIVERED_AFTER
        if came_on > today:
            continue
        with clock.on(came_on):
            read = delivery_reading(
                territory=territory,
                supplier=supplier,
                upload=delivery_file(
                    [row for row in values if row["year"] == str(year)],
                    areas,
                    f"lieferung-statistikstelle-{year}.csv",
                ),
                indicators=[indicator],
                areas=list(areas.values()),
                years=[year],
                comment="",
                user=sender,
            )
            delivery = delivery_store(read, user=sender)
            delivery_mark_submitted(delivery)
            delivery_accept(delivery, user=planner)


def back_with_file(report: RoundReport, day: str, *, user: User) -> None:
    """A list is laid beside one of the figures before the report is handed in."""
    if day != BACKED["reference_on"]:
        return
    figures = FigureReport.objects.filter(report=report, key_figure__title=BACKED["figure"])
    for row in figures.select_related("key_figure__measure__field"):
        if row.key_figure.measure.number == BACKED["measure"]:
            figure_files_add(row, [Upload("beispiel-teilnahmeliste.pdf", _list())], user=user)


def _list() -> bytes:
    return render_paper(
        blocks.Paper(
            title="Beispiel: Teilnahmeliste",
            language="de",
            author="Träger A (Beispiel)",
            subject="Elterntreff",
            running="Elterntreff",
            footer="Beispiel",
            blocks=(
                blocks.Heading("Beispiel: Auszählung der Teilnahmeliste", 1),
                blocks.Paragraph("Erfundene Werte: 114 Eltern in neun Gruppen, ohne Namen."),
            ),
        )
    )


def correct(measures: dict[str, Measure], *, planner: User, today: datetime.date) -> None:
    """One report of a closed round is corrected; what was frozen of the round stays."""
    if today < CORRECTED_ON:
        return
    row = FigureReport.objects.select_related("report__process", "report__organisation").get(
        key_figure__measure=measures[CORRECTED_MEASURE],
        key_figure__title=CORRECTED_FIGURE,
        report__round__reference_on=CORRECTED_ROUND,
    )
    with clock.on(CORRECTED_ON):
        actor = driver.person_for(Perm.ACT_FOR_ORGANISATION, row.report.organisation, not_=[planner])
        made = report_correction_begin(row.report, reason=CORRECTION_REASON, user=actor)
        actuals = [
            Actual(
                figure.key_figure,
                CORRECTED_VALUE if figure.key_figure_id == row.key_figure_id else figure.value,
                CORRECTION_REASON if figure.key_figure_id == row.key_figure_id else figure.comment,
            )
            for figure in made.figures.select_related("key_figure")
        ]
        driver.report(made, actuals, user=actor)
        driver.confirm_report(made, user=planner)


def override(measures: dict[str, Measure], *, planner: User, today: datetime.date) -> None:
    """Planning sets a state beside the computed one."""
    with clock.on(today - OVERRIDE_WAIT):
        state_set(measures[OVERRIDDEN], state="at_risk", reason=OVERRIDE_REASON, user=planner)
