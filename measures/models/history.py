"""What happened to measures and plans: written once, followed by other entries only."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from measures.models.plan import ActionPlan, Measure, MeasureStatus, Stage
from stakeholders.written_once import WrittenOnce, written_at, written_by


class StatusChange(WrittenOnce):
    """A measure went from one status to the next."""

    measure = models.ForeignKey(
        Measure, on_delete=models.PROTECT, related_name="status_changes", verbose_name=_("Measure")
    )
    before = models.CharField(_("Before"), max_length=15, choices=MeasureStatus.choices)
    after = models.CharField(_("After"), max_length=15, choices=MeasureStatus.choices)
    effective_on = models.DateField(_("As of"))
    reason = models.TextField(_("Reason"), blank=True)
    # None where the course of the measure moved it, as when the last party confirmed.
    changed_by = written_by(_("Changed by"), is_optional=True)
    changed_at = written_at(_("Changed"))

    class Meta:
        verbose_name = _("Change of status")
        verbose_name_plural = _("Changes of status")
        ordering = ["measure", "pk"]

    def __str__(self) -> str:
        return f"{self.measure}: {self.get_before_display()} -> {self.get_after_display()}"


class StageMove(WrittenOnce):
    """A measure was moved to the other planning stage, and why."""

    measure = models.ForeignKey(
        Measure, on_delete=models.PROTECT, related_name="stage_moves", verbose_name=_("Measure")
    )
    before = models.PositiveSmallIntegerField(
        pgettext_lazy("of a plan", "Planning stage before"), choices=Stage
    )
    after = models.PositiveSmallIntegerField(
        pgettext_lazy("of a plan", "Planning stage after"), choices=Stage
    )
    reason = models.TextField(_("Reason"))
    moved_by = written_by(_("Moved by"))
    moved_at = written_at(_("Moved"))

    class Meta:
        verbose_name = _("Move between planning stages")
        verbose_name_plural = _("Moves between planning stages")
        ordering = ["measure", "pk"]

    def __str__(self) -> str:
        return f"{self.measure}: {self.before} -> {self.after}"


class StateOverride(WrittenOnce):
    """Planning tells a state other than the computed one, and why; both are shown.

    The latest row holds; one with an empty state takes the override back.
    """

    measure = models.ForeignKey(
        Measure, on_delete=models.PROTECT, related_name="state_overrides", verbose_name=_("Measure")
    )
    # A value of ``status.PortfolioState``, or empty.
    state = models.CharField(_("State"), max_length=15, blank=True)
    reason = models.TextField(_("Reason"))
    set_by = written_by(_("Set by"))
    set_at = written_at(_("Set"))

    class Meta:
        verbose_name = _("Override of a state")
        verbose_name_plural = _("Overrides of states")
        ordering = ["measure", "pk"]

    def __str__(self) -> str:
        return f"{self.measure}: {self.state or '-'}"


class PlanVersion(WrittenOnce):
    """A plan as it stood when it was decided or fixed; what is now is compared with it."""

    plan = models.ForeignKey(
        ActionPlan, on_delete=models.PROTECT, related_name="versions", verbose_name=_("Action plan")
    )
    number = models.PositiveSmallIntegerField(_("Number"))
    title = models.CharField(_("Title"), max_length=200)
    as_of = models.DateField(_("As of"))
    # The decision it rests on, by its number: decisions live above this app.
    decision_reference = models.CharField(_("Decision"), max_length=60, blank=True)
    # {"measures": {number: {field name: value}}}; what the columns are is said in services/versions.py.
    content = models.JSONField(_("Content"))
    sha256 = models.CharField(_("Hash (SHA-256)"), max_length=64)
    created_by = written_by(_("Fixed by"), is_optional=True)
    created_at = written_at(_("Fixed"))

    class Meta:
        verbose_name = _("Version of an action plan")
        verbose_name_plural = _("Versions of action plans")
        ordering = ["plan", "-number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="plan_version_number_once")]

    def __str__(self) -> str:
        return f"{self.plan} {self.number}"


class PlanRelease(WrittenOnce):
    """What the public reads of a plan: the fields released, as they stood; the latest row is shown.

    One with an empty content takes the plan from the public.
    """

    plan = models.ForeignKey(
        ActionPlan, on_delete=models.PROTECT, related_name="releases", verbose_name=_("Action plan")
    )
    number = models.PositiveIntegerField(_("Number"))
    # Names of the released fields; content holds nothing else.
    fields = models.JSONField(_("Released fields"))
    content = models.JSONField(_("Content"))
    note = models.CharField(_("What changed"), max_length=300, blank=True)
    released_by = written_by(_("Released by"))
    released_at = written_at(_("Released"))

    class Meta:
        verbose_name = _("Release of an action plan")
        verbose_name_plural = _("Releases of action plans")
        ordering = ["plan", "-number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="plan_release_number_once")]

    def __str__(self) -> str:
        return f"{self.plan} {self.number}"


class SavedView(models.Model):
    """Filter, order and columns of the list of measures under a name of one's own."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("Person")
    )
    plan = models.ForeignKey(
        ActionPlan, on_delete=models.CASCADE, related_name="saved_views", verbose_name=_("Action plan")
    )
    title = models.CharField(_("Title"), max_length=80)
    # Query of the address, without "?".
    query = models.CharField(_("Filter"), max_length=1000)
    # Others who see the plan may use it too.
    is_shared = models.BooleanField(_("For all who see the plan"), default=False)

    class Meta:
        verbose_name = _("Saved view")
        verbose_name_plural = _("Saved views")
        ordering = ["title"]
        constraints = [
            models.UniqueConstraint(fields=["user", "plan", "title"], name="saved_view_title_once")
        ]

    def __str__(self) -> str:
        return self.title
