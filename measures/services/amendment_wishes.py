"""What a provider wishes to have changed, what is wrong with it, and what the funder's letter adds."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from measures.models import GRANT_SOURCES, FundedProject, GrantNotice
from measures.money import FUNDING, PlanLine, plan_changes, plan_faults, total
from measures.selectors.grants import lines_of
from measures.services.grants import Duty, NoticeFields, drawn_faults, fault_text, rules_of

_GRANT_KINDS = [source.value for source in GRANT_SOURCES]


@dataclasses.dataclass(frozen=True)
class Wish:
    """What a provider asks for.

    Attributes:
        lines: The whole plan as it should be.
        ends_on: Last day of the term as it should be.
        reason: What changes, and why.
    """

    lines: Sequence[PlanLine]
    ends_on: datetime.date
    reason: str

    @property
    def granted(self) -> Decimal:
        """What ESF and state would pay, in euros."""
        return total(self.lines, FUNDING, _GRANT_KINDS)


@dataclasses.dataclass(frozen=True)
class Letter:
    """The funder's amending notice, beside the plan and the term that were asked for.

    Attributes:
        reference: File reference.
        issued_on: Its day.
        duties: Reports and drawdowns it asks for.
        conditions: Further conditions, as written there.
    """

    reference: str
    issued_on: datetime.date
    duties: Sequence[Duty] = ()
    conditions: str = ""


def wish_faults(project: FundedProject, basis: GrantNotice, wish: Wish) -> list[str]:
    """Everything that keeps a wish from being sent, one sentence each.

    Args:
        project: The project, with programme and provider.
        basis: The notice that holds; start of the term and call stay as they are.
        wish: What is asked for. Queries: at most 2.
    """
    if wish.ends_on < basis.starts_on:
        return [_("The funding ends before it begins.")]
    fields = NoticeFields(
        reference=basis.reference,
        issued_on=basis.issued_on,
        starts_on=basis.starts_on,
        ends_on=wish.ends_on,
        granted=wish.granted,
        lines=wish.lines,
        call=basis.call,
    )
    faults = [fault_text(fault) for fault in plan_faults(wish.lines, rules_of(project, fields))]
    faults += drawn_faults(project, wish.lines, is_checker=True)
    if any(line.side == FUNDING for line in wish.lines) and not wish.granted:
        faults.append(_("ESF and state would pay nothing. Without a grant there is no notice to amend."))
    if not faults and wish.ends_on == basis.ends_on and not plan_changes(lines_of(basis), wish.lines):
        faults.append(_("Plan and term are those of the notice that holds. Change what shall be changed."))
    return faults


def basis_newer() -> str:
    """Another notice holds than the one the form was built on; in words."""
    return _(
        "Another notice has been recorded meanwhile, and your request would build on it. Look at the "
        "difference below; sending this form once more counts."
    )


def adapted_duties(duties: Sequence[Duty], *, old_end: datetime.date, new_end: datetime.date) -> list[Duty]:
    """Duties of a notice for another end of the term, as a proposal.

    What ran until the old end runs until the new one and is due as many days after it; what would begin after
    the new end falls away; what would reach beyond it is cut there. Of two of a kind that are for the same
    time then, the first stays.

    Args:
        duties: As they are.
        old_end: Last day of the term so far.
        new_end: Last day of the term from now on.
    """
    moved = new_end - old_end
    found: list[Duty] = []
    for duty in duties:
        if duty.covers_from > new_end:
            continue
        if duty.covers_until >= old_end:
            due_on = duty.due_on + moved if duty.due_on > old_end else duty.due_on
            duty = dataclasses.replace(duty, covers_until=new_end, due_on=due_on)
        elif duty.covers_until > new_end:
            duty = dataclasses.replace(duty, covers_until=new_end)
        alike = [row for row in found if row.kind == duty.kind]
        if not any(row.due_on == duty.due_on or _time(row) == _time(duty) for row in alike):
            found.append(duty)
    return found


def _time(duty: Duty) -> tuple[datetime.date, datetime.date]:
    return duty.covers_from, duty.covers_until
