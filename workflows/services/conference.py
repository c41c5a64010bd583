"""Writes of the planning conference: meeting, invitations, statements, fields of action."""

import datetime
from collections.abc import Iterable, Mapping

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from measures.models import FieldOfAction
from monitoring.models import Area, Domain, Indicator
from project.common.errors import DomainError, as_domain_error
from project.common.formats import date_de
from stakeholders.audit import log_action
from stakeholders.mail import mail_queue
from stakeholders.models import Body, Organisation, User
from workflows.models import (
    Contribution,
    ContributionProcess,
    Meeting,
    Participant,
    PlanningCycle,
    StageKind,
    Statement,
    TaskCard,
)
from workflows.notices import task_reschedule


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
    """Set a meeting of one of the cycle's bodies and invite organisations, by mail where an office has one.

    Args:
        cycle: Open cycle.
        body: A body of the cycle's territory.
        held_on: Day of the meeting.
        place: Room or link.
        participants: Organisations to invite; each once.
        user: Who invites.
        note: Further items and remarks, one a line.

    Raises:
        DomainError: ``foreign_body``, ``no_participant``, ``foreign_participant``, ``cycle_closed``.
    """
    participants = list({organisation.pk: organisation for organisation in participants}.values())
    if cycle.is_closed:
        raise DomainError("cycle_closed", _("The cycle is closed."))
    if body.territory_id != cycle.territory_id:
        raise DomainError("foreign_body", _("A body belongs to another territory."))
    if not participants:
        raise DomainError("no_participant", _("Invite at least one organisation."))
    for organisation in participants:
        _require_own(cycle, organisation, "foreign_participant")
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
    _mail_invitations(meeting, participants)
    _tasks_follow(meeting)
    return meeting


def _tasks_follow(meeting: Meeting) -> None:
    """Open tasks that wait for the meeting are due with it: holding it, recording what it decides."""
    cycle = meeting.cycle
    waits = Q(pk__in=())
    if meeting.body_id == cycle.planning_conference_id:
        waits |= Q(task__process__planningcycleprocess__isnull=False, stage=StageKind.CONFERENCE)
    if meeting.body_id == cycle.steering_group_id:
        waits |= Q(task__process__recommendationprocess__isnull=False, body=meeting.body)
    # Locked: a task completed at the same moment must not get new deadlines. The joined rows are not: some
    # are missing, and PostgreSQL locks no missing rows.
    cards = TaskCard.objects.select_for_update(of=("self",)).filter(waits, cycle=cycle, is_open=True)
    for card in cards:
        due_on = card.task.flow_task.due_of(card.task.process.coerced)
        if due_on != card.due_on:
            task_reschedule(card, due_on=due_on)


def _require_own(cycle: PlanningCycle, organisation: Organisation, code: str) -> None:
    """Supraregional organisations (funder, adviser) belong to no territory and may take part anywhere."""
    if organisation.territory_id not in {None, cycle.territory_id}:
        raise DomainError(code, _("%(name)s belongs to another territory.") % {"name": organisation.label})


def _mail_invitations(meeting: Meeting, participants: Iterable[Organisation]) -> None:
    addresses = [organisation.email for organisation in participants if organisation.email]
    if not addresses:
        return
    with translation.override(settings.LANGUAGE_CODE):
        context = {
            "meeting": meeting,
            "cycle": meeting.cycle,
            "url": settings.SITE_URL + reverse("workflows:meeting-detail", args=[meeting.pk]),
        }
        subject = render_to_string("workflows/mails/invitation_subject.txt", context).strip()
        body = render_to_string("workflows/mails/invitation.txt", context)
    mail_queue(addresses, subject=subject, body=body)


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
    return list(ContributionProcess.objects.filter(contribution__cycle=cycle, finished__isnull=True))


@transaction.atomic
def contribution_finish(contribution: Contribution, *, user: User, has_nothing_to_add: bool = False) -> None:
    """Mark an organisation's statements as complete; called by its task.

    Args:
        contribution: What the organisation was asked for.
        user: Who finishes.
        has_nothing_to_add: Said in so many words; must not be said beside statements.

    Raises:
        DomainError: ``contribution_finished``, ``not_nothing`` if statements were given all the same.
    """
    if contribution.finished_at is not None:
        raise DomainError("contribution_finished", _("Your contribution has been handed in already."))
    count = contribution.cycle.statements.filter(organisation=contribution.organisation).count()
    if has_nothing_to_add and count:
        raise DomainError(
            "not_nothing",
            _("You have given statements. Hand them in, or remove them if you have nothing to contribute."),
        )
    contribution.finished_at = timezone.now()
    contribution.save(update_fields=["finished_at"])
    log_action(
        "contribution.finished",
        user=user,
        obj=contribution,
        territory=contribution.cycle.territory,
        data={"statements": count},
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
        DomainError: ``conference_over``, ``area_not_chosen``, ``foreign_organisation``, ``invalid``.
    """
    _require_conference(cycle)
    if not cycle.profiles.filter(area=area).exists():
        raise DomainError("area_not_chosen", _("This area has no profile in the cycle."))
    _require_own(cycle, organisation, "foreign_organisation")
    statement = Statement(cycle=cycle, area=area, organisation=organisation, created_by=user)
    _statement_fill(statement, position=position, text=text, indicator=indicator, domain=domain)
    log_action("statement.added", user=user, obj=statement, territory=cycle.territory)
    return statement


@transaction.atomic
def statement_change(
    statement: Statement,
    *,
    position: str,
    text: str,
    user: User,
    indicator: Indicator | None = None,
    domain: Domain | None = None,
) -> None:
    """Correct a statement as long as the conference runs.

    Args:
        statement: The statement; area and organisation stay.
        position: Value of ``Position``.
        text: The new text.
        user: Who corrects.
        indicator: Figure it refers to, if one.
        domain: Topic it refers to, if no single figure.

    Raises:
        DomainError: ``conference_over``, ``statement_used`` as evidence of a submitted recommendation,
            ``invalid``.
    """
    _require_conference(statement.cycle)
    if statement.recommendation_versions.filter(submitted_at__isnull=False).exists():
        raise DomainError(
            "statement_used", _("A submitted recommendation rests on this statement; it stays as it is.")
        )
    before = {"position": statement.position, "text": statement.text}
    _statement_fill(statement, position=position, text=text, indicator=indicator, domain=domain)
    log_action(
        "statement.changed",
        user=user,
        obj=statement,
        territory=statement.cycle.territory,
        data={"before": before},
    )


@transaction.atomic
def statement_remove(statement: Statement, *, user: User) -> None:
    """Take a statement back as long as the conference runs and nothing rests on it.

    Raises:
        DomainError: ``conference_over``, ``statement_used`` as evidence of a recommendation.
    """
    _require_conference(statement.cycle)
    if statement.recommendation_versions.exists():
        raise DomainError(
            "statement_used", _("A recommendation rests on this statement; take it out there first.")
        )
    log_action(
        "statement.removed",
        user=user,
        obj=statement,
        territory=statement.cycle.territory,
        data={"area": statement.area.name, "position": statement.position, "text": statement.text},
    )
    statement.delete()


def _require_conference(cycle: PlanningCycle) -> None:
    if not PlanningCycle.objects.filter(pk=cycle.pk, stage=StageKind.CONFERENCE).exists():
        raise DomainError("conference_over", _("Statements are given while the planning conference runs."))


def _statement_fill(
    statement: Statement, *, position: str, text: str, indicator: Indicator | None, domain: Domain | None
) -> None:
    statement.position = position
    statement.text = text.strip()
    statement.indicator = indicator
    statement.domain = domain or (indicator.domain if indicator else None)
    try:
        statement.full_clean()
    except ValidationError as error:
        raise as_domain_error(error) from error
    statement.save()


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
    """Close a meeting with its attendance; no decision can be recorded in it afterwards.

    Args:
        meeting: An open meeting, on its day or later.
        attended: Those of the invited organisations that came.
        user: Who closes.

    Raises:
        DomainError: ``meeting_closed``, ``meeting_not_held``.
    """
    # Decisions of the body are numbered under the same lock: none gets into a meeting that is being closed.
    Body.objects.select_for_update().get(pk=meeting.body_id)
    if not Meeting.objects.filter(pk=meeting.pk, closed_at__isnull=True).exists():
        raise DomainError("meeting_closed", _("The meeting is closed already."))
    if meeting.held_on > timezone.localdate():
        raise DomainError(
            "meeting_not_held",
            _("The meeting of %(day)s has not been held yet; it is closed on its day or later.")
            % {"day": date_de(meeting.held_on)},
        )
    present = {organisation.pk for organisation in attended}
    for participant in meeting.participants.all():
        participant.attended = participant.organisation_id in present
        participant.save(update_fields=["attended"])
    meeting.closed_at = timezone.now()
    meeting.save(update_fields=["closed_at"])
    log_action(
        "meeting.closed",
        user=user,
        obj=meeting,
        territory=meeting.cycle.territory,
        data={"attended": len(present)},
    )


@transaction.atomic
def conference_close(
    cycle: PlanningCycle, *, attended: Mapping[int, Iterable[Organisation]], user: User
) -> None:
    """Close the planning conference: all of its meetings that are open, each with its attendance.

    Args:
        cycle: Cycle in its conference.
        attended: Key of a meeting -> those of the invited organisations that came; none where it lacks.
        user: Who closes.

    Raises:
        DomainError: ``no_meeting``, and those of ``meeting_close``.
    """
    meetings = cycle.meetings.filter(body=cycle.planning_conference)
    if not meetings.exists():
        raise DomainError("no_meeting", _("There is no meeting to close."))
    for meeting in meetings.filter(closed_at__isnull=True).order_by("held_on", "pk"):
        meeting_close(meeting, attended=attended.get(meeting.pk, ()), user=user)
