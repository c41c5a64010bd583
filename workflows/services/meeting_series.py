"""Writes of templates of meetings, and of meetings set in a row."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from project.common.errors import DomainError, as_domain_error
from stakeholders.audit import log_action
from stakeholders.models import Body, Organisation, User
from workflows.models import Meeting, MeetingSeries, MeetingTemplate, MeetingTemplateItem, PlanningCycle
from workflows.selectors.meeting_entry import entries_of
from workflows.services.meeting_mails import meeting_mail, office_addresses
from workflows.services.meetings import meeting_schedule


@dataclasses.dataclass(frozen=True)
class StandingItem:
    """An item that meetings made from a template always have."""

    title: str
    duration_minutes: int | None = None
    is_internal: bool = False
    is_last: bool = False


@transaction.atomic
def template_save(
    template: MeetingTemplate,
    *,
    name: str,
    place: str,
    starts_at: datetime.time | None,
    is_active: bool,
    items: Sequence[StandingItem],
    user: User,
) -> MeetingTemplate:
    """Write a template, new or changed; meetings made from it before stay as they are.

    Args:
        template: With its body.
        name: Unique for the body.
        place: Usual place.
        starts_at: Usual hour.
        is_active: Whether it is offered.
        items: Standing items in their order.
        user: Who writes it.

    Returns:
        The template.

    Raises:
        DomainError: ``invalid``.
    """
    template.name, template.place = name.strip(), place.strip()
    template.starts_at, template.is_active = starts_at, is_active
    try:
        template.full_clean()
    except ValidationError as error:
        raise as_domain_error(error) from error
    template.save()
    template.items.all().delete()
    MeetingTemplateItem.objects.bulk_create(
        MeetingTemplateItem(template=template, position=position, **dataclasses.asdict(item))
        for position, item in enumerate(items, start=1)
    )
    log_action(
        "meeting_template.saved",
        user=user,
        obj=template,
        territory=template.body.territory,
        data={"items": [item.title for item in items if not item.is_internal]},
    )
    return template


@transaction.atomic
def series_schedule(
    cycle: PlanningCycle,
    *,
    body: Body,
    days: Sequence[datetime.date],
    place: str,
    participants: Iterable[Organisation],
    user: User,
    starts_at: datetime.time | None = None,
    template: MeetingTemplate | None = None,
) -> MeetingSeries:
    """Set several meetings at once, all or none; each stands alone afterwards.

    Those invited get one mail with all days and their calendar entries.

    Args:
        cycle: Open cycle.
        body: A body of the cycle's territory.
        days: Days of the meetings in order.
        place: Room or link of all of them.
        participants: Organisations to invite to each.
        user: Who invites.
        starts_at: Hour of all of them.
        template: Its standing items go onto each agenda.

    Returns:
        The series.

    Raises:
        DomainError: ``no_day`` and those of ``meeting_schedule``.
    """
    if not days:
        raise DomainError("no_day", _("Name at least one day."))
    invited = list(participants)
    series = MeetingSeries.objects.create(cycle=cycle, body=body, created_by=user)
    meetings: list[Meeting] = [
        meeting_schedule(
            cycle,
            body=body,
            held_on=day,
            place=place,
            participants=invited,
            user=user,
            starts_at=starts_at,
            template=template,
            series=series,
        )
        for day in days
    ]
    log_action(
        "meeting_series.scheduled",
        user=user,
        obj=series,
        territory=cycle.territory,
        data={"days": [day.isoformat() for day in days]},
    )
    _invite(meetings)
    return series


def _invite(meetings: list[Meeting]) -> None:
    """One mail with all days and their calendar entries."""
    with translation.override(settings.LANGUAGE_CODE):
        calendar = entries_of(meetings)
    first = meetings[0]
    meeting_mail(first, "series", office_addresses(first), calendar=calendar, meetings=meetings)
