"""How minutes say what they hold, in the language in force: the same words on page and paper."""

from __future__ import annotations

import datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from project.common.formats import NO_VALUE, date_de
from stakeholders.models import Seat
from stakeholders.procedure import GroupRule, VotingRules
from stakeholders.selectors.rules import quorum_sentences
from workflows.minutes_content import (
    ABSENT,
    DEPUTY,
    EXCUSED,
    GUEST,
    PRESENT,
    DecisionLine,
    MinutesContent,
    Presence,
    QuorumPart,
    Signature,
    Stay,
)
from workflows.models import DecisionResult
from workflows.vote_words import vote_words

_PRESENCES: dict[str, str | Promise] = {
    PRESENT: pgettext_lazy("at a meeting", "present"),
    DEPUTY: pgettext_lazy("at a meeting", "present by the deputy"),
    GUEST: pgettext_lazy("at a meeting", "present as a guest"),
    EXCUSED: pgettext_lazy("at a meeting", "absent, excused"),
    ABSENT: pgettext_lazy("at a meeting", "absent"),
}
_GUEST = gettext_lazy("Guest")


def presence_words(presence: Presence) -> str:
    """Whether somebody was there for it."""
    return str(_PRESENCES[presence.state])


def seat_words(presence: Presence) -> str:
    """What seat it is."""
    return str(Seat(presence.seat).label if presence.seat else _GUEST)


def clock(moment: datetime.datetime | None) -> str:
    """Time of day, ``14:05``; a dash for an unknown one."""
    return NO_VALUE if moment is None else f"{timezone.localtime(moment):%H:%M}"


def stay_words(stays: tuple[Stay, ...]) -> str:
    """Times in the room, ``14:00–15:30``; an open end lasts until the end of the meeting."""
    words = []
    for stay in stays:
        if stay.left_at is None:
            words.append(_("from %(begin)s") % {"begin": clock(stay.arrived_at)})
        else:
            words.append(f"{clock(stay.arrived_at)}–{clock(stay.left_at)}")
    return ", ".join(words)


def span_words(content: MinutesContent) -> str:
    """Begin and end of the meeting."""
    if content.began_at is None and content.ended_at is None:
        return NO_VALUE
    return f"{clock(content.began_at)}–{clock(content.ended_at)}"


def quorum_words(content: MinutesContent) -> list[str]:
    """Whether the body could decide, under which rule, and on which items not; nothing if it is not known.

    Where times were taken and no item was called, only who came is said.
    """
    quorum = content.quorum
    if quorum is None:
        return []
    numbers = {"present": quorum.present, "voting": quorum.voting, "needed": quorum.needed}
    said = [
        _("%(present)s of %(voting)s voting members took part; %(needed)s are needed.") % numbers,
        *_rule_words(quorum),
    ]
    if not quorum.is_there:
        said.append(_("The body could not decide."))
    elif quorum.lacking:
        items = ", ".join(map(str, quorum.lacking))
        said.append(
            ngettext(
                "The body could decide, but not on item %(items)s.",
                "The body could decide, but not on items %(items)s.",
                len(quorum.lacking),
            )
            % {"items": items}
        )
    elif quorum.holds_throughout:
        said.append(_("The body could decide throughout."))
    elif quorum.holds_throughout is not None or not quorum.is_timed:
        said.append(_("The body could decide."))
    return said


def _rule_words(quorum: QuorumPart) -> list[str]:
    if quorum.share is None:
        return list(quorum.rules or ())
    groups = tuple(
        GroupRule(row.kind, row.count, None if row.share is None else Decimal(row.share))
        for row in quorum.groups or ()
    )
    return quorum_sentences(VotingRules(None, Decimal(quorum.share), groups))


def decision_heading(decision: DecisionLine) -> str:
    """Number, title and result of a decision."""
    return _("Decision %(reference)s: %(title)s – %(result)s") % {
        "reference": decision.reference,
        "title": decision.title,
        "result": DecisionResult(decision.result).label,
    }


def decision_lines(decision: DecisionLine) -> list[str]:
    """What was decided in words, how it was counted, and what goes with it."""
    lines = []
    if decision.wording:
        said = (
            _("Wording, as the body changed it: %(text)s") if decision.is_amended else _("Wording: %(text)s")
        )
        lines.append(said % {"text": decision.wording})
    lines.append(vote_words(decision))
    if decision.is_tie_decided_by_chair:
        lines.append(_("The vote of the chair decided the tie."))
    if decision.conditions:
        lines.append(_("Conditions: %(text)s") % {"text": decision.conditions})
    if decision.reason:
        lines.append(_("Grounds: %(text)s") % {"text": decision.reason})
    if decision.postponed_until is not None:
        lines.append(_("Postponed until %(day)s.") % {"day": date_de(decision.postponed_until)})
    return lines


def signature_words(signature: Signature) -> str:
    """Who signed, and when."""
    at = timezone.localtime(signature.at)
    return _("%(name)s, %(day)s, %(time)s") % {
        "name": signature.name,
        "day": date_de(at.date()),
        "time": f"{at:%H:%M}",
    }
