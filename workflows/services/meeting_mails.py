"""Mails about a meeting: who is told, and in which words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from stakeholders.mail import mail_from_template
from stakeholders.models import Organisation
from stakeholders.selectors.absences import standings
from workflows.models import Meeting
from workflows.selectors.meeting_entry import MeetingEntry


def invited(meeting: Meeting) -> list[Organisation]:
    """Organisations invited to a meeting. Queries: 1."""
    return [row.organisation for row in meeting.participants.select_related("organisation")]


def office_addresses(meeting: Meeting, organisations: Iterable[Organisation] | None = None) -> list[str]:
    """Offices of those invited, and who stands in on the day for a member that is away.

    Args:
        meeting: The meeting.
        organisations: Those to tell; None for all who are invited.

    Returns:
        Addresses, each once. Queries: 2 or 3.
    """
    rows = list(invited(meeting) if organisations is None else organisations)
    seats = list(
        meeting.body.memberships.on(meeting.held_on).filter(organisation__in=rows).select_related("deputy")
    )
    deputies = (standing.deputy for standing in standings(seats, meeting.held_on).values())
    own = sorted({deputy.email for deputy in deputies if deputy is not None and deputy.email})
    return list(dict.fromkeys([*(row.email for row in rows if row.email), *own]))


def told_addresses(meeting: Meeting) -> list[str]:
    """All who have to hear of a change: offices of those invited, members and deputies. Queries: 3 or 4."""
    return list(dict.fromkeys([*office_addresses(meeting), *member_addresses(meeting)]))


def paper_addresses(meeting: Meeting) -> tuple[list[str], list[str]]:
    """Who gets the public agenda, and who the whole one.

    Returns:
        Addresses of offices, and those of members and deputies; an address that is an organisation's as well
        is read by others than members. Queries: 4 or 5.
    """
    shared = {row.email for row in invited(meeting)}
    members = [address for address in member_addresses(meeting) if address not in shared]
    own = set(members)
    return [address for address in office_addresses(meeting) if address not in own], members


def member_addresses(meeting: Meeting) -> list[str]:
    """Who sits in the body on the day and their deputies: they alone read the internal part. Queries: 1."""
    seats = meeting.body.memberships.on(meeting.held_on).select_related("user", "deputy")
    people = [person for seat in seats for person in (seat.user, seat.deputy)]
    return sorted({row.email for row in people if row is not None and row.is_active and row.email})


def meeting_mail(
    meeting: Meeting,
    template: str,
    addresses: Iterable[str],
    *,
    with_calendar: bool = False,
    calendar: str = "",
    **context: Any,
) -> int:
    """Queue a mail about a meeting in the language of the house.

    Args:
        meeting: What it is about.
        template: Name under ``workflows/mails`` without ending; its subject is a file of its own.
        addresses: Where to.
        with_calendar: Send the calendar entry with it.
        calendar: Another calendar that goes with it, the same for all.
        context: Further values for the templates.

    Returns:
        Number of mails written.
    """
    to = list(addresses)
    if not to:
        return 0
    values = {
        "meeting": meeting,
        "cycle": meeting.cycle,
        "url": settings.SITE_URL + reverse("workflows:meeting-detail", args=[meeting.pk]),
        **context,
    }
    with translation.override(settings.LANGUAGE_CODE):
        # It reads the titles of the agenda at once, in the language in force.
        entry_for = MeetingEntry(meeting).invitation if with_calendar else (lambda _address: calendar)
    return mail_from_template(to, f"workflows/mails/{template}", values, calendar=entry_for)
