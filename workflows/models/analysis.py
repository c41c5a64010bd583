"""Area profiles and what experts say of an area."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from monitoring.models import Area, Domain, Indicator
from stakeholders.models import Organisation, OrganisationKind
from workflows.models.cycles import PlanningCycle


class AreaProfile(models.Model):
    """Profile (Steckbrief) of an area chosen in a cycle."""

    cycle = models.ForeignKey(
        PlanningCycle, on_delete=models.PROTECT, related_name="profiles", verbose_name=_("Planning cycle")
    )
    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="profiles", verbose_name=_("Area"))
    strengths = models.TextField(_("Strengths"), blank=True)
    weaknesses = models.TextField(_("Weaknesses"), blank=True)
    potentials = models.TextField(_("Potentials"), blank=True)
    # Why planning chose an area that does not stand out by the index (or kept it in).
    choice_reason = models.CharField(_("Why this area"), max_length=250, blank=True)
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Edited by"),
    )
    edited_at = models.DateTimeField(_("Edited"), null=True, blank=True)
    released_at = models.DateTimeField(_("Released"), null=True, blank=True)

    class Meta:
        verbose_name = _("Area profile")
        verbose_name_plural = _("Area profiles")
        ordering = ["cycle", "area__name"]
        constraints = [models.UniqueConstraint(fields=["cycle", "area"], name="profile_once_per_cycle")]

    def __str__(self) -> str:
        return self.area.name


class Position(models.TextChoices):
    """How a statement relates to the figures."""

    AGREES = "agrees", _("agrees")
    CONTRADICTS = "contradicts", _("contradicts")
    EXPLAINS = "explains", _("explains")
    UNSEEN_NEED = "unseen_need", _("sees a need the figures do not show")


class Confidence(models.TextChoices):
    """How sure somebody is of a statement; what each word takes stands beside the choice."""

    SURE = "sure", _("sure")
    LIKELY = "likely", _("likely")
    GUESS = "guess", _("a guess")


#: What has to be true before somebody may choose the word: shown where it is chosen.
CONFIDENCE_TAKES = {
    Confidence.SURE: _(
        "You can name counts, records or own observations of the last twelve months that show it."
    ),
    Confidence.LIKELY: _(
        "Several people see it the same way again and again, but nobody has counted or recorded it."
    ),
    Confidence.GUESS: _(
        "A single observation, hearsay or a conclusion of your own; it has to be checked before "
        "something rests on it."
    ),
}


class SourceGroup(models.TextChoices):
    """Where knowledge comes from, as published outputs say it."""

    ADMINISTRATION = "administration", _("Administration and Jobcenter")
    PROVIDERS = "providers", _("Providers and associations")
    RESIDENTS = "residents", _("Residents")
    SCHOOL = "school", _("School and childcare")
    HEALTH = "health", _("Health care")
    ORDER = "order", _("Police and public order")
    POLITICS = "politics", _("Politics")
    OTHER = "other", _("Other sources")


_PROVIDER_KINDS = frozenset({OrganisationKind.ASSOCIATION, OrganisationKind.PROVIDER})
_OTHER_KINDS = frozenset({OrganisationKind.FUNDER, OrganisationKind.ADVISER})


def source_group_of(organisation: Organisation) -> SourceGroup:
    """The group an organisation belongs to if nobody says where its knowledge comes from."""
    if organisation.kind in _PROVIDER_KINDS:
        return SourceGroup.PROVIDERS
    return SourceGroup.OTHER if organisation.kind in _OTHER_KINDS else SourceGroup.ADMINISTRATION


class Statement(models.Model):
    """Expert knowledge on an area: data beside the index, never instead of it."""

    cycle = models.ForeignKey(
        PlanningCycle, on_delete=models.PROTECT, related_name="statements", verbose_name=_("Planning cycle")
    )
    area = models.ForeignKey(
        Area, on_delete=models.PROTECT, related_name="statements", verbose_name=_("Area")
    )
    indicator = models.ForeignKey(
        Indicator,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="statements",
        verbose_name=_("Indicator"),
    )
    domain = models.ForeignKey(
        Domain,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="statements",
        verbose_name=_("Topic"),
    )
    position = models.CharField(_("Position"), max_length=15, choices=Position.choices)
    text = models.TextField(_("Statement"))
    # Empty in statements older than the question: nobody said how sure they were.
    confidence = models.CharField(_("How sure"), max_length=10, choices=Confidence.choices, blank=True)
    # Published outputs name source group and organisation, never the person.
    source_group = models.CharField(_("Source group"), max_length=15, choices=SourceGroup.choices)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="statements", verbose_name=_("Organisation")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Entered by")
    )
    created_at = models.DateTimeField(_("Entered"), auto_now_add=True)

    class Meta:
        verbose_name = _("Statement")
        verbose_name_plural = _("Statements")
        ordering = ["area__name", "created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(source_group__in=[group.value for group in SourceGroup]),
                name="statement_source_group_known",
            ),
            models.CheckConstraint(
                condition=models.Q(confidence__in=["", *(word.value for word in Confidence)]),
                name="statement_confidence_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organisation.label} {self.get_position_display()}"

    @property
    def source_words(self) -> str:
        """Who says it: the organisation and the group the knowledge comes from, never a person."""
        return f"{self.organisation.label} ({self.get_source_group_display()})"


class Contribution(models.Model):
    """An organisation is asked for its statements before the planning conference."""

    cycle = models.ForeignKey(
        PlanningCycle,
        on_delete=models.PROTECT,
        related_name="contributions",
        verbose_name=_("Planning cycle"),
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="contributions", verbose_name=_("Organisation")
    )
    due_on = models.DateField(_("Due"))
    finished_at = models.DateTimeField(_("Finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("Contribution")
        verbose_name_plural = _("Contributions")
        ordering = ["cycle", "organisation__name"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "organisation"], name="contribution_once_per_cycle")
        ]

    def __str__(self) -> str:
        return f"{self.organisation.label}, {self.cycle.title}"
