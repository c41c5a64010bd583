"""Writes on reviews of target agreements, called by their flow and its page."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError
from project.common.formats import date_de
from stakeholders.audit import log_action
from stakeholders.models import User
from workflows.models import AgreementReview, ReviewResult, ReviewState, TargetAgreement


def review_plan(agreement: TargetAgreement, *, after: datetime.date) -> AgreementReview | None:
    """The next review of an agreement: the first agreed day after a day; None where there is none left."""
    day = agreement.review_dates.filter(due_on__gt=after).order_by("due_on").first()
    return review_add(agreement, due_on=day.due_on) if day is not None else None


def review_add(agreement: TargetAgreement, *, due_on: datetime.date) -> AgreementReview:
    """A review to be held on a day; one at a time waits."""
    return AgreementReview.objects.create(agreement=agreement, due_on=due_on)


@transaction.atomic
def review_hold(
    review: AgreementReview,
    *,
    held_on: datetime.date,
    looked_at: str,
    result: ReviewResult,
    consequence: str,
    next_on: datetime.date | None,
    user: User,
) -> None:
    """Record a review; called when its task is completed.

    Args:
        review: Waiting.
        held_on: Not in the future.
        looked_at: What the parties looked at.
        result: On course, or not.
        consequence: What follows by the rule of the agreement; needed on a deviation.
        next_on: Day of the next review within the term; None takes the next agreed one.
        user: Who holds it.

    Raises:
        DomainError: ``review_over``, ``held_in_future``, ``held_before_term``, ``nothing_looked_at``,
            ``consequence_missing``, ``next_outside_term``.
    """
    review.refresh_from_db(from_queryset=AgreementReview.objects.select_for_update(no_key=True))
    if review.state != ReviewState.WAITING:
        raise DomainError("review_over", _("This review has been held or called off already."))
    if held_on > timezone.localdate():
        raise DomainError("held_in_future", _("A review is recorded on its day or after it."))
    if held_on < review.agreement.starts_on:
        raise DomainError(
            "held_before_term",
            _("The agreement holds since %(day)s; a review of it was not held before.")
            % {"day": date_de(review.agreement.starts_on)},
        )
    if not looked_at.strip():
        raise DomainError("nothing_looked_at", _("Say what you looked at."))
    if result == ReviewResult.DEVIATION and not consequence.strip():
        raise DomainError(
            "consequence_missing", _("Say what follows from the deviation by the rule of the agreement.")
        )
    ends_on = review.agreement.ends_on
    if next_on is not None and not held_on < next_on <= ends_on:
        raise DomainError(
            "next_outside_term",
            _("The next review lies after this one and within the term, until %(day)s.")
            % {"day": date_de(ends_on)},
        )
    review.held_on = held_on
    review.looked_at = looked_at.strip()
    review.result = result
    review.consequence = consequence.strip()
    review.next_on = next_on
    review.held_by = user
    review.state = ReviewState.HELD
    review.save()
    log_action(
        "agreement.reviewed",
        user=user,
        obj=review.agreement,
        territory=review.agreement.measure.plan.territory,
        data={"due_on": review.due_on, "result": result},
    )


def review_follow(review: AgreementReview) -> AgreementReview | None:
    """What comes after a review that was held: the day it names, else the next agreed one."""
    if review.next_on is not None:
        return review_add(review.agreement, due_on=review.next_on)
    assert review.held_on is not None
    return review_plan(review.agreement, after=max(review.due_on, review.held_on))


def review_end(review: AgreementReview) -> None:
    """Nobody need hold it any more; called by its flow."""
    review.state = ReviewState.CALLED_OFF
    review.save(update_fields=["state"])
