"""Co-signing (Mitzeichnung): who sees a recommendation before the conference adopts it, and the answers."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from stakeholders.models import Organisation
from stakeholders.written_once import WrittenOnce
from workflows.models.recommendations import Recommendation, RecommendationVersion


class CosignOrder(models.TextChoices):
    """Whether the organisations are asked one after the other or together."""

    PARALLEL = "parallel", _("all at once")
    SEQUENCE = "sequence", _("one after the other, in this order")


class CosignState(models.TextChoices):
    """Where the question to one organisation stands; moved by its flow only."""

    WAITING = "waiting", _("not asked yet")
    ASKED = "asked", _("asked")
    ANSWERED = "answered", _("answered")
    SILENT = "silent", _("has not answered")
    CALLED_OFF = "called_off", pgettext_lazy("of a co-signing", "called off")


#: Somebody still waits for these.
OPEN_COSIGN_STATES = (CosignState.WAITING, CosignState.ASKED)


class CosignVerdict(models.TextChoices):
    """What an organisation says."""

    COSIGNED = "cosigned", _("co-signed")
    COMMENTED = "commented", _("co-signed with a comment")
    DISSENT = "dissent", _("dissent")


class Cosigning(models.Model):
    """One round of co-signing; planned first, begun with the version that is put before the conference."""

    recommendation = models.ForeignKey(
        Recommendation,
        on_delete=models.PROTECT,
        related_name="cosignings",
        verbose_name=_("Recommendation"),
    )
    # Set when it begins: the answers are given on this wording, whatever is written later.
    version = models.ForeignKey(
        RecommendationVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cosignings",
        verbose_name=_("Version"),
    )
    order = models.CharField(
        _("Order"), max_length=10, choices=CosignOrder.choices, default=CosignOrder.PARALLEL
    )
    due_on = models.DateField(_("Answers until"))
    note = models.TextField(_("Note to those who are asked"), blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Asked for by")
    )
    created_at = models.DateTimeField(_("Planned"), auto_now_add=True)
    started_at = models.DateTimeField(_("Begun"), null=True, blank=True)
    ended_at = models.DateTimeField(_("Ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("Co-signing")
        verbose_name_plural = _("Co-signings")
        ordering = ["recommendation", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["recommendation"],
                condition=Q(ended_at__isnull=True),
                name="one_open_cosigning_per_recommendation",
            ),
            models.CheckConstraint(
                condition=Q(started_at__isnull=True, version__isnull=True)
                | Q(started_at__isnull=False, version__isnull=False),
                name="cosigning_begun_names_its_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recommendation.reference} ({self.get_order_display()})"

    @property
    def is_planned(self) -> bool:
        """Whether nobody has been asked yet."""
        return self.started_at is None and self.ended_at is None


class CosignRequest(models.Model):
    """One organisation that is to co-sign."""

    cosigning = models.ForeignKey(
        Cosigning, on_delete=models.CASCADE, related_name="requests", verbose_name=_("Co-signing")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name=_("Organisation")
    )
    position = models.PositiveSmallIntegerField(_("Position"))
    state = models.CharField(
        _("State"), max_length=10, choices=CosignState.choices, default=CosignState.WAITING
    )
    due_on = models.DateField(_("Answer until"), null=True, blank=True)
    asked_at = models.DateTimeField(_("Asked"), null=True, blank=True)
    ended_at = models.DateTimeField(_("Ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("Request to co-sign")
        verbose_name_plural = _("Requests to co-sign")
        ordering = ["cosigning", "position"]
        constraints = [
            models.UniqueConstraint(fields=["cosigning", "organisation"], name="cosigner_asked_once"),
            models.UniqueConstraint(fields=["cosigning", "position"], name="cosign_position_once"),
        ]

    def __str__(self) -> str:
        version = self.cosigning.version
        reference = self.cosigning.recommendation.reference
        return f"{reference} {version.title}" if version else reference

    @property
    def outcome(self) -> str:
        """The answer, or where the question stands as long as there is none."""
        answer = getattr(self, "answer", None)
        return str(answer.verdict if answer is not None else self.state)


class CosignAnswer(WrittenOnce):
    """What an organisation answered. Never changed; a new version may be shown to it anew."""

    request = models.OneToOneField(
        CosignRequest, on_delete=models.PROTECT, related_name="answer", verbose_name=_("Request to co-sign")
    )
    verdict = models.CharField(_("Answer"), max_length=10, choices=CosignVerdict.choices)
    comment = models.TextField(_("Comment"), blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Answered by")
    )
    answered_at = models.DateTimeField(_("Answered"), auto_now_add=True)

    class Meta:
        verbose_name = _("Answer of a co-signer")
        verbose_name_plural = _("Answers of co-signers")
        ordering = ["request"]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict="cosigned") | ~Q(comment=""), name="cosign_comment_is_written"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request}: {self.get_verdict_display()}"
