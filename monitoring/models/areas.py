"""Small areas with their official keys, validity and geometry."""

from __future__ import annotations

import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from stakeholders.models import Organisation


class AreaKind(models.TextChoices):
    """Level of an area."""

    STATE = "state", pgettext_lazy("level of an area", "State")
    DISTRICT = "district", _("District")
    MUNICIPALITY = "municipality", _("Municipality")
    SMALL_AREA = "small_area", _("Small area")


class AreaQuerySet(models.QuerySet["Area"]):
    """Areas by territory and day."""

    def valid_on(self, day: datetime.date) -> AreaQuerySet:
        """Areas that exist on a day."""
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=day),
            Q(valid_until__isnull=True) | Q(valid_until__gte=day),
        )


class Area(models.Model):
    """A piece of the territory that figures refer to (Wohnplatz, Stadtteil, municipality)."""

    territory = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="areas", verbose_name=_("Territory")
    )
    key = models.CharField(_("Area key"), max_length=20)
    name = models.CharField(_("Name"), max_length=120)
    kind = models.CharField(_("Level"), max_length=20, choices=AreaKind.choices)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("Part of"),
    )
    valid_from = models.DateField(_("Valid from"), null=True, blank=True)
    valid_until = models.DateField(_("Valid until"), null=True, blank=True)
    population = models.PositiveIntegerField(_("Inhabitants"), null=True, blank=True)
    # GeoJSON geometry (Polygon or MultiPolygon), WGS 84 longitude/latitude in degrees.
    geometry = models.JSONField(_("Geometry"), null=True, blank=True)
    geometry_source = models.CharField(_("Source of the geometry"), max_length=200, blank=True)
    is_example = models.BooleanField(_("Example"), default=False)

    objects = AreaQuerySet.as_manager()

    class Meta:
        verbose_name = _("Area")
        verbose_name_plural = _("Areas")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["territory", "key"],
                condition=Q(valid_until__isnull=True),
                name="area_key_once_per_territory",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True)
                | Q(valid_until__isnull=True)
                | Q(valid_until__gte=F("valid_from")),
                name="area_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AreaMap(models.Model):
    """Boundaries of the areas of one map, projected and simplified, and which of them touch.

    Made from the geometries alone and found by their hash: a changed boundary makes a new row, and no process
    has to simplify again what another one did.
    """

    digest = models.CharField(_("Hash of the boundaries"), max_length=64, unique=True)
    # As ``monitoring.shapes.MapShapes``: width, height, rings and centres by primary key of the area.
    shapes = models.JSONField(_("Shapes"))
    # Primary keys of the areas that touch, by primary key.
    neighbours = models.JSONField(_("Neighbours"))
    created_at = models.DateTimeField(_("Made"), auto_now_add=True)

    class Meta:
        verbose_name = _("Map of areas")
        verbose_name_plural = _("Maps of areas")
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.digest


class AreaPopulation(models.Model):
    """Inhabitants of an area at the end of a year."""

    area = models.ForeignKey(
        Area, on_delete=models.CASCADE, related_name="populations", verbose_name=_("Area")
    )
    year = models.PositiveSmallIntegerField(_("Year"))
    count = models.PositiveIntegerField(_("Inhabitants"))
    source = models.CharField(_("Source"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("Inhabitants of a year")
        verbose_name_plural = _("Inhabitants of a year")
        ordering = ["area", "year"]
        constraints = [
            models.UniqueConstraint(fields=["area", "year"], name="population_once_per_year"),
            models.CheckConstraint(
                condition=Q(year__gte=1900) & Q(year__lte=2100), name="population_year_plausible"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.area} {self.year}: {self.count}"


class AreaSuccession(models.Model):
    """What share of an area's inhabitants went to another when borders changed."""

    old = models.ForeignKey(
        Area, on_delete=models.PROTECT, related_name="successions", verbose_name=_("Former area")
    )
    new = models.ForeignKey(
        Area, on_delete=models.PROTECT, related_name="predecessions", verbose_name=_("New area")
    )
    # First day of the new borders.
    changed_on = models.DateField(_("Borders changed on"))
    share = models.DecimalField(_("Share of the inhabitants"), max_digits=5, decimal_places=4)
    source = models.CharField(_("Source"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("Change of borders")
        verbose_name_plural = _("Changes of borders")
        ordering = ["-changed_on", "old__name", "new__name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["old", "new", "changed_on"], name="succession_once"),
            models.CheckConstraint(condition=Q(share__gt=0) & Q(share__lte=1), name="succession_share_range"),
            models.CheckConstraint(condition=~Q(old=F("new")), name="succession_of_two_areas"),
        ]

    def __str__(self) -> str:
        return f"{self.old} → {self.new}"
