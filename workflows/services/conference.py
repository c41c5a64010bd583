"""Writes of the planning conference: meeting, invitations, statements, fields of action."""

from collections.abc import Iterable, Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from measures.models import FieldOfAction
from monitoring.models import Area, Domain, Indicator
from project.common.attachments import Upload
from project.common.errors import DomainError, as_domain_error
from stakeholders.audit import log_action
from stakeholders.models import Organisation, User
from workflows.models import (
    Contribution,
    ContributionProcess,
    PlanningCycle,
    Statement,
    source_group_of,
)
from workflows.services.carrying import open_items_postpone
from workflows.services.meetings import meeting_close, require_own
from workflows.services.room_version import rooms_showing_raise
from workflows.services.statement_files import (
    require_changeable,
    require_conference,
    require_not_minuted,
    statement_file_drop,
    statement_files_add,
)


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
    confidence: str = "",
    source_group: str = "",
    files: Iterable[Upload] = (),
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
        confidence: Value of ``Confidence``; empty if nobody said how sure it is.
        source_group: Value of ``SourceGroup``; empty for that of the organisation.
        files: Evidence.

    Raises:
        DomainError: ``conference_over``, ``area_not_chosen``, ``foreign_organisation``, ``invalid``, and
            those of ``statement_files_add``.
    """
    require_conference(cycle)
    if not cycle.profiles.filter(area=area).exists():
        raise DomainError("area_not_chosen", _("This area has no profile in the cycle."))
    require_own(cycle, organisation, "foreign_organisation")
    statement = Statement(cycle=cycle, area=area, organisation=organisation, created_by=user)
    statement.confidence = confidence
    statement.source_group = source_group or source_group_of(organisation)
    _statement_fill(statement, position=position, text=text, indicator=indicator, domain=domain)
    log_action("statement.added", user=user, obj=statement, territory=cycle.territory)
    rooms_showing_raise(cycle, area)
    statement_files_add(statement, files, user=user)
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
    confidence: str | None = None,
    source_group: str | None = None,
    files: Iterable[Upload] = (),
) -> None:
    """Correct a statement as long as the conference runs.

    Args:
        statement: The statement; area and organisation stay.
        position: Value of ``Position``.
        text: The new text.
        user: Who corrects.
        indicator: Figure it refers to, if one.
        domain: Topic it refers to, if no single figure.
        confidence: Value of ``Confidence``; None leaves it.
        source_group: Value of ``SourceGroup``; empty for that of the organisation, None leaves it.
        files: Further evidence.

    Raises:
        DomainError: ``conference_over``, ``statement_minuted``, ``statement_used`` as evidence of a
            recommendation that was submitted or is being co-signed, ``invalid``, and those of
            ``statement_files_add``.
    """
    require_changeable(statement)
    before = {name: getattr(statement, name) for name in ("position", "text", "confidence", "source_group")}
    statement.confidence = statement.confidence if confidence is None else confidence
    if source_group is not None:
        statement.source_group = source_group or source_group_of(statement.organisation)
    _statement_fill(statement, position=position, text=text, indicator=indicator, domain=domain)
    log_action(
        "statement.changed",
        user=user,
        obj=statement,
        territory=statement.cycle.territory,
        data={"before": before},
    )
    rooms_showing_raise(statement.cycle, statement.area)
    statement_files_add(statement, files, user=user)


@transaction.atomic
def statement_remove(statement: Statement, *, user: User) -> None:
    """Take a statement back as long as the conference runs and nothing rests on it.

    Raises:
        DomainError: ``conference_over``, ``statement_minuted``, ``statement_used`` as evidence of a
            recommendation.
    """
    require_conference(statement.cycle)
    require_not_minuted(statement)
    if statement.recommendation_versions.exists():
        raise DomainError(
            "statement_used", _("A recommendation rests on this statement; take it out there first.")
        )
    # Nobody adds a file while the statement goes.
    Statement.objects.select_for_update(of=("self",)).get(pk=statement.pk)
    for file in statement.files.all():
        statement_file_drop(file, user=user)
    log_action(
        "statement.removed",
        user=user,
        obj=statement,
        territory=statement.cycle.territory,
        data={"area": statement.area.name, "position": statement.position, "text": statement.text},
    )
    statement.delete()
    rooms_showing_raise(statement.cycle, statement.area)


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
    meetings = cycle.meetings.filter(body=cycle.planning_conference, cancelled_at__isnull=True)
    if not meetings.exists():
        raise DomainError("no_meeting", _("There is no meeting to close."))
    closing = list(meetings.filter(closed_at__isnull=True).order_by("held_on", "pk"))
    for meeting in closing:
        meeting_close(meeting, attended=attended.get(meeting.pk, ()), user=user)
    for meeting in closing:
        # Where no item was called the areas were gone through on the page of the task: none was left open.
        was_run = meeting.agenda.filter(called_at__isnull=False).exists()
        open_items_postpone(meeting, items=None if was_run else (), user=user)
