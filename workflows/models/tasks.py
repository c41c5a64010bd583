"""What the engine's task rows lack: addressee, due date, subject; and the pulse of the timers."""

from django.contrib.auth.models import Permission
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from viewflow.workflow.models import Task

from stakeholders.models import Body, Organisation
from workflows.models.cycles import PlanningCycle, StageKind


class TaskCard(models.Model):
    """One row beside each human task: for whom, until when, about what.

    Written by ``GuardedView`` in the task's own transaction. ``permission`` and ``object_pk`` repeat the
    engine's text columns as keys, so that the inbox is one indexed query (docs/decisions).
    """

    task = models.OneToOneField(Task, on_delete=models.CASCADE, related_name="card")
    territory = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    cycle = models.ForeignKey(PlanningCycle, on_delete=models.PROTECT, related_name="task_cards")
    stage = models.PositiveSmallIntegerField(_("Stage"), choices=StageKind.choices)
    permission = models.ForeignKey(Permission, on_delete=models.PROTECT, related_name="+")
    object_pk = models.CharField(max_length=40)
    # Exactly one of the two: whom the task is addressed to.
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="task_cards"
    )
    body = models.ForeignKey(Body, on_delete=models.PROTECT, null=True, blank=True, related_name="task_cards")
    subject = models.CharField(_("Subject"), max_length=250, blank=True)
    due_on = models.DateField(_("Due"))
    is_open = models.BooleanField(_("Open"), default=True)

    class Meta:
        verbose_name = _("Task")
        verbose_name_plural = _("Tasks")
        ordering = ["due_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(organisation__isnull=False, body__isnull=True)
                | Q(organisation__isnull=True, body__isnull=False),
                name="card_has_one_addressee",
            ),
        ]
        indexes = [
            models.Index(
                fields=["permission", "object_pk", "due_on"], condition=Q(is_open=True), name="card_inbox"
            ),
            models.Index(fields=["due_on", "id"], condition=Q(is_open=True), name="card_open_by_due"),
            models.Index(fields=["cycle", "due_on"], condition=Q(is_open=True), name="card_open_by_cycle"),
        ]

    def __str__(self) -> str:
        return f"{self.headline}"

    @property
    def addressee(self) -> Organisation | Body:
        """Whom the task is addressed to."""
        found = self.organisation or self.body
        assert found is not None
        return found

    @property
    def headline(self) -> str:
        """What to do, about what, in the language of the page."""
        node = self.task.flow_task
        template = getattr(node, "headline", "") or node.task_title
        return str(template) % {"subject": self.subject} if "%(subject)s" in str(template) else str(template)


class TimerRun(models.Model):
    """When the timers last ran; one row per name."""

    name = models.CharField(_("Name"), max_length=40, unique=True)
    last_run_at = models.DateTimeField(_("Last run"))
    fired_count = models.PositiveIntegerField(_("Fired"), default=0)

    class Meta:
        verbose_name = _("Timer run")
        verbose_name_plural = _("Timer runs")

    def __str__(self) -> str:
        return self.name
