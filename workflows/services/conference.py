"""Writes of the planning conference: meeting, invitations, statements, fields of action."""

import datetime
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.models import FieldOfAction
from monitoring.models import Area, Domain, Indicator
from project.common.errors import DomainError, as_domain_error
from stakeholders.audit import log_action
from stakeholders.models import Body, Organisation, User
from workflows.models import (
    Contribution,
    ContributionProcess,
    Meeting,
    Participant,
    PlanningCycle,
    Statement,
)


@transaction.atomic
def meeting_schedule(
    cycle: PlanningCycle,
    *,
    body: Body,
    held_on: datetime.date,
    place: str,
    participants: Iterable[Organisation],
    user: User,
    note: str = "",
) -> Meeting:
    """Set a meeting of one of the cycle's bodies and invite organisations.

    Raises:
        DomainError: ``foreign_body``, ``no_participant``.
    """
    participants = list(participants)
    if body.territory_id != cycle.territory_id:
        raise DomainError("foreign_body", _("A body belongs to another territory."))
    if not participants:
        raise DomainError("no_participant", _("Invite at least one organisation."))
    meeting = Meeting.objects.create(cycle=cycle, body=body, held_on=held_on, place=place, note=note)
    Participant.objects.bulk_create(
        Participant(meeting=meeting, organisation=organisation) for organisation in participants
    )
    log_action(
        "meeting.scheduled",
        user=user,
        obj=meeting,
        territory=cycle.territory,
        data={"held_on": held_on, "participants": [row.name for row in participants]},
    )
    return meeting


def contributions_ask(cycle: PlanningCycle) -> list[Contribution]:
    """Open a contribution for each organisation invited to the conference; called by the cycle's flow."""
    meeting = cycle.meetings.filter(body=cycle.planning_conference).order_by("-pk").first()
    if meeting is None:
        return []
    return [
        Contribution.objects.create(
            cycle=cycle, organisation=row.organisation, due_on=max(meeting.held_on, timezone.localdate())
        )
        for row in meeting.participants.select_related("organisation")
    ]


def open_contribution_processes(cycle: PlanningCycle) -> list[ContributionProcess]:
    """Contributions still waited for."""
    return list(
        ContributionProcess.objects.filter(contribution__cycle=cycle, finished__isnull=True)
    )


@transaction.atomic
def contribution_finish(contribution: Contribution, *, user: User) -> None:
    """Mark an organisation's statements as complete; called by its task."""
    contribution.finished_at = timezone.now()
    contribution.save(update_fields=["finished_at"])
    log_action(
        "contribution.finished", user=user, obj=contribution, territory=contribution.cycle.territory
    )


@transaction.atomic
def statement_add(
    cycle: PlanningCycle,
    *,
    area: Area,
    position: str,
    text: str,
    organisation: Organisation,
    user: User,
    indicator: Indicator | None = None,
    domain: Domain | None = None,
) -> Statement:
    """Add an expert statement on an area.

    Args:
        cycle: Cycle in its conference.
        area: One of the areas chosen in the cycle.
        position: Value of ``Position``.
        text: The statement.
        organisation: Whose knowledge it is.
        user: Who enters it.
        indicator: Figure it refers to, if one.
        domain: Topic it refers to, if no single figure.

    Raises:
        DomainError: ``area_not_chosen``, ``invalid``.
    """
    if not cycle.profiles.filter(area=area).exists():
        raise DomainError("area_not_chosen", _("This area has no profile in the cycle."))
    statement = Statement(
        cycle=cycle,
        area=area,
        position=position,
        text=text.strip(),
        organisation=organisation,
        indicator=indicator,
        domain=domain or (indicator.domain if indicator else None),
        created_by=user,
    )
    try:
        statement.full_clean()
    except ValidationError as error:
        raise as_domain_error(error) from error
    statement.save()
    log_action("statement.added", user=user, obj=statement, territory=cycle.territory)
    return statement


@transaction.atomic
def field_of_action_add(cycle: PlanningCycle, *, title: str, user: User) -> FieldOfAction:
    """Name a further field of action of the cycle's plan.

    Raises:
        DomainError: ``title_missing``, ``field_exists``.
    """
    title = title.strip()
    if not title:
        raise DomainError("title_missing", _("Name the field of action."))
    fields = FieldOfAction.objects.filter(plan=cycle.plan)
    if fields.filter(title__iexact=title).exists():
        raise DomainError("field_exists", _("This field of action exists already."))
    number = (fields.aggregate(last=Max("number"))["last"] or 0) + 1
    field = FieldOfAction.objects.create(plan=cycle.plan, number=number, title=title)
    log_action("field_of_action.added", user=user, obj=field, territory=cycle.territory)
    return field


@transaction.atomic
def meeting_close(meeting: Meeting, *, attended: Iterable[Organisation], user: User) -> None:
    """Close a meeting with its attendance.

    Raises:
        DomainError: ``meeting_closed``.
    """
    if meeting.closed_at is not None:
        raise DomainError("meeting_closed", _("The meeting is closed already."))
    present = {organisation.pk for organisation in attended}
    for participant in meeting.participants.all():
        participant.attended = participant.organisation_id in present
        participant.save(update_fields=["attended"])
    meeting.closed_at = timezone.now()
    meeting.save(update_fields=["closed_at"])
    log_action("meeting.closed", user=user, obj=meeting, territory=meeting.cycle.territory)
