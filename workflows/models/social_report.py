"""The report of the whole analysis (Sozialbericht): chapters renewed one by one, and their editions."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from monitoring.models import Area, Domain, IndexRun, Indicator
from stakeholders.models import Organisation
from stakeholders.written_once import WrittenOnce
from workflows.models.cycles import PlanningCycle


class SocialReport(models.Model):
    """Frame of a territory's report: title, introduction, public address."""

    territory = models.OneToOneField(
        Organisation, on_delete=models.PROTECT, related_name="social_report", verbose_name=_("Territory")
    )
    planning_unit = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="+", verbose_name=_("Social planning unit")
    )
    # Last part of the public address; lasting, because others link to it.
    slug = models.SlugField(_("Public address"), max_length=60, unique=True)
    title = models.CharField(_("Title"), max_length=200)
    introduction = models.TextField(_("Introduction"), blank=True)
    is_example = models.BooleanField(_("Example"), default=False)
    created_at = models.DateTimeField(_("Begun"), auto_now_add=True)

    class Meta:
        verbose_name = _("Social report")
        verbose_name_plural = _("Social reports")
        ordering = ["territory__name"]

    def __str__(self) -> str:
        return self.title


class ChapterKind(models.TextChoices):
    """What a chapter shows beside its text."""

    DOMAIN = "domain", _("Figures of a topic")
    INDEX = "index", _("Index: ranking, map, how sure")
    AREAS = "areas", _("Areas that stand out")
    TEXT = "text", _("Text only")


class ReportChapter(models.Model):
    """A chapter; what is published of it are its editions."""

    report = models.ForeignKey(
        SocialReport, on_delete=models.PROTECT, related_name="chapters", verbose_name=_("Social report")
    )
    position = models.PositiveSmallIntegerField(_("Place"))
    slug = models.SlugField(_("Public address"), max_length=60)
    title = models.CharField(_("Title"), max_length=160)
    kind = models.CharField(pgettext_lazy("of a chapter", "Kind"), max_length=10, choices=ChapterKind.choices)
    domain = models.ForeignKey(
        Domain,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=pgettext_lazy("of indicators", "Domain"),
    )
    # Narrows a topic down; none for all its indicators that have figures.
    indicators: models.ManyToManyField[Indicator, models.Model] = models.ManyToManyField(
        Indicator, blank=True, related_name="+", verbose_name=_("Indicators")
    )
    archived_at = models.DateTimeField(_("Archived"), null=True, blank=True)
    archive_reason = models.TextField(_("Reason"), blank=True)

    class Meta:
        verbose_name = _("Chapter of the social report")
        verbose_name_plural = _("Chapters of the social report")
        ordering = ["report", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["report", "slug"], name="chapter_address_once"),
            models.CheckConstraint(
                condition=Q(kind="domain", domain__isnull=False)
                | (~Q(kind="domain") & Q(domain__isnull=True)),
                name="chapter_of_a_topic_has_it",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["domain", "index", "areas", "text"]), name="chapter_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(archived_at__isnull=True, archive_reason="")
                | (Q(archived_at__isnull=False) & ~Q(archive_reason="")),
                name="chapter_archived_for_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_archived(self) -> bool:
        """Whether it is no longer part of the report."""
        return self.archived_at is not None


class RenewalState(models.TextChoices):
    """Where the work on a new edition stands."""

    WRITING = "writing", _("being written")
    SUBMITTED = "submitted", _("handed in for release")
    RETURNED = "returned", _("returned to be corrected")
    PUBLISHED = "published", _("published")
    GIVEN_UP = "given_up", _("given up")


#: Somebody works on it.
OPEN_RENEWALS = (RenewalState.WRITING, RenewalState.SUBMITTED, RenewalState.RETURNED)


class ChapterRenewal(models.Model):
    """Work on a new edition of a chapter: text and the figures it speaks of."""

    chapter = models.ForeignKey(
        ReportChapter, on_delete=models.PROTECT, related_name="renewals", verbose_name=_("Chapter")
    )
    # The cycle under whose work it is done: its figures, profiles and statements.
    cycle = models.ForeignKey(
        PlanningCycle, on_delete=models.PROTECT, related_name="+", verbose_name=_("Planning cycle")
    )
    state = models.CharField(
        _("State"), max_length=10, choices=RenewalState.choices, default=RenewalState.WRITING
    )
    text = models.TextField(_("Text"), blank=True)
    # Figures as they were handed in, and their hash: what is released is what was read.
    figures = models.JSONField(_("Figures"), default=dict, blank=True)
    figures_sha256 = models.CharField(_("Hash of the figures (SHA-256)"), max_length=64, blank=True)
    return_reason = models.TextField(_("What has to be changed"), blank=True)
    end_reason = models.TextField(_("Why it was given up"), blank=True)
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Begun by")
    )
    begun_at = models.DateTimeField(_("Begun"), auto_now_add=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Written by"),
    )
    saved_at = models.DateTimeField(_("Saved"), null=True, blank=True)

    class Meta:
        verbose_name = _("Renewal of a chapter")
        verbose_name_plural = _("Renewals of chapters")
        ordering = ["-begun_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["chapter"],
                condition=Q(state__in=["writing", "submitted", "returned"]),
                name="renewal_one_open_per_chapter",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["submitted", "published"]) | ~Q(figures_sha256=""),
                name="renewal_handed_in_with_figures",
            ),
            models.CheckConstraint(
                condition=Q(state="given_up") ^ Q(end_reason=""), name="renewal_given_up_for_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.chapter.title

    @property
    def is_open(self) -> bool:
        """Whether somebody works on it."""
        return self.state in OPEN_RENEWALS


class ChapterEdition(WrittenOnce):
    """What was published of a chapter, on a day, with its figures. A correction is a new edition."""

    chapter = models.ForeignKey(
        ReportChapter, on_delete=models.PROTECT, related_name="editions", verbose_name=_("Chapter")
    )
    number = models.PositiveSmallIntegerField(_("Number"))
    renewal = models.OneToOneField(
        ChapterRenewal, on_delete=models.PROTECT, related_name="edition", verbose_name=_("Renewal")
    )
    title = models.CharField(_("Title"), max_length=160)
    text = models.TextField(_("Text"))
    # All that map, charts and tables need, as anybody may see it (``workflows.chapters``).
    figures = models.JSONField(_("Figures"))
    figures_sha256 = models.CharField(_("Hash of the figures (SHA-256)"), max_length=64)
    run = models.ForeignKey(
        IndexRun,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Index run"),
    )
    # What newer deliveries are looked for by; the figures themselves stand in ``figures``.
    indicators: models.ManyToManyField[Indicator, models.Model] = models.ManyToManyField(
        Indicator, blank=True, related_name="+", verbose_name=_("Indicators")
    )
    # When the latest of its figures came into force, or the index was computed.
    data_at = models.DateTimeField(_("Data as of"))
    published_on = models.DateField(_("Published on"))
    published_at = models.DateTimeField(_("Published"), auto_now_add=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Written by")
    )
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Released by")
    )

    class Meta:
        verbose_name = _("Edition of a chapter")
        verbose_name_plural = _("Editions of chapters")
        ordering = ["chapter", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["chapter", "number"], name="edition_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="edition_number_from_one"),
            models.CheckConstraint(
                condition=~Q(written_by=F("released_by")), name="edition_written_and_released_by_two"
            ),
        ]

    def __str__(self) -> str:
        return _("%(title)s, edition %(number)s") % {"title": self.title, "number": self.number}


class EditionWithdrawal(WrittenOnce):
    """A published edition was taken from the public, and why. It stays in the history."""

    edition = models.OneToOneField(
        ChapterEdition, on_delete=models.PROTECT, related_name="withdrawal", verbose_name=_("Edition")
    )
    reason = models.TextField(_("Reason"))
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Withdrawn by")
    )
    withdrawn_at = models.DateTimeField(_("Withdrawn"), auto_now_add=True)

    class Meta:
        verbose_name = _("Withdrawal of an edition")
        verbose_name_plural = _("Withdrawals of editions")
        ordering = ["-withdrawn_at"]

    def __str__(self) -> str:
        return str(self.edition)


class ReportSecret(WrittenOnce):
    """A figure that no edition shows, or one edition shows no longer: beside others it would tell a secret.

    Found when an edition is published and when a delivery comes into force; kept for good, because what was
    published once is known (docs/decisions/0025-social-report.md).
    """

    report = models.ForeignKey(
        SocialReport, on_delete=models.PROTECT, related_name="secrets", verbose_name=_("Social report")
    )
    indicator = models.ForeignKey(
        Indicator, on_delete=models.PROTECT, related_name="+", verbose_name=_("Indicator")
    )
    year = models.PositiveSmallIntegerField(_("Year"))
    # None for the mean of the areas.
    area = models.ForeignKey(
        Area, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("Area")
    )
    # None for every edition.
    edition = models.ForeignKey(
        ChapterEdition,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="secrets",
        verbose_name=_("Edition"),
    )
    found_at = models.DateTimeField(_("Found"), auto_now_add=True)

    class Meta:
        verbose_name = _("Figure kept secret in the social report")
        verbose_name_plural = _("Figures kept secret in the social report")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["report", "indicator", "year", "area"],
                condition=Q(edition__isnull=True, area__isnull=False),
                name="secret_figure_once",
            ),
            models.UniqueConstraint(
                fields=["edition", "indicator", "year", "area"],
                condition=Q(edition__isnull=False, area__isnull=False),
                name="secret_figure_once_per_edition",
            ),
            models.UniqueConstraint(
                fields=["report", "indicator", "year"],
                condition=Q(edition__isnull=True, area__isnull=True),
                name="secret_mean_once",
            ),
            models.UniqueConstraint(
                fields=["edition", "indicator", "year"],
                condition=Q(edition__isnull=False, area__isnull=True),
                name="secret_mean_once_per_edition",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator.key} {self.year}"
