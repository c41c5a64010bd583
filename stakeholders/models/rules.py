"""Rules of procedure (Geschäftsordnung) of bodies, in versions: each counts from a day on."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from stakeholders.models.bodies import Body
from stakeholders.models.organisations import OrganisationKind
from stakeholders.procedure import GroupRule, Majority, Tie, VotingRules

MAX_NOTICE_DAYS = 90
_SHARE = [MinValueValidator(0), MaxValueValidator(1)]


class RulesOfProcedure(models.Model):
    """How a body decides from a day on. Never changed: a change is another version with its own day."""

    body = models.ForeignKey(Body, on_delete=models.PROTECT, related_name="rules", verbose_name=_("Body"))
    valid_from = models.DateField(_("In force from"))
    # Share of the voting members that must be there before anything is decided (0..1).
    quorum_share = models.DecimalField(
        _("Quorum (share of voting members)"),
        max_digits=3,
        decimal_places=2,
        default=Decimal("0.50"),
        validators=_SHARE,
    )
    majority = models.CharField(
        _("Majority"), max_length=15, choices=Majority.choices, default=Majority.SIMPLE
    )
    tie = models.CharField(_("Tie"), max_length=10, choices=Tie.choices, default=Tie.FAILS)
    allows_circulated = models.BooleanField(_("Circulated decisions"), default=False)
    allows_secret = models.BooleanField(_("Secret ballots"), default=False)
    notice_days = models.PositiveSmallIntegerField(
        _("Notice period in days"), default=0, validators=[MaxValueValidator(MAX_NOTICE_DAYS)]
    )
    source = models.CharField(_("Where it is laid down"), max_length=300, blank=True)
    reason = models.CharField(_("Reason"), max_length=500, blank=True)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("Entered by"),
    )
    entered_at = models.DateTimeField(_("Entered"), auto_now_add=True)

    class Meta:
        verbose_name = _("Rules of procedure")
        verbose_name_plural = _("Rules of procedure")
        ordering = ["body", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["body", "valid_from"], name="rules_once_per_day"),
            models.CheckConstraint(
                condition=Q(quorum_share__gte=0) & Q(quorum_share__lte=1), name="rules_quorum_is_share"
            ),
            models.CheckConstraint(condition=Q(majority__in=Majority.values), name="rules_majority_known"),
            models.CheckConstraint(condition=Q(tie__in=Tie.values), name="rules_tie_known"),
            models.CheckConstraint(
                condition=Q(tie=Tie.FAILS) | Q(majority=Majority.SIMPLE),
                name="rules_chair_breaks_simple_ties",
            ),
            models.CheckConstraint(
                condition=Q(notice_days__lte=MAX_NOTICE_DAYS), name="rules_notice_within_limit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.body.name}, {self.valid_from:%d.%m.%Y}"

    def voting_rules(self) -> VotingRules:
        """What counts when ballots are counted. Queries: 1, none with ``group_quorums`` prefetched."""
        return VotingRules(
            body_id=self.body_id,
            quorum_share=self.quorum_share,
            groups=tuple(row.as_rule() for row in self.group_quorums.all()),
            majority=Majority(self.majority),
            tie=Tie(self.tie),
        )


class GroupQuorum(models.Model):
    """A group of which members must be there besides the quorum of the whole body."""

    rules = models.ForeignKey(
        RulesOfProcedure,
        on_delete=models.CASCADE,
        related_name="group_quorums",
        verbose_name=_("Rules of procedure"),
    )
    kind = models.CharField(_("Group"), max_length=20, choices=OrganisationKind.choices)
    least_count = models.PositiveSmallIntegerField(
        _("At least"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    least_share = models.DecimalField(
        _("At least this share"),
        max_digits=3,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(1)],
    )

    class Meta:
        verbose_name = _("Quorum of a group")
        verbose_name_plural = _("Quorums of groups")
        ordering = ["rules", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["rules", "kind"], name="group_quorum_once_per_kind"),
            models.CheckConstraint(
                # Said in full: an unknown result passes a constraint.
                condition=Q(least_count__isnull=False, least_count__gte=1, least_share__isnull=True)
                | Q(
                    least_count__isnull=True,
                    least_share__isnull=False,
                    least_share__gt=0,
                    least_share__lte=1,
                ),
                name="group_quorum_is_count_or_share",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()

    def as_rule(self) -> GroupRule:
        """Plain numbers for the count."""
        return GroupRule(kind=self.kind, count=self.least_count, share=self.least_share)
