"""Reading back what can never be changed, before it is done: a page of its own, so also without scripts.

The form is sent twice. First the page tries whether it can be recorded: what is refused comes back with its
errors, and nobody is asked to be sure of it. Then what would be recorded is read back; it is sent again as it
is with the button ``sure``, or shown in the form once more with the button ``again``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from project.common.formats import date_de
from workflows.counting import Ballot
from workflows.minutes_draft import outcome_words
from workflows.models import Decision, ItemOutcome, VoteChoice

_SURE, _AGAIN = "sure", "again"
#: Not entered by the person: the token comes anew, the buttons belong to the page.
_NOT_ENTERED = {"csrfmiddlewaretoken", _SURE, _AGAIN}

Line = tuple[str | Promise, str]
Made = TypeVar("Made")


def is_sure(request: HttpRequest) -> bool:
    """Whether the person has read it back."""
    return _SURE in request.POST


def wants_form(request: HttpRequest) -> bool:
    """Whether the person wants to change what they have read back."""
    return _AGAIN in request.POST


def try_out(act: Callable[[], Made]) -> Made:
    """Do something and take it back at once; whatever refuses it is raised.

    Args:
        act: Writes to the database, and reads what it returns before it returns.

    Returns:
        What was made. It is in memory only; objects that ``act`` changed must be read again.
    """
    with transaction.atomic():
        made = act()
        transaction.set_rollback(True)
    return made


def read_back(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """The page that reads back, with all that was entered in it.

    Args:
        request: The form as it was sent.
        context: ``preline``, ``heading``, ``warning``, ``label`` of the button, ``lines``, and ``crumbs`` of
            address and label.
    """
    entered = [
        (name, value) for name, values in request.POST.lists() if name not in _NOT_ENTERED for value in values
    ]
    return render(request, "workflows/read_back.html", {**context, "entered": entered})


def asked_first(
    request: HttpRequest, context: dict[str, Any], *, back: str, trial: Callable[[], object] | None = None
) -> HttpResponse | None:
    """For a button without a form of its own: the page that asks, or the way back from it.

    Args:
        request: A POST.
        context: As of ``read_back``.
        back: Address of the page with the button.
        trial: The act, tried before anybody is asked; its DomainError is raised.

    Returns:
        None once the person is sure.
    """
    if is_sure(request):
        return None
    if wants_form(request):
        return redirect(back)
    if trial is not None:
        try_out(trial)
    return read_back(request, context)


def outcome_context(outcome: ItemOutcome, here: str) -> dict[str, Any]:
    """Context of ``read_back`` for a decision on an item, as the minutes will tell it."""
    meeting = outcome.item.meeting
    return {
        "crumbs": [(here, _("Call items and write down outcomes"))],
        "preline": f"{meeting.body.name} · {date_de(meeting.held_on)}",
        "heading": outcome.item.title,
        "warning": _("Record the decision? It can never be changed, only followed by another."),
        "label": _("Record the decision"),
        "lines": [
            (_("Result"), _("carried") if outcome.is_carried else _("not carried")),
            (_("Minutes"), outcome_words(outcome)),
            *([(_("Internal"), _("yes"))] if outcome.is_internal else []),
        ],
    }


def decision_lines(decision: Decision) -> list[Line]:
    """What is decided, as it would be kept; what was not said is left out."""
    meeting = decision.meeting
    postponed_until = decision.postponed_until
    lines: list[Line] = [
        (_("Result"), str(decision.get_result_display())),
        (_("Conditions"), decision.conditions),
        (_("Postponed until"), date_de(postponed_until) if postponed_until else ""),
        (_("Grounds"), decision.reason),
        (_("Wording that was decided"), decision.wording),
        (_("Meeting"), date_de(meeting.held_on) if meeting is not None else ""),
    ]
    return [(label, value) for label, value in lines if value]


def vote_lines(decision: Decision, ballots: Iterable[Ballot]) -> list[Line]:
    """Who took part, the numbers, and who did what."""
    quorate = _("Quorate: %(present)s of %(voting)s voting members take part.")
    numbers = _("Yes %(yes)s, no %(no)s, abstentions %(abstain)s.")
    values = {
        "present": decision.present_count,
        "voting": decision.voting_count,
        "yes": decision.yes_count,
        "no": decision.no_count,
        "abstain": decision.abstain_count,
    }
    rows = list(ballots)
    by_choice = [(choice, [_who(row) for row in rows if row.choice == choice]) for choice in VoteChoice]
    votes = f"{quorate} {numbers}" % values
    if decision.is_tie_decided_by_chair:
        votes += " " + _("As many yes as no: the vote of the chair decided, as the rules of procedure say.")
    return [
        (_("Votes"), votes),
        *((choice.label, ", ".join(names)) for choice, names in by_choice if names),
    ]


def _who(ballot: Ballot) -> str:
    label = ballot.seat.organisation.label
    return f"{label} ({ballot.seat.deputy})" if ballot.is_deputy else label
