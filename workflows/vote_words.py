"""How minutes say in one line how a decision was voted on, in the language in force."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workflows.minutes_content import DecisionLine
from workflows.models import VoteKind

_KINDS: dict[str, str | Promise] = {
    VoteKind.NAMED: gettext_lazy("open, by name"),
    VoteKind.COUNT: gettext_lazy("open, by count"),
    VoteKind.SECRET: gettext_lazy("in secret"),
    VoteKind.CIRCULATED: gettext_lazy("in circulation"),
}


def vote_words(decision: DecisionLine) -> str:
    """How it was voted and counted, and which members did not vote; of a secret vote the numbers only."""
    numbers = {
        "yes": decision.yes,
        "no": decision.no,
        "abstain": decision.abstain,
        "present": decision.present,
        "voting": decision.voting,
    }
    if not decision.kind:
        return (
            _("Votes: %(yes)s yes, %(no)s no, %(abstain)s abstentions; %(present)s of %(voting)s took part.")
            % numbers
        )
    said = [
        _(
            "Vote: %(kind)s; %(yes)s yes, %(no)s no, %(abstain)s abstentions; %(present)s of %(voting)s took"
            " part"
        )
        % {**numbers, "kind": _KINDS[decision.kind]}
    ]
    if decision.biased:
        said.append(_("biased and not taking part: %(names)s") % {"names": ", ".join(decision.biased)})
    if decision.absent:
        said.append(_("absent: %(names)s") % {"names": ", ".join(decision.absent)})
    return "; ".join(said)
