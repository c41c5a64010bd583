"""Papers of minutes: issued when they are signed and when they are approved, and the mail about them."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone, translation

from project.common.formats import date_de
from stakeholders.models import User
from workflows.models import IssuedPaper, Minutes, PaperKind
from workflows.reports.minutes import Correction, MinutesData, render_sealed, title_of
from workflows.selectors.minutes import content_of
from workflows.services.meeting_mails import invited, meeting_mail
from workflows.services.papers import paper_issue


def minutes_data(minutes: Minutes, *, is_internal: bool) -> MinutesData:
    """What the paper of minutes shows.

    Args:
        minutes: In any state, with meeting, body, cycle and its planning unit.
        is_internal: Whether with the internal part; the caller has asked for the right.
    """
    content = content_of(minutes)
    amendments = minutes.amendments.all() if is_internal else minutes.amendments.filter(is_internal=False)
    approved_under = minutes.approved_under
    return MinutesData(
        content=content if is_internal else content.public(),
        author=str(minutes.meeting.cycle.planning_unit),
        is_internal=is_internal,
        is_signed=minutes.is_signed,
        approved_on=approved_under.meeting.held_on if approved_under is not None else None,
        corrections=[Correction(row.text, timezone.localdate(row.recorded_at)) for row in amendments],
    )


@transaction.atomic
def minutes_issue(minutes: Minutes, *, user: User) -> list[IssuedPaper]:
    """Issue the paper of signed minutes; later ones take the place of those before.

    The public part is issued always, one with the internal part where there is any.

    Args:
        minutes: Signed, or approved.
        user: Who signed or recorded the approval.
    """
    has_internal = content_of(minutes).has_internal or minutes.amendments.filter(is_internal=True).exists()
    return [
        _issue(minutes, user, is_internal=is_internal) for is_internal in (False, True)[: 1 + has_internal]
    ]


def _issue(minutes: Minutes, user: User, *, is_internal: bool) -> IssuedPaper:
    meeting = minutes.meeting
    data = minutes_data(minutes, is_internal=is_internal)
    address = settings.SITE_URL + reverse("workflows:paper-verify")
    # The paper is written in the language of the office, whoever signs.
    with translation.override(settings.LANGUAGE_CODE):
        sealed = render_sealed(data, language=settings.LANGUAGE_CODE, address=address)
        title = title_of(data.content)
    before = IssuedPaper.objects.filter(
        kind=PaperKind.MINUTES, meeting=meeting, is_internal=is_internal, replaced_by__isnull=True
    )
    return paper_issue(
        kind=PaperKind.MINUTES,
        title=title,
        data=sealed.data,
        user=user,
        cycle=meeting.cycle,
        meeting=meeting,
        reference=date_de(meeting.held_on),
        content_hash=sealed.content_hash,
        is_internal=is_internal,
        replaces=before.order_by("-pk").first(),
        recipients=[] if is_internal else invited(minutes.meeting),
    )


def minutes_tell(minutes: Minutes) -> None:
    """Tell all who were invited that the minutes are signed; by mail where there is an address."""
    meeting_mail(
        minutes.meeting,
        "minutes",
        sorted({row.email for row in invited(minutes.meeting) if row.email}),
        url=settings.SITE_URL + reverse("workflows:minutes-detail", args=[minutes.pk]),
    )
