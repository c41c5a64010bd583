"""Stolberg's two ZiQ projects with programme, call and grant notices; sums, dates and shares are examples."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal

from measures.models import (
    ActionPlan,
    CostKind,
    DutyKind,
    FinanceKind,
    FundedProject,
    Measure,
    MoneySource,
    Programme,
)
from measures.money import PlanLine
from measures.services.advisers import adviser_let_in
from measures.services.amendment_wishes import Letter, Wish
from measures.services.grants import Duty, NoticeFields, notice_record
from measures.services.programmes import CallFields, ProgrammeFields, call_save, programme_create
from measures.services.projects import project_create, project_parties_set
from stakeholders.models import OrganisationKind
from stakeholders.permissions import Perm
from workflows.demo import amendment_steps, clock, stolberg_reports
from workflows.demo.cast import Cast
from workflows.demo.catalogue import rows
from workflows.demo.driver import person_for

PROGRAMME = "Zusammen im Quartier (ZiQ)"
GOALS = (
    "Kinder- und Jugendarmut in benachteiligten Quartieren begegnen: Kinder, Jugendliche und ihre Familien "
    "erreichen, Angebote im Quartier verbinden und die Sozialplanung der Kommunen stärken."
)
#: Shares of the cost, as an example; the least own share is that of the programme.
SHARES = {MoneySource.ESF: Decimal(50), MoneySource.STATE: Decimal(40), MoneySource.OWN: Decimal(10)}
COSTS = {CostKind.STAFF: Decimal(80), CostKind.MATERIAL: Decimal(12), CostKind.LUMP_SUM: Decimal(8)}
COUNTED = ("EECO01", "EECO02", "EECO06", "EECO07", "EECO13", "EECO14", "EECR02")
ISSUED_ON = datetime.date(2024, 1, 15)
ASKED_ON = datetime.date(2025, 4, 10)
FORWARDED_ON = datetime.date(2025, 4, 17)
AMENDED_ON = datetime.date(2025, 5, 12)
#: Moved from staff to material in 2025 by the amending notice.
MOVED = Decimal(6000)
MOVED_IN = 2025
PARTNERED = "4.2"


def fund(cast: Cast, plan: ActionPlan, *, on: datetime.date, today: datetime.date) -> None:
    """Record who pays for the two measures, and by which notices.

    Args:
        cast: The people of Stolberg.
        plan: Its plan.
        on: When the projects were recorded; notices and reports follow on their days.
        today: Until when the course of the reports is told.
    """
    with clock.on(on):
        projects = _projects(cast, plan)
    for project in projects:
        _notices(cast, project)
        stolberg_reports.tell(cast, project, after=AMENDED_ON, until=today, today=today)


def _projects(cast: Cast, plan: ActionPlan) -> list[FundedProject]:
    made = []
    planner = cast.person("sozialplanung")
    programme = _programme(cast)
    numbers = {row["number"] for row in rows("stolberg_measures.csv") if row["programme"]}
    for measure in Measure.objects.filter(plan=plan, parent=None).select_related("field", "responsible"):
        if measure.number not in numbers:
            continue
        project = project_create(
            measure=measure,
            funder=cast.organisations["funder"],
            provider=measure.responsible,
            programme=programme.title,
            title=measure.title,
            reference=f"Beispiel-ZiQ-{measure.number}",
            starts_on=measure.starts_on,
            ends_on=measure.ends_on,
            is_example=True,
            user=planner,
        )
        if measure.number == PARTNERED:
            carriers = measure.partners.filter(organisation__kind=OrganisationKind.PROVIDER)
            project_parties_set(
                project,
                partners=[row.organisation for row in carriers.select_related("organisation")],
                areas=list(measure.areas.all()),
                further_measures=[],
                user=planner,
            )
        made.append(project)
    return made


def _programme(cast: Cast) -> Programme:
    """The programme and its calls; what they ask for in shares and indicators is an example."""
    user = cast.person("foerdergeber")
    fields = ProgrammeFields(title=PROGRAMME, goals=GOALS, fund="ESF+")
    programme = programme_create(funder=cast.organisations["funder"], fields=fields, user=user)
    Programme.objects.filter(pk=programme.pk).update(is_example=True)
    call_save(
        programme,
        fields=CallFields(
            year=ISSUED_ON.year,
            goals="Beispiel: Vorhaben mit einer Laufzeit von bis zu drei Jahren.",
            closes_on=datetime.date(2023, 10, 31),
            budget=Decimal(8_000_000),
            esf_percent=SHARES[MoneySource.ESF],
            state_percent=SHARES[MoneySource.STATE],
            cost_kinds=[kind.value for kind in COSTS],
            indicators=COUNTED,
        ),
        user=user,
    )
    adviser_let_in(programme, organisation=cast.organisations["adviser"], user=user)
    return programme


def _notices(cast: Cast, project: FundedProject) -> None:
    planner = cast.person("sozialplanung")
    cost = {
        line.year: line.amount
        for line in project.measure.finance_lines.filter(kind=FinanceKind.COST)
        if line.year is not None
    }
    first = _fields(project, _lines(cost), issued_on=ISSUED_ON)
    with clock.on(ISSUED_ON):
        notice_record(project, fields=first, user=planner)
    stolberg_reports.tell(cast, project, until=AMENDED_ON)
    if project.measure.number == PARTNERED:
        _amendment(cast, project, _lines(cost, moved=MOVED))


def _amendment(cast: Cast, project: FundedProject, lines: list[PlanLine]) -> None:
    """The provider asks for the change, planning forwards it, the funder consents: each on its day."""
    provider = person_for(Perm.ACT_FOR_ORGANISATION, project.provider)
    wish = Wish(
        lines=lines,
        ends_on=project.ends_on,
        reason=(
            "Umwidmung 2025: Die Bewegungsbaustelle wird angeschafft, weil eine halbe Stelle erst zum "
            "Sommer besetzt werden konnte (Beispiel)."
        ),
    )
    with clock.on(ASKED_ON):
        request = amendment_steps.ask(project, wish, user=provider)
    with clock.on(FORWARDED_ON):
        amendment_steps.forward(
            request,
            "Die Umwidmung passt zum Handlungskonzept; die Summe bleibt gleich (Beispiel).",
            user=cast.person("sozialplanung"),
        )
    amended = _fields(project, lines, issued_on=AMENDED_ON)
    letter = Letter(amended.reference, AMENDED_ON, amended.duties, amended.conditions)
    with clock.on(AMENDED_ON):
        amendment_steps.consent(request, letter, user=cast.person("foerdergeber"))


def _lines(cost: Mapping[int, Decimal], moved: Decimal = Decimal(0)) -> list[PlanLine]:
    lines = []
    for year, amount in sorted(cost.items()):
        shift = moved if year == MOVED_IN else Decimal(0)
        shifts = {CostKind.STAFF: -shift, CostKind.MATERIAL: shift}
        for kind, percent in COSTS.items():
            part = amount * percent / 100 + shifts.get(kind, Decimal(0))
            lines.append(PlanLine(FinanceKind.COST.value, kind.value, "", year, part))
        lines += [
            PlanLine(FinanceKind.FUNDING.value, source.value, "", year, amount * percent / 100)
            for source, percent in SHARES.items()
        ]
    return lines


def _fields(project: FundedProject, lines: list[PlanLine], *, issued_on: datetime.date) -> NoticeFields:
    granted = sum(
        line.amount for line in lines if line.kind in {MoneySource.ESF.value, MoneySource.STATE.value}
    )
    return NoticeFields(
        reference=project.reference,
        issued_on=issued_on,
        starts_on=project.starts_on,
        ends_on=project.ends_on,
        granted=Decimal(granted),
        lines=lines,
        duties=_duties(project.starts_on, project.ends_on),
        conditions="Auf die Förderung durch Land und ESF ist in Veröffentlichungen hinzuweisen (Beispiel).",
        call=project.programme.calls.get(year=ISSUED_ON.year),
    )


def _duties(starts_on: datetime.date, ends_on: datetime.date) -> list[Duty]:
    """An interim report and a drawdown for each year, a final report half a year after the end."""
    duties = []
    for year in range(starts_on.year, ends_on.year + 1):
        first = max(starts_on, datetime.date(year, 1, 1))
        last = min(ends_on, datetime.date(year, 12, 31))
        duties.append(Duty(DutyKind.DRAWDOWN.value, first, last, datetime.date(year, 11, 30)))
        if year < ends_on.year:
            duties.append(Duty(DutyKind.INTERIM.value, first, last, datetime.date(year + 1, 3, 31)))
    duties.append(Duty(DutyKind.FINAL.value, starts_on, ends_on, datetime.date(ends_on.year + 1, 6, 30)))
    return duties
