"""Writing rules of procedure: another version from a day on, or taking back one that has not begun."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from project.common.formats import date_de
from stakeholders.audit import log_action
from stakeholders.models import Body, GroupQuorum, RulesOfProcedure, User
from stakeholders.procedure import GroupRule, Majority, Tie, VotingRules
from stakeholders.services._checks import require_administrator, save_checked


@transaction.atomic
def rules_add(
    body: Body,
    *,
    rules: VotingRules,
    valid_from: datetime.date,
    allows_circulated: bool,
    notice_days: int,
    source: str,
    reason: str,
    user: User | None,
    allows_secret: bool = False,
) -> RulesOfProcedure:
    """Let other rules of procedure count from a day on; what was decided before stays as it was counted.

    Args:
        body: An open body.
        rules: Quorum, groups, majority, tie.
        valid_from: First day, today or later. A version of the same day that nothing was decided under is
            replaced.
        allows_circulated: Whether it may decide in writing.
        notice_days: Days between invitation and meeting; 0 for none.
        source: Where it is laid down; may be empty.
        reason: Why it changes.
        user: Who acts; None for the system.
        allows_secret: Whether it may vote by secret ballot.

    Returns:
        The version.

    Raises:
        PermissionDenied: The user does not administer the body's territory.
        DomainError: ``body_closed``, ``reason_missing``, ``rules_in_past``, ``rules_used`` (something was
            decided on this day or later), ``tie_needs_simple_majority``, ``group_twice``, ``invalid``.
    """
    require_administrator(user, body.territory)
    # Decisions are counted under the same lock: none is recorded under rules that change at that moment.
    Body.objects.select_for_update().get(pk=body.pk)
    if not body.is_active:
        raise DomainError(
            "body_closed", _("%(body)s is closed; its rules stay as they are.") % {"body": body}
        )
    if not reason.strip():
        raise DomainError("reason_missing", _("Say why the rules change."))
    _check_day(body, valid_from)
    replaced = body.rules.filter(valid_from=valid_from).first()
    if replaced is not None:
        replaced.delete()
    version = _write(
        RulesOfProcedure(
            body=body,
            valid_from=valid_from,
            allows_circulated=allows_circulated,
            allows_secret=allows_secret,
            notice_days=notice_days,
            source=source.strip(),
            reason=reason.strip(),
            entered_by=user,
        ),
        rules,
    )
    log_action(
        "rules.added",
        user=user,
        obj=version,
        territory=body.territory,
        data={**_as_data(version), "reason": version.reason, "is_replacement": replaced is not None},
    )
    return version


@transaction.atomic
def rules_withdraw(version: RulesOfProcedure, *, user: User | None) -> None:
    """Take back a version that has not begun; the one before goes on.

    Args:
        version: One whose first day is still to come.
        user: Who acts; None for the system.

    Raises:
        PermissionDenied: The user does not administer the body's territory.
        DomainError: ``rules_begun``.
    """
    body = version.body
    require_administrator(user, body.territory)
    Body.objects.select_for_update().get(pk=body.pk)
    if version.valid_from <= timezone.localdate():
        raise DomainError("rules_begun", _("These rules are in force. Enter other ones with a later day."))
    log_action("rules.withdrawn", user=user, obj=version, territory=body.territory, data=_as_data(version))
    version.delete()


def rules_begin(
    body: Body, rules: VotingRules, *, valid_from: datetime.date, user: User | None
) -> RulesOfProcedure:
    """First version of a body that is founded; part of ``body_create``, which logs it."""
    return _write(RulesOfProcedure(body=body, valid_from=valid_from, entered_by=user), rules)


def _check_day(body: Body, day: datetime.date) -> None:
    """Rules never reach back: neither before today nor before what was decided."""
    if day < timezone.localdate():
        raise DomainError("rules_in_past", _("Rules do not change what was. Choose today or a later day."))
    # Asked from this side, for this layer does not know decisions.
    last = body.decisions.aggregate(last=Max("decided_on"))["last"]
    if last is not None and day <= last:
        raise DomainError(
            "rules_used",
            _("The body has decided on %(day)s under the rules of that day. Choose a later day.")
            % {"day": date_de(last)},
        )


def _write(version: RulesOfProcedure, rules: VotingRules) -> RulesOfProcedure:
    if rules.tie == Tie.CHAIR and rules.majority != Majority.SIMPLE:
        raise DomainError(
            "tie_needs_simple_majority",
            _("The vote of the chair decides a tie only where a simple majority is enough."),
        )
    if len({group.kind for group in rules.groups}) != len(rules.groups):
        raise DomainError("group_twice", _("Name each group once."))
    version.quorum_share, version.majority, version.tie = rules.quorum_share, rules.majority, rules.tie
    save_checked(version)
    _write_groups(version, rules.groups)
    return version


def _write_groups(version: RulesOfProcedure, groups: Sequence[GroupRule]) -> None:
    for group in groups:
        save_checked(
            GroupQuorum(rules=version, kind=group.kind, least_count=group.count, least_share=group.share)
        )


def _as_data(version: RulesOfProcedure) -> dict[str, object]:
    """The version in full, so that the log tells it even after it was taken back."""
    groups = {
        row.kind: row.least_count if row.least_count is not None else str(row.least_share)
        for row in version.group_quorums.all()
    }
    return {
        "body": version.body.name,
        "valid_from": version.valid_from,
        "quorum": str(version.quorum_share),
        "groups": groups,
        "majority": version.majority,
        "tie": version.tie,
        "allows_circulated": version.allows_circulated,
        "allows_secret": version.allows_secret,
        "notice_days": version.notice_days,
        "laid_down_in": version.source,
    }
