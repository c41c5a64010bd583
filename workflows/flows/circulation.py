"""The vote of one seat in a circulated decision (Umlaufbeschluss).

Purpose: what cannot wait for a meeting is decided in writing. Who acts: each voting member, or the deputy
while they are away, until the deadline; one objection against the procedure stops it. Ends: voted; or over,
when the poll has been closed without this vote, or the chair has entered the member as biased. The result is
recorded by the last vote or the deadline (``workflows/flows/closing.py``). Source: domain, rules of public
work; rules of procedure of the body.
"""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from viewflow import this

from stakeholders.models import User
from stakeholders.permissions import Perm
from stakeholders.selectors.absences import standings
from workflows.flows.closing import circulation_follow
from workflows.models import CirculationProcess, StageKind
from workflows.nodes import Begin, Fork, GuardedView, Outcome, PlanningFlow, Step, WaitFor
from workflows.selectors.polls import is_excluded
from workflows.views import poll_tasks as views


def _first(process: Any) -> User | None:
    """The member, or who stands in while they are away."""
    seat = process.seat
    standing = standings([seat], timezone.localdate())[seat.pk]
    return standing.deputy if standing.deputy is not None else seat.user


def _is_over(activation: Any) -> bool:
    """The poll has been closed, or the chair has left this seat out of the item."""
    process = activation.process
    process.poll.refresh_from_db(fields=["closed_at"])
    return process.poll.closed_at is not None or is_excluded(process.poll, process.seat)


class CirculationFlow(PlanningFlow):
    """Vote in a circulated decision."""

    process_class = CirculationProcess
    process_title = _("Vote in a circulated decision")

    start = Begin(this.on_start).Annotation(title=_("Put into circulation")).Next(this.ask)

    ask = (
        Fork()
        .Annotation(title=_("The member votes, unless the poll ends before"))
        .Always(this.vote_in_circulation)
        .Always(this.wait_for_end)
    )
    wait_for_end = WaitFor(_is_over).Annotation(title=_("The poll is closed")).Next(this.over)

    vote_in_circulation = (
        GuardedView(views.vote_in_circulation)
        .Annotation(title=_("Vote in circulation"))
        .Says(_("Vote in circulation: %(subject)s"))
        .About(lambda process: str(process.poll))
        .Addressed(Perm.VOTE_IN_BODY, to=lambda process: process.poll.body)
        .Only(lambda process: (process.seat.user_id, process.seat.deputy_id))
        .Due(lambda process: process.poll.ends_on)
        .Stage(StageKind.STEERING_GROUP)
        .For(_first)
        .Next(this.tell_poll)
    )
    tell_poll = Step(this.on_voted).Annotation(title=_("Close the poll if all have voted")).Next(this.voted)

    voted = Outcome().Annotation(title=_("Voted"))
    over = Outcome().Annotation(title=_("Closed without this vote"))

    def on_start(self, activation: Any, poll: Any, seat: Any) -> Any:
        """Tie the case to poll and seat."""
        activation.process.poll = poll
        activation.process.seat = seat
        activation.process.cycle = poll.cycle
        return activation.process

    def on_voted(self, activation: Any) -> None:
        """The poll may have been waiting for this vote."""
        circulation_follow(activation.process.poll)
