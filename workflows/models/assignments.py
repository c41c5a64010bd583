"""Assignments: a condition of a decision, or a task given in a meeting, and what became of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from stakeholders.models import Organisation
from stakeholders.written_once import WrittenOnce
from workflows.models.conditions import ConditionLine
from workflows.models.cycles import PlanningCycle
from workflows.models.meetings import Decision, Meeting

#: Signs of the text that stand for it in lists and on tasks.
_SHORT = 80


class AssignmentState(models.TextChoices):
    """Where an assignment stands; moved by its flow only."""

    OPEN = "open", _("open")
    ASKED = "asked", _("more time asked for")
    REPORTED = "reported", _("reported as done")
    MET = "met", _("met")
    CALLED_OFF = "called_off", pgettext_lazy("of an assignment", "called off")


#: Still to be carried out or confirmed.
OPEN_ASSIGNMENTS = (AssignmentState.OPEN, AssignmentState.ASKED, AssignmentState.REPORTED)


class Assignment(models.Model):
    """Who has to do what until when, because a body decided so."""

    cycle = models.ForeignKey(
        PlanningCycle, on_delete=models.PROTECT, related_name="assignments", verbose_name=_("Planning cycle")
    )
    # A condition (Auflage) belongs to its decision, any other to the meeting in which it was given.
    decision = models.ForeignKey(
        Decision,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="assignments",
        verbose_name=_("Decision"),
    )
    meeting = models.ForeignKey(
        Meeting,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="assignments",
        verbose_name=_("Meeting"),
    )
    number = models.PositiveSmallIntegerField(_("Number"))
    text = models.TextField(_("What has to be done"))
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="assignments", verbose_name=_("Who acts")
    )
    due_on = models.DateField(_("Due"))
    state = models.CharField(
        _("State"), max_length=12, choices=AssignmentState.choices, default=AssignmentState.OPEN
    )
    # Given under what only members of the body and planning read; besides them who acts knows of it.
    is_internal = models.BooleanField(_("Internal"), default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Assigned by")
    )
    created_at = models.DateTimeField(_("Assigned on"), auto_now_add=True)

    class Meta:
        verbose_name = _("Condition or task")
        verbose_name_plural = _("Conditions and tasks")
        ordering = ["due_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decision__isnull=True, meeting__isnull=False)
                | Q(decision__isnull=False, meeting__isnull=True),
                name="assignment_of_decision_or_meeting",
            ),
            models.UniqueConstraint(fields=["decision", "number"], name="assignment_once_per_decision"),
            models.UniqueConstraint(fields=["meeting", "number"], name="assignment_once_per_meeting"),
            models.CheckConstraint(condition=~Q(text=""), name="assignment_has_text"),
        ]

    def __str__(self) -> str:
        # This name stands in logs, lists of tasks and mails, which others read as well.
        name = gettext("internal task") if self.is_internal else self.short
        return f"{name} ({self.reference})"

    @property
    def reference(self) -> str:
        """Number of the decision, or day of the meeting, with its own number: ``3/2026-1``."""
        if self.decision is not None:
            return f"{self.decision.reference}-{self.number}"
        assert self.meeting is not None
        return f"{self.meeting.held_on:%d.%m.%Y}-{self.number}"

    @property
    def short(self) -> str:
        """The beginning of what has to be done, in one line."""
        return str(Truncator(" ".join(self.text.split())).chars(_SHORT))

    @property
    def is_condition(self) -> bool:
        """Whether a decision depends on it."""
        return self.decision_id is not None

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done or to be confirmed."""
        return self.state in OPEN_ASSIGNMENTS

    @property
    def is_overdue(self) -> bool:
        """Whether it should have been done before today and was not reported as done."""
        is_waited_for = self.state in (AssignmentState.OPEN, AssignmentState.ASKED)
        return is_waited_for and self.due_on < timezone.localdate()


class AssignmentStep(models.TextChoices):
    """What happened to an assignment."""

    REPORTED = "reported", _("reported as done")
    TIME_ASKED = "time_asked", _("asked for more time")
    TIME_GIVEN = "time_given", _("more time given")
    TIME_REFUSED = "time_refused", _("more time refused")
    CONFIRMED = "confirmed", _("confirmed as met")
    RETURNED = "returned", _("returned")
    CALLED_OFF = "called_off", pgettext_lazy("of an assignment", "called off")


class AssignmentEntry(WrittenOnce):
    """A line in the history of an assignment, in the words of whoever acted."""

    assignment = models.ForeignKey(
        Assignment, on_delete=models.PROTECT, related_name="entries", verbose_name=_("Condition or task")
    )
    step = models.CharField(_("What happened"), max_length=15, choices=AssignmentStep.choices)
    text = models.TextField(_("Text"), blank=True)
    # The day asked for, or given.
    due_on = models.DateField(_("Due"), null=True, blank=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Written by")
    )
    written_at = models.DateTimeField(_("Written"), auto_now_add=True)

    class Meta:
        verbose_name = _("Entry on a condition or task")
        verbose_name_plural = _("Entries on conditions and tasks")
        ordering = ["assignment", "pk"]

    def __str__(self) -> str:
        return f"{self.assignment}: {self.get_step_display()}"


class DecisionCondition(ConditionLine):
    """A condition as it was decided; what becomes of it stands in its assignment."""

    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, related_name="condition_rows", verbose_name=_("Decision")
    )

    class Meta:
        verbose_name = _("Condition of a decision")
        verbose_name_plural = _("Conditions of decisions")
        ordering = ["decision", "number"]
        constraints = [
            models.UniqueConstraint(fields=["decision", "number"], name="condition_once_per_decision"),
            models.CheckConstraint(condition=~Q(text=""), name="condition_has_text"),
        ]

    def __str__(self) -> str:
        return f"{self.decision.reference}-{self.number}"
