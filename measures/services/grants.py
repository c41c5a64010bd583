"""Writes on grant notices."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from measures.models import (
    GRANT_SOURCES,
    CostKind,
    DutyKind,
    FinanceKind,
    FundedProject,
    GrantLine,
    GrantNotice,
    MoneySource,
    ProgrammeCall,
    ReportingDuty,
)
from measures.money import ZERO, Fault, PlanLine, Rules, plan_faults, total
from measures.selectors.project_report_account import drawn_of
from measures.selectors.project_sides import Part, parts_seen
from project.common.errors import DomainError, FaultsError, as_domain_error
from project.common.formats import date_de, decimal_de, money_de
from project.common.seen import check_seen, mark_of
from stakeholders.audit import log_action
from stakeholders.models import OrganisationKind, User
from stakeholders.permissions import STAFF_KINDS, Perm, require

#: Providers that need no share of their own: the municipality itself, whatever office of it.
WITHOUT_OWN_SHARE = STAFF_KINDS - {OrganisationKind.JOBCENTER}
_FAULTS = {
    "no_cost": gettext_lazy("Enter at least one line of cost."),
    "no_funding": gettext_lazy("Enter at least one line of funding."),
    "line_twice": gettext_lazy(
        "“%(line)s” stands there twice: give the lines different names, or add them up."
    ),
    "negative": gettext_lazy("“%(line)s” is below zero."),
    "outside_term": gettext_lazy("“%(line)s” lies outside of the term of the funding."),
    "not_eligible": gettext_lazy("“%(line)s” is no cost that this call pays for."),
    "sides_differ": gettext_lazy(
        "Cost is %(cost)s, funding is %(funding)s: %(difference)s apart. Both sides have to be the same."
    ),
    "grant_differs": gettext_lazy(
        "ESF and state add up to %(grant)s, the notice grants %(granted)s: %(difference)s apart."
    ),
    "own_share_low": gettext_lazy(
        "Own funds are %(own)s; this programme asks for at least %(least)s (%(percent)s %% of the cost)."
    ),
    "share_high": gettext_lazy(
        "%(kind)s pays %(amount)s; this call allows at most %(most)s (%(percent)s %% of the cost)."
    ),
}
#: Most calendar years a term can touch: more is a slip of the pen.
MOST_YEARS: Final = 8
#: Latest day a duty may be due after the term: what comes later is a slip of the pen.
_LATEST_DUTY = datetime.timedelta(days=3 * 366)


@dataclasses.dataclass(frozen=True)
class Duty:
    """What a notice asks for."""

    kind: str
    covers_from: datetime.date
    covers_until: datetime.date
    due_on: datetime.date


@dataclasses.dataclass(frozen=True)
class NoticeFields:
    """A notice as it was issued.

    Attributes:
        reference: File reference of the funder.
        issued_on: Day of the notice.
        starts_on: First day of the term.
        ends_on: Last day of the term.
        granted: Sum in euros.
        lines: Cost and financing plan.
        duties: Reports and drawdowns it asks for.
        conditions: Further conditions, as written there.
        call: The call it belongs to, if any.
        reason: Why an earlier one was amended.
    """

    reference: str
    issued_on: datetime.date
    starts_on: datetime.date
    ends_on: datetime.date
    granted: Decimal
    lines: Sequence[PlanLine]
    duties: Sequence[Duty] = ()
    conditions: str = ""
    call: ProgrammeCall | None = None
    reason: str = ""


class PlanError(FaultsError):
    """A plan does not add up."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("plan_wrong", faults)


@transaction.atomic
def notice_record(project: FundedProject, *, fields: NoticeFields, user: User, seen: str = "") -> GrantNotice:
    """Record a grant notice, or an amending one; the project's term and reference follow it.

    Notices are never changed: what was recorded wrongly is put right by the next one, with the reason.

    Args:
        project: The project.
        fields: The notice as it was issued.
        user: Who records it; needs the right to edit the project.
        seen: ``notice_mark`` of the notice that held when the form was opened; left out nothing is compared.

    Raises:
        PermissionDenied: The user may not edit the project.
        DomainError: ``changed_meanwhile``, ``issued_wrong``, ``reason_missing``, ``ends_before_start``,
            ``term_too_long``, ``wrong_call``, ``duty_wrong``, ``invalid``.
        PlanError: With everything that does not add up.
    """
    require(user, Perm.EDIT_PROJECT, project)
    locked = (
        FundedProject.objects.select_for_update(of=("self",))
        .select_related("programme", "provider", "measure__plan__territory")
        .get(pk=project.pk)
    )
    latest = locked.notices.order_by("-number").first()
    number = latest.number + 1 if latest else 1
    check_seen(seen, notice_mark(latest), newer_notice())
    if number > 1 and not fields.reason.strip():
        raise DomainError("reason_missing", _("Say what the amending notice changes, and why."))
    lines = [dataclasses.replace(line, title=line.title.strip()) for line in fields.lines]
    fields = dataclasses.replace(fields, lines=lines)
    _require_sound(locked, fields, latest)
    faults = [fault_text(fault) for fault in plan_faults(fields.lines, rules_of(locked, fields))]
    faults += drawn_faults(locked, fields.lines, is_checker=Part.CHECK in parts_seen(user, locked))
    if faults:
        raise PlanError(faults)
    notice = _notice_written(locked, number, fields, user)
    locked.reference, locked.starts_on, locked.ends_on = notice.reference, notice.starts_on, notice.ends_on
    locked.save(update_fields=["reference", "starts_on", "ends_on"])
    log_action(
        "notice.recorded",
        user=user,
        obj=locked,
        territory=locked.measure.plan.territory,
        data={"number": number, "granted": money_de(notice.granted), "reason": notice.reason},
    )
    return notice


def notice_mark(latest: GrantNotice | None) -> str:
    """Stands for the notice that holds (``project.common.seen``)."""
    return mark_of(latest.number if latest is not None else 0)


def newer_notice() -> str:
    """Somebody else has recorded a notice since the form was opened; in words."""
    return _(
        "Somebody has recorded another notice meanwhile. Look at it on the page of the project; sending this "
        "form once more records yours after it."
    )


def _require_sound(project: FundedProject, fields: NoticeFields, latest: GrantNotice | None) -> None:
    if fields.issued_on > timezone.localdate():
        raise DomainError("issued_wrong", _("A notice cannot have been issued in the future."))
    if latest is not None and fields.issued_on < latest.issued_on:
        raise DomainError(
            "issued_wrong",
            _("The notice before is of %(day)s; one that amends it cannot be older.")
            % {"day": date_de(latest.issued_on)},
        )
    if fields.ends_on < fields.starts_on:
        raise DomainError("ends_before_start", _("The funding ends before it begins."))
    if fields.ends_on.year - fields.starts_on.year >= MOST_YEARS:
        raise DomainError("term_too_long", too_long())
    if fields.call is not None and fields.call.programme_id != project.programme_id:
        raise DomainError("wrong_call", _("This call belongs to another programme."))
    seen, times = set(), set()
    for duty in fields.duties:
        text = _duty_fault(duty, fields)
        if not text and (duty.kind, duty.due_on) in seen:
            text = _("The duty “%(duty)s” stands there twice for one day.")
        if not text and (duty.kind, duty.covers_from, duty.covers_until) in times:
            text = _("The duty “%(duty)s” is for the same time as another one of its kind: keep one of them.")
        if text:
            raise DomainError("duty_wrong", text % {"duty": duty_text(duty)})
        seen.add((duty.kind, duty.due_on))
        times.add((duty.kind, duty.covers_from, duty.covers_until))


def too_long() -> str:
    """The term is longer than any funding; in words."""
    return _("The funding runs over more than %(years)s calendar years: please check its dates.") % {
        "years": MOST_YEARS
    }


def _duty_fault(duty: Duty, fields: NoticeFields) -> str:
    """What is wrong with the dates of a duty; empty if nothing is."""
    if duty.covers_until < duty.covers_from:
        return _("The time of the duty “%(duty)s” ends before it begins: please check its dates.")
    if duty.covers_from < fields.starts_on or duty.covers_until > fields.ends_on:
        return _("The duty “%(duty)s” covers days outside of the term of the funding.")
    if not fields.starts_on <= duty.due_on <= fields.ends_on + _LATEST_DUTY:
        return _("The duty “%(duty)s” is due before the funding begins, or years after its end.")
    return ""


def duty_text(duty: Duty) -> str:
    """A duty in words: "Zwischennachweis, 30.09.2027"."""
    return f"{DutyKind(duty.kind).label}, {date_de(duty.due_on)}"


def rules_of(project: FundedProject, fields: NoticeFields) -> Rules:
    """What the plan of a notice is held against."""
    call = fields.call
    highest = {
        MoneySource.ESF.value: call.esf_percent if call else None,
        MoneySource.STATE.value: call.state_percent if call else None,
    }
    needs_own = project.provider.kind not in WITHOUT_OWN_SHARE
    return Rules(
        granted=fields.granted,
        starts_on=fields.starts_on,
        ends_on=fields.ends_on,
        grant_kinds=[source.value for source in GRANT_SOURCES],
        own_kind=MoneySource.OWN.value,
        own_share_percent=project.programme.own_share_percent if needs_own else None,
        highest_percent={kind: percent for kind, percent in highest.items() if percent is not None},
        eligible=call.cost_kinds if call else (),
    )


def drawn_faults(project: FundedProject, lines: Sequence[PlanLine], *, is_checker: bool) -> list[str]:
    """Sources of the grant from which a plan would pay less than was drawn, one sentence each.

    Args:
        project: The project.
        lines: The plan.
        is_checker: Whether the person writes or checks drawdowns; nobody else is told what those ask for that
            have not been passed on yet. Queries: 1, 2 for others.
    """
    faults = []
    all_asked = drawn_of(project)
    told = all_asked if is_checker else drawn_of(project, is_checked=True)
    for kind, asked in all_asked.items():
        granted = total(lines, FinanceKind.FUNDING, [kind])
        drawn = told.get(kind, ZERO)
        if drawn <= granted < asked:
            faults.append(
                _(
                    "%(kind)s would pay %(amount)s, less than a drawdown asks for that has not been passed "
                    "on to the funder yet. Grant more, or wait until it was passed on or returned."
                )
                % {"kind": MoneySource(kind).label, "amount": money_de(granted)}
            )
        elif granted < drawn:
            values = {"kind": MoneySource(kind).label, "amount": money_de(granted), "drawn": money_de(drawn)}
            faults.append(
                _(
                    "%(kind)s would pay %(amount)s, but %(drawn)s were drawn already. Grant at least as "
                    "much, or have the drawdowns that are not accepted yet returned or called off first."
                )
                % values
            )
    return faults


def _notice_written(project: FundedProject, number: int, fields: NoticeFields, user: User) -> GrantNotice:
    notice = GrantNotice(
        project=project,
        call=fields.call,
        number=number,
        reference=fields.reference.strip(),
        issued_on=fields.issued_on,
        starts_on=fields.starts_on,
        ends_on=fields.ends_on,
        granted=fields.granted,
        conditions=fields.conditions.strip(),
        reason=fields.reason.strip() if number > 1 else "",
        recorded_by=user,
    )
    try:
        notice.full_clean()
    except ValidationError as error:
        raise as_domain_error(error) from error
    notice.save()
    GrantLine.objects.bulk_create(_line_of(notice, line) for line in fields.lines)
    ReportingDuty.objects.bulk_create(ReportingDuty(notice=notice, **vars(duty)) for duty in fields.duties)
    return notice


def _line_of(notice: GrantNotice, line: PlanLine) -> GrantLine:
    """A line as it is kept; the database would round parts of a cent, and the plan no longer add up."""
    row = GrantLine(notice=notice, **vars(line))
    try:
        row.clean_fields()
    except ValidationError as error:
        raise DomainError("invalid", f"{line_text(line)}: {as_domain_error(error).message}") from error
    return row


def line_text(line: PlanLine) -> str:
    """A line of a plan in words: "Personal, 2027"."""
    kinds = CostKind if line.side == FinanceKind.COST else MoneySource
    return f"{kinds(line.kind).label}{f' ({line.title})' if line.title else ''}, {line.year}"


def fault_text(fault: Fault) -> str:
    """What is wrong with a plan, and what to do, in one sentence."""
    values = dict(fault.values)
    line = values.get("line")
    if isinstance(line, PlanLine):
        values = {"line": line_text(line)}
    if "kind" in values:
        values["kind"] = MoneySource(str(values["kind"])).label
    said = {name: _in_words(name, value) for name, value in values.items()}
    return str(_FAULTS[fault.code]) % said


def _in_words(name: str, value: object) -> object:
    if isinstance(value, Decimal):
        return decimal_de(value) if name == "percent" else money_de(value)
    return value
