"""Reading rules of procedure: which version counts on a day, and what it says in plain words."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from project.common.formats import share_de
from stakeholders.models import Body, BodyMembership, GroupQuorum, OrganisationKind, RulesOfProcedure
from stakeholders.procedure import GroupRule, Majority, Tie, VotingRules


def rules_versions(body: Body) -> QuerySet[RulesOfProcedure]:
    """All versions of a body, the latest first, with their groups. Queries: 2."""
    return _with_groups(body.rules.all()).select_related("entered_by").order_by("-valid_from")


def rules_on(body: Body, day: datetime.date) -> RulesOfProcedure:
    """The version in force on a day: the latest that had begun.

    A body has rules since it was entered; for days before, when it may have met already, the first counts.

    Args:
        body: Founded by ``body_create``, which writes the first version.
        day: First day of a version included.

    Returns:
        The version with its groups. Queries: 2.
    """
    return rules_of([body.pk], day)[body.pk]


def rules_of(bodies: Iterable[int], day: datetime.date) -> dict[int, RulesOfProcedure]:
    """Key of a body -> version in force on a day. Queries: 2 for any number of bodies."""
    found: dict[int, RulesOfProcedure] = {}
    versions = RulesOfProcedure.objects.filter(body__in=list(bodies)).order_by("body", "valid_from")
    for version in _with_groups(versions):
        if version.body_id not in found or version.valid_from <= day:
            found[version.body_id] = version
    return found


def _with_groups(rows: QuerySet[RulesOfProcedure]) -> QuerySet[RulesOfProcedure]:
    return rows.prefetch_related(Prefetch("group_quorums", GroupQuorum.objects.order_by("kind")))


def group_name(kind: str) -> str:
    """Name of a group of seats: what its organisations are."""
    return str(OrganisationKind(kind).label)


def rules_sentences(
    rules: VotingRules, *, allows_circulated: bool, notice_days: int, allows_secret: bool = False
) -> list[str]:
    """Rules in plain words, one sentence a rule, the same on every page.

    Args:
        rules: What counts when ballots are counted.
        allows_circulated: Whether the body may decide in writing.
        notice_days: Days between invitation and meeting; 0 for none.
        allows_secret: Whether it may vote by secret ballot.

    Returns:
        Sentences in a fixed order.
    """
    sentences = [*quorum_sentences(rules), _majority_sentence(rules.majority)]
    if rules.majority == Majority.SIMPLE:
        sentences.append(
            _("In a tie the vote cast for the seat of the chair decides.")
            if rules.tie == Tie.CHAIR
            else _("A tie is a no.")
        )
    sentences.append(
        _(
            "Biased members are left out. A deputy votes when the member is away."
            " Advisory members are heard and do not vote."
        )
    )
    sentences.append(
        _("It may decide in writing, by a circulated decision.")
        if allows_circulated
        else _("It decides in meetings only.")
    )
    if allows_secret:
        sentences.append(
            _("It may vote by secret ballot. A tie is then a no, for the vote of the chair is secret, too.")
        )
    if notice_days:
        sentences.append(
            ngettext(
                "Invitations go out at least %(days)s day before the meeting.",
                "Invitations go out at least %(days)s days before the meeting.",
                notice_days,
            )
            % {"days": notice_days}
        )
    return sentences


def quorum_sentences(rules: VotingRules) -> list[str]:
    """Who must be there for a body to decide, in plain words."""
    return [_quorum_sentence(rules.quorum_share), *(_group_sentence(row) for row in rules.groups)]


def sentences_of(version: RulesOfProcedure) -> list[str]:
    """``rules_sentences`` of a saved version."""
    return rules_sentences(
        version.voting_rules(),
        allows_circulated=version.allows_circulated,
        notice_days=version.notice_days,
        allows_secret=version.allows_secret,
    )


def today_text(rules: VotingRules, seats: Iterable[BodyMembership]) -> str:
    """What the quorum comes to with the seats of a day, if nobody is biased.

    Args:
        rules: What counts.
        seats: Seats in force on the day, with their organisations; advisory ones are left out.

    Returns:
        One or more sentences; a group that has too few seats to be there is said.
    """
    voting = [seat for seat in seats if seat.is_voting]
    if not voting:
        return _("Without voting members nothing can be decided.")
    texts = [
        ngettext(
            "With the seats of the day this means: %(quorum)s of %(voting)s voting member.",
            "With the seats of the day this means: %(quorum)s of %(voting)s voting members.",
            len(voting),
        )
        % {"quorum": rules.quorum_count(len(voting)), "voting": len(voting)}
    ]
    for group in rules.groups:
        own = sum(seat.organisation.kind == group.kind for seat in voting)
        needed = group.needed(own, 0)
        text = _("Of the group “%(group)s”: %(needed)s of %(seats)s.")
        if needed > own:
            text = _(
                "Of the group “%(group)s”: %(needed)s of %(seats)s. It has too few seats: the body can decide"
                " nothing until it has more."
            )
        texts.append(text % {"group": group_name(group.kind), "needed": needed, "seats": own})
    return " ".join(texts)


def _quorum_sentence(share: Decimal) -> str:
    if not share:
        return _("It can decide as soon as one voting member takes part.")
    return _("It can decide when at least %(share)s of the voting members take part, rounded up.") % {
        "share": share_de(share, 0)
    }


def _group_sentence(group: GroupRule) -> str:
    name = group_name(group.kind)
    if group.count is not None:
        return ngettext(
            "At least %(count)s voting member of the group “%(group)s” must be there.",
            "At least %(count)s voting members of the group “%(group)s” must be there.",
            group.count,
        ) % {"count": group.count, "group": name}
    return _("At least %(share)s of the voting members of the group “%(group)s” must be there.") % {
        "share": share_de(group.share, 0),
        "group": name,
    }


def _majority_sentence(majority: Majority) -> str:
    return {
        Majority.SIMPLE: _("More yes than no carry a result. Abstentions do not count."),
        Majority.PRESENT: _(
            "More than half of those who take part must say yes. An abstention weighs like a no."
        ),
        Majority.ALL: _("More than half of all voting members must say yes, those absent included."),
        Majority.TWO_THIRDS: _("Two thirds of the yes and no votes must be yes. Abstentions do not count."),
    }[majority]
