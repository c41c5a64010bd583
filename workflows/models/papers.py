"""Papers as they were issued: the file, its check sums, and who received it. Written once."""

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from project.common.formats import grouped
from stakeholders.models import Organisation
from stakeholders.written_once import WrittenOnce
from workflows.models.agreements import TargetAgreement
from workflows.models.cycles import PlanningCycle
from workflows.models.meetings import Decision, Meeting
from workflows.models.recommendations import Recommendation

#: Signs of a SHA-256 in hexadecimal.
HASH_LENGTH = 64
_HASH = RegexValidator(r"\A[0-9a-f]{64}\Z")


class PaperKind(models.TextChoices):
    """What is issued."""

    MINUTES = "minutes", pgettext_lazy("of a meeting", "Minutes")
    EXTRACT = "extract", _("Extract of a decision")
    AGREEMENT = "agreement", _("Target agreement")


class IssuedPaper(WrittenOnce):
    """A paper as it left the house. Never changed: a correction is another one that names it."""

    kind = models.CharField(_("Kind"), max_length=20, choices=PaperKind.choices)
    title = models.CharField(_("Title"), max_length=300)
    # What a paper may say of itself to anybody who holds it: "3/2026", or the day of a meeting.
    reference = models.CharField(_("Number"), max_length=60, blank=True)
    cycle = models.ForeignKey(
        PlanningCycle, on_delete=models.PROTECT, related_name="papers", verbose_name=_("Planning cycle")
    )
    meeting = models.ForeignKey(
        Meeting,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="papers",
        verbose_name=_("Meeting"),
    )
    decision = models.ForeignKey(
        Decision,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="papers",
        verbose_name=_("Decision"),
    )
    recommendation = models.ForeignKey(
        Recommendation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="papers",
        verbose_name=_("Recommendation"),
    )
    agreement = models.ForeignKey(
        TargetAgreement,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="papers",
        verbose_name=_("Target agreement"),
    )
    # Only for members of the body and for planning, such as the folder of a meeting.
    is_internal = models.BooleanField(_("Internal"), default=False)
    file = models.FileField(_("Stored file"), upload_to="papers/%Y/", max_length=300)
    sha256 = models.CharField(
        _("Check sum of the file"), max_length=HASH_LENGTH, unique=True, validators=[_HASH]
    )
    # A file cannot contain its own check sum: this one is of its content, and printed in it.
    content_hash = models.CharField(
        _("Check sum of the content"), max_length=HASH_LENGTH, blank=True, db_index=True, validators=[_HASH]
    )
    page_count = models.PositiveSmallIntegerField(_("Pages"))
    replaces = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="replaced_by",
        verbose_name=_("Replaces"),
    )
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Issued by")
    )
    issued_at = models.DateTimeField(_("Issued"), auto_now_add=True)

    class Meta:
        verbose_name = _("Issued paper")
        verbose_name_plural = _("Issued papers")
        ordering = ["-issued_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(page_count__gte=1), name="issued_paper_has_pages"),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="issued_paper_sha256_is_one"
            ),
            models.CheckConstraint(
                condition=~Q(kind="extract") | Q(decision__isnull=False), name="extract_is_of_a_decision"
            ),
            models.CheckConstraint(
                condition=~Q(kind="agreement") | Q(agreement__isnull=False),
                name="agreement_paper_is_of_an_agreement",
            ),
            models.UniqueConstraint(
                fields=["agreement"], condition=Q(kind="agreement"), name="agreement_issued_once"
            ),
            # A second extract of a decision can only be one that corrects the first.
            models.UniqueConstraint(
                fields=["decision"],
                condition=Q(kind="extract", replaces__isnull=True),
                name="extract_once_per_decision",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """Kind and number: all that may be said to anybody who holds the paper."""
        label = f"{self.get_kind_display()} {self.reference}".strip()
        return _("%(label)s (internal part)") % {"label": label} if self.is_internal else label

    @property
    def printed_hash(self) -> str:
        """The check sum printed in the paper, in groups; that of the file where none is printed."""
        return grouped(self.content_hash or self.sha256)

    @property
    def file_hash(self) -> str:
        """The check sum of the file, in groups."""
        return grouped(self.sha256)


class PaperRecipient(WrittenOnce):
    """An organisation a paper was sent to; its people may read it, whatever else they see."""

    paper = models.ForeignKey(
        IssuedPaper, on_delete=models.PROTECT, related_name="recipients", verbose_name=_("Issued paper")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="papers", verbose_name=_("Organisation")
    )

    class Meta:
        verbose_name = _("Recipient of a paper")
        verbose_name_plural = _("Recipients of papers")
        ordering = ["paper", "organisation__name"]
        constraints = [
            models.UniqueConstraint(fields=["paper", "organisation"], name="recipient_once_per_paper")
        ]

    def __str__(self) -> str:
        return self.organisation.label
