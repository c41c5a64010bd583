"""Decisions on items without a recommendation: what a body decides at the table, told by its minutes."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from stakeholders.models import Seat, User
from workflows.counting import Count
from workflows.models import AgendaItem, AgendaKind, ItemOutcome, OutcomeKind, VoteChoice
from workflows.selectors.attendance import room_of
from workflows.services.decisions import check_quorum
from workflows.services.outcomes import outcome_write, require_running, require_unsigned

#: Decided in a way of their own: by the task of the recommendation, by the approval of minutes.
DECIDED_OTHERWISE = (AgendaKind.RECOMMENDATION, AgendaKind.MINUTES)


@transaction.atomic
def outcome_decision(
    item: AgendaItem,
    *,
    text: str,
    yes: int,
    no: int,
    abstain: int,
    user: User,
    is_chair_yes: bool = False,
    is_internal: bool = False,
) -> ItemOutcome:
    """Record what the body decided on an item of its own: counted by its rules, carried or not.

    It is never changed or taken back, only followed by another one. Numbers and extracts are for decisions on
    recommendations; this one stands in the minutes.

    Args:
        item: Called, of a meeting that runs; a topic, an area or the open tasks.
        text: What was put to the vote.
        yes: Votes for it.
        no: Votes against it.
        abstain: Abstentions.
        user: Chair, or planning as the secretary.
        is_chair_yes: Whether the chair was for it; tells where the rules let the chair decide a tie.
        is_internal: For members of the body and planning only; all of an internal item is.

    Raises:
        PermissionDenied: The user does not keep the record.
        DomainError: ``text_missing``, ``decided_otherwise``, ``item_not_called``, ``nobody_votes``,
            ``too_many_votes``, those of ``require_running``, ``require_unsigned`` and ``check_quorum``.
    """
    if not text.strip():
        raise DomainError("text_missing", _("Write down what was put to the vote."))
    require_running(item.meeting, user)
    require_unsigned(item, user)
    if item.kind in DECIDED_OTHERWISE:
        raise DomainError("decided_otherwise", _("This item is decided on by its own task or approval."))
    item.refresh_from_db(fields=["called_at"])
    if item.called_at is None:
        raise DomainError("item_not_called", _("Call the item first."))
    count = _count(item, yes=yes, no=no, abstain=abstain, is_chair_yes=is_chair_yes)
    check_quorum(count)
    return outcome_write(
        item,
        OutcomeKind.DECISION,
        user,
        text=text.strip(),
        is_internal=is_internal,
        yes_count=yes,
        no_count=no,
        abstain_count=abstain,
        is_carried=count.is_carried,
    )


def _count(item: AgendaItem, *, yes: int, no: int, abstain: int, is_chair_yes: bool) -> Count:
    """The numbers by the rules of the day; where attendance was taken nobody else can have voted."""
    room = room_of(item.meeting)
    now = room.quorum(timezone.now())
    if not now.voting:
        raise DomainError("nobody_votes", _("Nobody has a vote in this body. Write down a note instead."))
    most = now.voting if room.is_empty else now.present
    if yes + no + abstain > most:
        raise DomainError(
            "too_many_votes",
            _("%(votes)s votes were counted, but only %(present)s voting members are there. Count again.")
            % {"votes": yes + no + abstain, "present": most},
        )
    has_chair = any(line.seat.seat == Seat.CHAIR for line in room.seats)
    return Count(
        rules=room.rules,
        voting=now.voting,
        able=now.voting,
        present=yes + no + abstain,
        quorum=now.needed,
        yes=yes,
        no=no,
        abstain=abstain,
        # Who sits where is known from the attendance only.
        groups=() if room.is_empty else now.groups,
        chair_choice=VoteChoice.YES if is_chair_yes and has_chair and yes else None,
    )
