"""Organisations of every kind as a tree, and who belongs to them in which function."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class OrganisationKind(models.TextChoices):
    """What an organisation is; decides which memberships and rights make sense."""

    DISTRICT = "district", _("District")
    MUNICIPALITY = "municipality", _("Municipality")
    PLANNING_UNIT = "planning_unit", _("Social planning unit")
    DEPARTMENT = "department", _("Department")
    STATISTICS_OFFICE = "statistics_office", _("Statistics office")
    JOBCENTER = "jobcenter", _("Jobcenter")
    ASSOCIATION = "association", _("Welfare association")
    PROVIDER = "provider", _("Provider")
    FUNDER = "funder", _("Funder")
    ADVISER = "adviser", _("Adviser of the funder")


#: A territory plans: it owns cycles, areas, bodies and everything that follows from them.
TERRITORY_KINDS = (OrganisationKind.DISTRICT, OrganisationKind.MUNICIPALITY)
#: These work for several territories and belong to none.
SUPRAREGIONAL_KINDS = (OrganisationKind.FUNDER, OrganisationKind.ADVISER)


class Organisation(models.Model):
    """A body corporate, a department of one, or an association with its members."""

    name = models.CharField(_("Name"), max_length=200)
    short_name = models.CharField(_("Short name"), max_length=60, blank=True)
    kind = models.CharField(_("Kind"), max_length=20, choices=OrganisationKind.choices)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("Part of"),
    )
    # The planning authority this organisation works with: the root of the tenant. A territory is its own.
    territory = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="organisations",
        verbose_name=_("Territory"),
    )
    ags = models.CharField(_("Official key (AGS)"), max_length=8, blank=True)
    email = models.EmailField(_("E-mail of the office"), blank=True)
    is_active = models.BooleanField(_("Active"), default=True)

    class Meta:
        verbose_name = _("Organisation")
        verbose_name_plural = _("Organisations")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in OrganisationKind]),
                name="organisation_kind_known",
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="organisation_not_own_parent"),
            models.UniqueConstraint(
                fields=["territory", "name"], name="organisation_name_once_per_territory"
            ),
        ]
        permissions = [
            ("view_territory", "See what belongs to the territory"),
            ("plan_territory", "Carry the planning cycle of the territory"),
            ("administer_territory", "Manage organisations and people of the territory"),
            ("view_audit_log", "Read the audit log of the territory"),
            ("view_raw_figures", "See figures without statistical secrecy"),
            ("manage_catalogue", "Change the catalogue of indicators and the areas of the territory"),
            ("act_for_organisation", "Take on tasks of the organisation"),
            ("lead_organisation", "Sign for the organisation and hand tasks over"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def label(self) -> str:
        """Short name where there is one, for tables."""
        return self.short_name or self.name

    @property
    def scope(self) -> Organisation:
        """Whose administrators and whose audit log this belongs to.

        That is its territory; funders and advisers work for several territories and are their own.
        """
        return self.territory or self

    @property
    def is_territory(self) -> bool:
        """Whether this organisation plans for itself."""
        return self.territory_id is not None and self.territory_id == self.pk

    def clean(self) -> None:
        """Refuse a parent of another territory and circles."""
        seen = {self.pk}
        parent = self.parent
        while parent is not None:
            if parent.pk in seen and parent.pk is not None:
                raise ValidationError({"parent": _("An organisation cannot be part of itself.")})
            seen.add(parent.pk)
            if self.territory_id and parent.territory_id and parent.territory_id != self.territory_id:
                raise ValidationError({"parent": _("The organisation above belongs to another territory.")})
            parent = parent.parent


class Function(models.TextChoices):
    """What a person does in an organisation."""

    HEAD = "head", _("Head")
    DEPUTY = "deputy", _("Deputy head")
    PLANNER = "planner", _("Specialist planner")
    MEMBER = "member", _("Member")
    ADMINISTRATOR = "administrator", _("Administrator")


class PeriodQuerySet(models.QuerySet["Membership"]):
    """Rows with ``starts_on`` and ``ends_on``."""

    def on(self, day: datetime.date) -> PeriodQuerySet:
        """Rows in force on a day, first and last day included."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day), starts_on__lte=day)


class Membership(models.Model):
    """A person works in an organisation in a function from a day on, until a day."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="memberships",
        verbose_name=_("Person"),
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("Organisation")
    )
    function = models.CharField(_("Function"), max_length=15, choices=Function.choices)
    starts_on = models.DateField(_("From"))
    ends_on = models.DateField(_("Until"), null=True, blank=True)

    objects = PeriodQuerySet.as_manager()

    class Meta:
        verbose_name = _("Membership")
        verbose_name_plural = _("Memberships")
        ordering = ["organisation__name", "function", "user__display_name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="membership_ends_after_start",
            ),
            models.UniqueConstraint(
                fields=["user", "organisation", "function"],
                condition=Q(ends_on__isnull=True),
                name="membership_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_function_display()}, {self.organisation}"
