"""What came out of the items of a meeting. A decision is its own record, read from there, not copied."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from measures.models import FieldOfAction
from workflows.models.agenda import AgendaItem
from workflows.models.analysis import Statement
from workflows.models.assignments import Assignment
from workflows.models.recommendations import Recommendation

_SIGNED = "The minutes are signed: what came out of the meeting is never changed."


class OutcomeKind(models.TextChoices):
    """What can come out of an item."""

    NOTE = "note", pgettext_lazy("outcome of an item", "Note")
    STATEMENT = "statement", _("Statement")
    FIELD = "field", _("Field of action")
    RECOMMENDATION = "recommendation", _("Recommendation")
    TASK = "task", pgettext_lazy("outcome of an item", "Task")
    POSTPONED = "postponed", pgettext_lazy("outcome of an item", "Postponed")
    # On an item without a recommendation; the decision on a recommendation is its own record.
    DECISION = "decision", pgettext_lazy("outcome of an item", "Decision on the item")


#: Outcome that is a thing of its own -> the field that points to it.
THING_OF_KIND = {
    OutcomeKind.STATEMENT: "statement",
    OutcomeKind.FIELD: "field",
    OutcomeKind.RECOMMENDATION: "recommendation",
    OutcomeKind.TASK: "assignment",
}


def _things_match() -> Q:
    """Each kind points to its own thing and to no other."""
    condition = Q(kind__in=[kind for kind in OutcomeKind if kind not in THING_OF_KIND])
    for name in THING_OF_KIND.values():
        condition &= Q(**{f"{name}__isnull": True})
    for kind, name in THING_OF_KIND.items():
        others = {f"{other}__isnull": True for other in THING_OF_KIND.values() if other != name}
        condition |= Q(kind=kind, **{f"{name}__isnull": False}, **others)
    return condition


#: Votes of a decision on an item.
_COUNTS = ("yes_count", "no_count", "abstain_count")


def _counts_match() -> Q:
    """A decision, and nothing else, says how it was voted and whether it was carried."""
    is_counted = Q(is_carried__isnull=False, **{f"{name}__isnull": False for name in _COUNTS})
    is_empty = Q(is_carried__isnull=True, **{f"{name}__isnull": True for name in _COUNTS})
    return (Q(kind=OutcomeKind.DECISION) & ~Q(text="") & is_counted) | (
        ~Q(kind=OutcomeKind.DECISION) & is_empty
    )


class ItemOutcome(models.Model):
    """What came out of an item (Ergebnis): a note, or a thing that begins here; fixed by signed minutes."""

    item = models.ForeignKey(
        AgendaItem, on_delete=models.PROTECT, related_name="outcomes", verbose_name=_("Agenda item")
    )
    kind = models.CharField(
        pgettext_lazy("of an outcome", "Kind"), max_length=15, choices=OutcomeKind.choices
    )
    text = models.TextField(_("Text"), blank=True)
    # A statement may be taken back while the conference runs; its outcome then goes with it.
    statement = models.OneToOneField(
        Statement,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="outcome",
        verbose_name=_("Statement"),
    )
    field = models.ForeignKey(
        FieldOfAction,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Field of action"),
    )
    recommendation = models.ForeignKey(
        Recommendation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="outcomes",
        verbose_name=_("Recommendation"),
    )
    assignment = models.OneToOneField(
        Assignment,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="outcome",
        verbose_name=_("Task"),
    )
    # Of a decision: how the body voted, and whether the rules of that day made it one.
    yes_count = models.PositiveSmallIntegerField(_("Yes"), null=True, blank=True)
    no_count = models.PositiveSmallIntegerField(_("No"), null=True, blank=True)
    abstain_count = models.PositiveSmallIntegerField(_("Abstentions"), null=True, blank=True)
    is_carried = models.BooleanField(_("Carried"), null=True, blank=True)
    # For members of the body and planning only.
    is_internal = models.BooleanField(_("Internal"), default=False)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Recorded by")
    )
    recorded_at = models.DateTimeField(_("Recorded"), auto_now_add=True)

    class Meta:
        verbose_name = _("Outcome of an item")
        verbose_name_plural = _("Outcomes of items")
        ordering = ["item", "pk"]
        constraints = [
            models.CheckConstraint(condition=_things_match(), name="outcome_thing_of_its_kind"),
            models.CheckConstraint(condition=~Q(kind="note") | ~Q(text=""), name="outcome_note_has_text"),
            models.CheckConstraint(condition=_counts_match(), name="outcome_decision_has_votes"),
            models.UniqueConstraint(
                fields=["item"], condition=Q(kind="postponed"), name="outcome_postponed_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.text or self.thing}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refuse to add or change anything behind signed minutes."""
        if self.is_fixed:
            raise TypeError(_SIGNED)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse to take anything away behind signed minutes."""
        if self.is_fixed:
            raise TypeError(_SIGNED)
        return super().delete(*args, **kwargs)

    @property
    def thing(self) -> Any:
        """What began here; None for a remark."""
        name = THING_OF_KIND.get(OutcomeKind(self.kind))
        return getattr(self, name) if name else None

    @property
    def is_fixed(self) -> bool:
        """Whether the minutes that tell of it are signed. Queries: 1."""
        minutes = getattr(self.item.meeting, "minutes", None)
        return minutes is not None and minutes.is_signed
