"""Target agreements (Zielvereinbarungen): worded, asked, confirmed party by party, reviewed."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from measures.models import Measure
from stakeholders.models import Organisation
from stakeholders.written_once import WrittenOnce


class ReviewHolder(models.TextChoices):
    """Who holds the reviews of an agreement."""

    PLANNING = "planning", _("the social planning unit")
    RESPONSIBLE = "responsible", _("the responsible organisation")


class AgreementWording(models.Model):
    """What a target agreement says, beside commitments and targets."""

    subject = models.TextField(_("Subject"))
    preamble = models.TextField(_("Preamble"), blank=True)
    resources = models.TextField(_("Resources"), blank=True)
    starts_on = models.DateField(_("In force from"))
    ends_on = models.DateField(_("In force until"))
    deviation_rule = models.TextField(_("What happens on deviation"))
    review_holder = models.CharField(
        _("Who holds the reviews"),
        max_length=12,
        choices=ReviewHolder.choices,
        default=ReviewHolder.PLANNING,
    )
    # Why an agreement in force shall change; empty for one that is agreed for the first time.
    change_reason = models.TextField(_("Reason for the change"), blank=True)

    class Meta:
        abstract = True


class AgreementDraft(AgreementWording):
    """The next version of an agreement while planning words it; gone as soon as the parties are asked."""

    measure = models.OneToOneField(
        Measure, on_delete=models.PROTECT, related_name="agreement_draft", verbose_name=_("Measure")
    )
    # Key of the organisation as text -> what it commits itself to.
    commitments = models.JSONField(_("Commitments"), default=dict)
    # Days in ISO form.
    review_days = models.JSONField(_("Days of review"), default=list)
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Drafted by")
    )
    drafted_at = models.DateTimeField(_("Drafted"), auto_now=True)

    class Meta:
        verbose_name = _("Draft of a target agreement")
        verbose_name_plural = _("Drafts of target agreements")
        ordering = ["measure"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="agreement_draft_ends_after_start"
            )
        ]

    def __str__(self) -> str:
        return str(self.measure)


class TargetAgreement(AgreementWording, WrittenOnce):
    """A version of an agreement, frozen when its parties are asked. Its state follows from their answers."""

    measure = models.ForeignKey(
        Measure, on_delete=models.PROTECT, related_name="agreements", verbose_name=_("Measure")
    )
    # That of the round in which its parties are asked.
    version = models.PositiveSmallIntegerField(_("Version"))
    # Asked for while an earlier version is in force: until all confirm it that one holds.
    is_amendment = models.BooleanField(_("Amendment"), default=False)
    # What the measure was called when the parties were asked; it may be renamed or renumbered later.
    measure_number = models.CharField(_("Number of the measure"), max_length=30)
    measure_title = models.CharField(_("Title of the measure"), max_length=200)
    field_title = models.CharField(_("Field of action"), max_length=220)
    # None where nobody worded it: it follows from the measure.
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("Drafted by"),
    )
    asked_at = models.DateTimeField(_("Parties asked"), auto_now_add=True)

    class Meta:
        verbose_name = _("Target agreement")
        verbose_name_plural = _("Target agreements")
        ordering = ["measure", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["measure", "version"], name="agreement_version_once"),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="agreement_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(is_amendment=False) | ~Q(change_reason=""), name="amendment_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure_name} ({self.version})"

    @property
    def reference(self) -> str:
        """File reference, ``ZV 4.2/1``."""
        return f"ZV {self.measure_number}/{self.version}"

    @property
    def measure_name(self) -> str:
        """Number and title of the measure as they were."""
        return f"{self.measure_number} {self.measure_title}"


class AgreementCommitment(WrittenOnce):
    """What a party commits itself to."""

    agreement = models.ForeignKey(
        TargetAgreement,
        on_delete=models.PROTECT,
        related_name="commitments",
        verbose_name=_("Target agreement"),
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="commitments", verbose_name=_("Party")
    )
    # As it was called when it was asked.
    party_name = models.CharField(_("Name of the party"), max_length=200)
    position = models.PositiveSmallIntegerField(_("Position"))
    text = models.TextField(_("Commitment"), blank=True)

    class Meta:
        verbose_name = _("Commitment of a party")
        verbose_name_plural = _("Commitments of parties")
        ordering = ["agreement", "position"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "organisation"], name="commitment_once_per_party")
        ]

    def __str__(self) -> str:
        return f"{self.party_name}: {self.text}"


class AgreementTarget(WrittenOnce):
    """A target as it stood when the parties were asked; what becomes of the key figure does not change it."""

    agreement = models.ForeignKey(
        TargetAgreement, on_delete=models.PROTECT, related_name="targets", verbose_name=_("Target agreement")
    )
    position = models.PositiveSmallIntegerField(_("Position"))
    title = models.CharField(_("Key figure"), max_length=200)
    unit = models.CharField(_("Unit"), max_length=40, blank=True)
    baseline = models.DecimalField(_("Baseline"), max_digits=14, decimal_places=2)
    baseline_on = models.DateField(_("Day of the baseline"))
    due_on = models.DateField(_("By"))
    value = models.DecimalField(_("Target"), max_digits=14, decimal_places=2)
    # What a judgement in steps is about on that day.
    wording = models.CharField(_("What shall be reached"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("Agreed target")
        verbose_name_plural = _("Agreed targets")
        ordering = ["agreement", "position"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "position"], name="agreed_target_position_once")
        ]

    def __str__(self) -> str:
        return f"{self.title}: {self.value}"


class AgreementReviewDate(WrittenOnce):
    """A day on which the parties look at what was agreed."""

    agreement = models.ForeignKey(
        TargetAgreement,
        on_delete=models.PROTECT,
        related_name="review_dates",
        verbose_name=_("Target agreement"),
    )
    due_on = models.DateField(_("Due"))

    class Meta:
        verbose_name = _("Day of review")
        verbose_name_plural = _("Days of review")
        ordering = ["agreement", "due_on"]
        constraints = [models.UniqueConstraint(fields=["agreement", "due_on"], name="review_day_once")]

    def __str__(self) -> str:
        return f"{self.agreement}: {self.due_on:%d.%m.%Y}"


class ReviewState(models.TextChoices):
    """Where a review stands; moved by its flow only."""

    WAITING = "waiting", _("to be held")
    HELD = "held", _("held")
    CALLED_OFF = "called_off", _("no longer needed")


class ReviewResult(models.TextChoices):
    """What a review found."""

    ON_COURSE = "on_course", _("on course")
    DEVIATION = "deviation", _("deviation")


class AgreementReview(models.Model):
    """A review to be held, or held."""

    agreement = models.ForeignKey(
        TargetAgreement, on_delete=models.PROTECT, related_name="reviews", verbose_name=_("Target agreement")
    )
    due_on = models.DateField(_("Due"))
    state = models.CharField(
        _("State"), max_length=10, choices=ReviewState.choices, default=ReviewState.WAITING
    )
    held_on = models.DateField(_("Held on"), null=True, blank=True)
    looked_at = models.TextField(_("What was looked at"), blank=True)
    result = models.CharField(_("Result"), max_length=10, choices=ReviewResult.choices, blank=True)
    consequence = models.TextField(_("What follows"), blank=True)
    next_on = models.DateField(_("Next review"), null=True, blank=True)
    held_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Held by"),
    )

    class Meta:
        verbose_name = _("Review of a target agreement")
        verbose_name_plural = _("Reviews of target agreements")
        ordering = ["agreement", "-due_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement"], condition=Q(state="waiting"), name="one_review_waits_per_agreement"
            ),
            models.CheckConstraint(
                condition=~Q(state="held") | (Q(held_on__isnull=False) & ~Q(result="")),
                name="held_review_has_result",
            ),
            models.CheckConstraint(
                condition=~Q(result="deviation") | ~Q(consequence=""), name="deviation_has_consequence"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement.measure}, {self.due_on:%d.%m.%Y}"
