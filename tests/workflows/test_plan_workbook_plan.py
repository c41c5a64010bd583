"""A whole plan as a workbook: the demo's 47 measures there and back, and who reads small counts in it."""

import datetime
import io
from collections import defaultdict
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from measures.models import FigureReport, Measure, ReportingRound, RoundReport, RoundReportState
from measures.services.key_figures import KeyFigureInput
from measures.services.measures import measure_create
from measures.services.plan_imports import workbook_preview
from measures.workbook.layout import FIGURES, FINANCE, MEASURES, REPORTS
from monitoring.models import Unit
from stakeholders.models import LogEntry, OrganisationKind
from tests import factories
from tests.factories import World
from tests.measures.test_services_measures import fields
from tests.measures.workbooks import changed, exported, put, read, sheet_of, value_in
from workflows.demo.catalogue import load_units, rows

D = datetime.date


def _pairs(text: str) -> list[tuple[D, Decimal]]:
    return [
        (D.fromisoformat(day), Decimal(value)) for day, value in (line.split(":") for line in text.split("|"))
    ]


def _stolberg(world: World) -> None:
    """The measures of the demo's plan, in the plan of the world."""
    load_units()
    world.plan.ends_on = D(2028, 12, 31)
    world.plan.save()
    field_of = {
        row["number"]: world.plan.fields.create(number=int(row["number"]) + 10, title=row["title"])
        for row in rows("stolberg_fields.csv")
    }
    organisations = {
        row["name"]: factories.organisation(f"{row['name']} St", OrganisationKind.PROVIDER, world.territory)
        for row in rows("stolberg_organisations.csv")
    }
    figures: dict[str, list[KeyFigureInput]] = defaultdict(list)
    for row in rows("stolberg_key_figures.csv"):
        figures[row["measure"]].append(
            KeyFigureInput(
                title=row["title"],
                level=row["level"],
                unit=Unit.objects.get(key=row["unit"]),
                direction=row["direction"],
                baseline=Decimal(row["baseline"]),
                baseline_on=D.fromisoformat(row["baseline_on"]),
                targets=_pairs(row["targets"]),
            )
        )
    for row in rows("stolberg_measures.csv"):
        measure_create(
            plan=world.plan,
            user=world.fresh("planner"),
            field=field_of[row["field"]],
            position=int(row["number"].split(".")[1]),
            title=row["title"],
            description=row["description"],
            target_group=row["target_group"],
            stage=int(row["stage"]),
            starts_on=D.fromisoformat(row["starts_on"]),
            ends_on=D.fromisoformat(row["ends_on"]),
            responsible=organisations[row["responsible"]],
            partners=[(organisations[name], "") for name in row["partners"].split("|") if name],
            key_figures=figures[row["number"]],
        )


def test_the_demos_47_measures_go_and_come_back_unchanged(world: World) -> None:
    _stolberg(world)
    user = world.fresh("planner")
    content = exported(world.plan, user)
    for file in (content, changed(content)):
        kept = read(world.plan, user, file)
        assert (kept.remarks, kept.content["rows"]) == ([], [])
    page = sheet_of(openpyxl.load_workbook(io.BytesIO(content)), MEASURES)
    assert page.max_row == 1 + Measure.objects.count() == 48


@pytest.fixture
def reported(world: World) -> Measure:
    """A measure with a small count."""
    unit = factories.unit("persons", "Personen", decimals=0, is_count=True)
    unit.is_count = True
    unit.save()
    measure = measure_create(plan=world.plan, user=world.fresh("planner"), **fields(world))
    made = ReportingRound.objects.create(
        plan=world.plan, reference_on=D(2026, 6, 30), due_on=D(2026, 7, 31), opened_by=world.people["planner"]
    )
    report = RoundReport.objects.create(
        round=made,
        organisation=measure.responsible,
        state=RoundReportState.CONFIRMED,
        confirmed_at=timezone.now(),
    )
    FigureReport.objects.create(report=report, key_figure=measure.key_figures.get(), value=2)
    return measure


@pytest.mark.parametrize(
    ("who", "value"),
    [("planner", 2), ("head", 2), ("chair", "."), ("specialist", 2), ("association_head", None)],
)
def test_small_counts_are_written_for_those_who_may_know(
    world: World, reported: Measure, who: str, value: object
) -> None:
    content = exported(world.plan, world.fresh(who))
    assert value_in_reports(content) == value
    assert LogEntry.objects.filter(action="key_figures.seen_raw").count() == (value == 2)


def value_in_reports(content: bytes) -> Any:
    """The first reported value of a workbook."""
    return value_in(content, REPORTS, 2, "value")


def test_the_page_hands_the_file_out_and_takes_it_back(
    world: World, reported: Measure, client_as: Any
) -> None:
    client = client_as(world.fresh("planner"))
    response = client.get(reverse("measures:plan-workbook", args=[world.plan.pk]))
    assert response.headers["Content-Disposition"].startswith("attachment")
    content = response.content
    address = reverse("workflows:workbook-upload", args=[world.plan.pk])
    upload = _named(changed(content, put(FINANCE, 2, measure="1.1", kind="cost", title="Strom", amount=10)))
    page = client.post(address, {"file": upload}, follow=True)
    assert page.status_code == 200
    kept = world.plan.imports.get()
    assert kept.remarks == []
    done = client.post(
        reverse("workflows:plan-import", args=[kept.pk]), {"seen": workbook_preview(kept).mark}
    )
    assert done.status_code == 302
    assert reported.finance_lines.get().title == "Strom"
    again = client.post(reverse("workflows:plan-import", args=[kept.pk]), {"seen": "x"})
    assert again.status_code == 200
    assert reported.finance_lines.count() == 1


def test_remarks_stay_and_can_be_downloaded(world: World, reported: Measure, client_as: Any) -> None:
    client = client_as(world.fresh("planner"))
    content = exported(world.plan, world.fresh("planner"))
    upload = _named(changed(content, put(FIGURES, 2, baseline="viele")))
    address = reverse("workflows:workbook-upload", args=[world.plan.pk])
    client.post(address, {"file": upload})
    kept = world.plan.imports.get()
    detail = reverse("workflows:plan-import", args=[kept.pk])
    assert "viele" in client.get(detail).content.decode()
    assert "viele" in client.get(detail, {"export": "csv"}).content.decode()
    assert client.post(detail, {"seen": "x"}).status_code == 409
    wrong = client.post(address, {"file": _named(b"nichts")})
    assert wrong.status_code == 422


def _named(content: bytes) -> Any:
    file = io.BytesIO(content)
    file.name = "plan.xlsx"
    return file
