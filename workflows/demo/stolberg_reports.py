"""Reports and drawdowns of Stolberg's two ZiQ projects: settled, asked about, late, waiting; all examples."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from measures.models import CostKind, DutyKind, FinanceKind, FundedProject, MoneySource, ProjectReport
from measures.money import CENT
from measures.selectors.grants import latest_notice, lines_of
from measures.selectors.project_report_dates import BEGIN_DAYS
from measures.services.project_report_extensions import extension_decide
from measures.services.project_report_steps import (
    Outcome,
    report_answer,
    report_check,
    report_decide,
    report_deliver,
)
from measures.services.project_reports import LineDraft, ReportDraft, draft_save
from measures.services.receipts import ReceiptFields, receipts_add
from stakeholders.models import User
from stakeholders.permissions import Perm
from workflows.demo import clock
from workflows.demo import stolberg_report_texts as texts
from workflows.demo.cast import Cast
from workflows.demo.driver import person_for
from workflows.flows import ReportExtensionFlow
from workflows.nodes import complete_task, open_task
from workflows.project_reporting import FLOW_OF, extension_request, reports_follow_the_notices
from workflows.services.report_tasks import draft_task_follows, process_of

D = datetime.date
#: Share of the plan of the time that was spent, by kind of cost.
SPENT: Final[Mapping[tuple[str, int], Mapping[str, Decimal]]] = {
    ("4.2", 2024): {"staff": Decimal("0.962"), "material": Decimal("1.040"), "lump_sum": Decimal("0.962")},
    ("4.2", 2025): {"staff": Decimal("0.985"), "material": Decimal("0.990"), "lump_sum": Decimal("0.985")},
    ("5.1", 2024): {"staff": Decimal("0.930"), "material": Decimal("1.120"), "lump_sum": Decimal("0.930")},
}
#: Participants: indicator -> women, men, non-binary.
COUNTED: Final[Mapping[tuple[str, int], Mapping[str, tuple[int, int, int]]]] = {
    ("4.2", 2024): {
        "EECO01": (119, 75, 0),
        "EECO02": (22, 6, 0),
        "EECO06": (70, 67, 0),
        "EECO07": (18, 5, 0),
        "EECO13": (31, 24, 0),
        "EECO14": (58, 41, 0),
        "EECR02": (9, 4, 0),
    },
    ("4.2", 2025): {
        "EECO01": (243, 167, 0),
        "EECO02": (35, 11, 0),
        "EECO06": (150, 146, 0),
        "EECO07": (29, 8, 0),
        "EECO13": (54, 43, 0),
        "EECO14": (103, 77, 0),
        "EECR02": (15, 6, 0),
    },
    ("5.1", 2024): {
        "EECO01": (16, 23, 0),
        "EECO02": (3, 3, 0),
        "EECO06": (9, 15, 0),
        "EECO07": (7, 8, 0),
        "EECO13": (4, 7, 0),
        "EECO14": (9, 13, 0),
        "EECR02": (3, 4, 0),
    },
}


@dataclasses.dataclass(frozen=True)
class Event:
    """What happens with the report of a year on a day; ``step`` is a key of ``_STEPS``."""

    day: datetime.date
    kind: DutyKind
    year: int
    step: str
    text: str = ""


def _events(number: str, today: datetime.date) -> list[Event]:
    """The course of a project, in order; the last weeks are laid before today."""
    drawdown, interim = DutyKind.DRAWDOWN, DutyKind.INTERIM

    def ago(days: int) -> datetime.date:
        return today - datetime.timedelta(days=days)

    if number == "4.2":
        return [
            Event(D(2024, 11, 18), drawdown, 2024, "deliver"),
            Event(D(2024, 11, 21), drawdown, 2024, "forward"),
            Event(D(2024, 12, 5), drawdown, 2024, "accept"),
            Event(D(2025, 3, 24), interim, 2024, "deliver"),
            Event(D(2025, 3, 28), interim, 2024, "forward", texts.FORWARDED),
            Event(D(2025, 4, 8), interim, 2024, "ask", texts.QUESTION),
            Event(D(2025, 4, 16), interim, 2024, "answer", texts.ANSWER),
            Event(D(2025, 4, 24), interim, 2024, "accept", texts.ACCEPTED),
            Event(D(2025, 11, 17), drawdown, 2025, "deliver"),
            Event(D(2025, 11, 20), drawdown, 2025, "forward"),
            Event(D(2025, 12, 4), drawdown, 2025, "accept"),
            Event(D(2026, 3, 12), interim, 2025, "deliver"),
            Event(D(2026, 3, 17), interim, 2025, "send_back", texts.SENT_BACK),
            Event(D(2026, 3, 24), interim, 2025, "deliver"),
            Event(D(2026, 3, 26), interim, 2025, "forward", texts.FORWARDED),
            Event(D(2026, 4, 23), interim, 2025, "accept", texts.ACCEPTED),
            Event(ago(10), drawdown, 2026, "deliver"),
            Event(ago(6), drawdown, 2026, "forward"),
        ]
    return [
        Event(D(2024, 11, 27), drawdown, 2024, "deliver"),
        Event(D(2024, 12, 2), drawdown, 2024, "forward"),
        Event(D(2024, 12, 12), drawdown, 2024, "accept"),
        Event(D(2025, 4, 3), interim, 2024, "deliver"),
        Event(D(2025, 4, 9), interim, 2024, "forward"),
        Event(D(2025, 5, 7), interim, 2024, "accept"),
        Event(D(2025, 11, 26), drawdown, 2025, "deliver"),
        Event(D(2025, 11, 28), drawdown, 2025, "forward"),
        Event(D(2025, 12, 11), drawdown, 2025, "accept"),
        Event(D(2026, 3, 19), interim, 2025, "more_time", D(2026, 8, 31).isoformat()),
        Event(D(2026, 8, 20), interim, 2025, "more_time", ago(12).isoformat()),
        Event(ago(20), interim, 2025, "write"),
        Event(ago(3), drawdown, 2026, "deliver"),
    ]


def tell(
    cast: Cast,
    project: FundedProject,
    *,
    after: datetime.date | None = None,
    until: datetime.date,
    today: datetime.date = datetime.date.max,
) -> None:
    """Tell what happened with the reports of a project between two days.

    Args:
        cast: The people of Stolberg.
        project: One of the two.
        after: What happened until then was told before; None from the beginning.
        until: Last day that is told; duties that become tasks by then are begun.
        today: Day before which the last weeks are laid; left out they are not told yet.
    """
    first = after or datetime.date.min
    days: dict[datetime.date, list[Event]] = {day: [] for day in _beginnings(project) if first < day <= until}
    for event in _events(project.measure.number, today):
        if first < event.day <= until:
            days.setdefault(event.day, []).append(event)
    for day in sorted(days):
        with clock.on(day):
            reports_follow_the_notices(day)
            for event in days[day]:
                _happen(cast, project, event)


def _beginnings(project: FundedProject) -> list[datetime.date]:
    """Days on which duties of a project become tasks."""
    notice = latest_notice(project)
    duties = notice.duties.all() if notice is not None else []
    ahead, one = datetime.timedelta(days=BEGIN_DAYS), datetime.timedelta(days=1)
    return [min(duty.due_on - ahead, duty.covers_until + one) for duty in duties]


def _happen(cast: Cast, project: FundedProject, event: Event) -> None:
    report = project.reports.get(kind=event.kind, covers_until__year=event.year)
    provider = person_for(Perm.ACT_FOR_ORGANISATION, project.provider)
    planner, funder = cast.person("sozialplanung"), cast.person("foerdergeber")
    flow = FLOW_OF[report.kind]
    match event.step:
        case "write":
            _write(report, project.measure.number, event.year, provider)
        case "deliver":
            _write(report, project.measure.number, event.year, provider)
            _do(report, flow.draft_report, provider, lambda row: report_deliver(row, user=provider))
        case "forward" | "send_back":
            is_fine = event.step == "forward"
            check = _checking(is_fine, event.text, planner)
            _do(report, flow.review_report, planner, check)
        case "accept" | "ask":
            outcome: Outcome = "accept" if event.step == "accept" else "ask"
            decide = _deciding(outcome, event.text, funder)
            _do(report, flow.decide_report, funder, decide)
        case "answer":
            answer = event.text
            _do(
                report,
                flow.answer_question,
                provider,
                lambda row: report_answer(row, text=answer, user=provider),
            )
        case "more_time":
            _extend(report, datetime.date.fromisoformat(event.text), provider, funder)


def _checking(is_fine: bool, text: str, user: User) -> Callable[[ProjectReport], object]:
    return lambda row: report_check(row, is_fine=is_fine, text=text, user=user)


def _deciding(outcome: Outcome, text: str, user: User) -> Callable[[ProjectReport], object]:
    return lambda row: report_decide(row, outcome=outcome, text=text, user=user)


def _do(report: ProjectReport, node: Any, user: User, act: Callable[[ProjectReport], object]) -> None:
    process = process_of(report)
    assert process is not None
    complete_task(open_task(process, node), user=user, act=lambda case: act(case.report))


def _extend(report: ProjectReport, until: datetime.date, provider: User, funder: User) -> None:
    """More time is asked for and given on one day, so that the reminders follow."""
    reason = texts.MORE_TIME[min(report.extensions.count(), len(texts.MORE_TIME) - 1)]
    extension = extension_request(report, wanted_until=until, reason=reason, user=provider)

    def act(case: Any) -> None:
        extension_decide(case.extension, is_granted=True, text="", user=funder)
        draft_task_follows(case.extension.report)

    complete_task(open_task(extension.process, ReportExtensionFlow.decide_extension), user=funder, act=act)


# --- what is written ---------------------------------------------------------------------------------


def _write(report: ProjectReport, number: str, year: int, user: User) -> None:
    """What the provider enters before handing in; the second time nothing is left to enter."""
    if report.kind == DutyKind.DRAWDOWN:
        draft = ReportDraft(lines=_asked_for(report, year), purpose=texts.PURPOSES[number][year])
        draft_save(report, draft=draft, user=user)
        return
    narrative = texts.NARRATIVES[number][year]
    spent = SPENT.get((number, year))
    if spent is None:
        draft_save(report, draft=ReportDraft(narrative=narrative), user=user)
        return
    counted = COUNTED[number, year]
    draft = ReportDraft(
        narrative=narrative,
        lines=_account(report, year, spent),
        participants={code: dict(zip("fmn", row, strict=True)) for code, row in counted.items()},
    )
    saved = draft_save(report, draft=draft, user=user)
    if not saved.receipts.exists():
        receipts_add(saved, rows=_receipts(saved, year), user=user)


def _planned(report: ProjectReport, side: FinanceKind, year: int) -> dict[str, Decimal]:
    notice = latest_notice(report.project)
    assert notice is not None
    rows = [line for line in lines_of(notice) if line.side == side and line.year == year]
    return {row.kind: row.amount for row in rows}


def _asked_for(report: ProjectReport, year: int) -> list[LineDraft]:
    planned = _planned(report, FinanceKind.FUNDING, year)
    kinds = (MoneySource.ESF.value, MoneySource.STATE.value)
    return [LineDraft(FinanceKind.FUNDING.value, kind, "", planned[kind]) for kind in kinds]


def _account(report: ProjectReport, year: int, spent: Mapping[str, Decimal]) -> list[LineDraft]:
    """What was spent by line, and from which source: as the plan divides it, the rest from own funds."""
    planned = _planned(report, FinanceKind.COST, year)
    cost = {kind: (amount * spent[kind]).quantize(CENT) for kind, amount in planned.items()}
    total = sum(cost.values(), Decimal(0))
    sources = _planned(report, FinanceKind.FUNDING, year)
    whole = sum(sources.values(), Decimal(0))
    paid = {kind: (total * amount / whole).quantize(CENT) for kind, amount in sources.items()}
    others = sum((amount for kind, amount in paid.items() if kind != MoneySource.OWN), Decimal(0))
    paid[MoneySource.OWN.value] = total - others
    return [
        *(LineDraft(FinanceKind.COST.value, kind, "", amount) for kind, amount in cost.items()),
        *(LineDraft(FinanceKind.FUNDING.value, kind, "", amount) for kind, amount in paid.items()),
    ]


def _receipts(report: ProjectReport, year: int) -> list[ReceiptFields]:
    """A few receipts that add up to what was spent on staff and material."""
    amounts = {row.kind: row.amount or Decimal(0) for row in report.lines.filter(side=FinanceKind.COST)}
    first = report.covers_from
    rows: list[ReceiptFields] = []

    def add(kind: CostKind, part: Decimal, paid_on: datetime.date, payee: str, purpose: str) -> None:
        number = f"{year}-{len(rows) + 1:03d}"
        rows.append(ReceiptFields(kind.value, "", number, paid_on, payee, purpose, part))

    half = (amounts[CostKind.STAFF.value] / 2).quantize(CENT)
    staff = "Beschäftigte des Projekts (Beispiel)"
    add(CostKind.STAFF, half, D(year, 6, 28), staff, "Personalkosten, erstes Halbjahr")
    rest = amounts[CostKind.STAFF.value] - half
    add(CostKind.STAFF, rest, D(year, 12, 27), staff, "Personalkosten, zweites Halbjahr")
    material = amounts[CostKind.MATERIAL.value]
    furniture, craft = Decimal("2180.00"), Decimal("1346.55")
    shop = max(first, D(year, 3, 11))
    add(CostKind.MATERIAL, furniture, shop, "Möbelhaus Muster (Beispiel)", "Tische, Stühle, Regale")
    add(CostKind.MATERIAL, craft, D(year, 5, 22), "Bastelbedarf Muster (Beispiel)", "Material der Gruppen")
    left = material - furniture - craft
    add(CostKind.MATERIAL, left, D(year, 8, 19), "Ausstatter Muster (Beispiel)", "Spiel- und Sportgeräte")
    return rows
