"""Rules of procedure of a body."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from project.common.formats import share_de
from project.forms import GermanDecimalField, GermanIntegerField
from stakeholders.forms.fields import TodayForm
from stakeholders.models import BodyMembership, OrganisationKind, RulesOfProcedure
from stakeholders.models.rules import MAX_NOTICE_DAYS
from stakeholders.procedure import GroupRule, Majority, Tie, VotingRules

_PERCENT = 100
_GROUP_TEXT = re.compile(r"(?P<number>\d{1,3})\s*(?P<percent>%)?")


class GroupQuorumField(forms.CharField):
    """How many of a group must be there: "2", "50 %", or nothing."""

    default_error_messages = {"invalid": _("Enter a number such as 2 or a share such as 50 %.")}

    def __init__(self, *, kind: str, **kwargs: Any) -> None:
        self.kind = kind
        super().__init__(required=False, max_length=6, **kwargs)

    def clean(self, value: Any) -> GroupRule | None:
        text = super().clean(value)
        if not text:
            return None
        found = _GROUP_TEXT.fullmatch(text)
        number = int(found["number"]) if found else 0
        if found is None or not number or (found["percent"] and number > _PERCENT):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if found["percent"]:
            return GroupRule(self.kind, share=Decimal(number) / _PERCENT)
        return GroupRule(self.kind, count=number)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, GroupRule):
            return str(value.count) if value.count is not None else share_de(value.share, 0)
        return value


class RulesForm(TodayForm):
    """Another version of a body's rules, filled with those in force."""

    day_field = "valid_from"

    valid_from = forms.DateField(
        label=_("In force from"),
        help_text=_("Today or later. What was decided before stays as it was counted."),
    )
    quorum_percent = GermanDecimalField(
        label=_("Quorum of the whole body"),
        unit="%",
        min_value=Decimal(0),
        max_value=Decimal(_PERCENT),
        decimal_places=0,
        help_text=_("Share of the voting members who must take part, rounded up. 0 % means: one is enough."),
    )
    majority = forms.ChoiceField(label=_("Majority"), choices=Majority.choices, widget=forms.RadioSelect)
    tie = forms.ChoiceField(
        label=_("A tie"),
        choices=Tie.choices,
        widget=forms.RadioSelect,
        help_text=_("The vote of the chair counts for a simple majority only."),
    )
    allows_circulated = forms.BooleanField(
        label=_("May decide in writing (circulated decision)"), required=False
    )
    allows_secret = forms.BooleanField(label=_("May vote by secret ballot"), required=False)
    notice_days = GermanIntegerField(
        label=_("Notice period in days"),
        min_value=0,
        max_value=MAX_NOTICE_DAYS,
        help_text=_("Between invitation and meeting. 0 means: none. A shorter notice then needs a reason."),
    )
    source = forms.CharField(
        label=_("Where it is laid down"),
        required=False,
        max_length=300,
        help_text=_("For example: § 7 of the rules of procedure of 12 March 2026."),
    )
    reason = forms.CharField(
        label=_("Why do the rules change?"),
        max_length=500,
        widget=forms.Textarea({"rows": 2}),
        help_text=_("It stands with the version and in the log."),
    )

    def __init__(
        self, *args: Any, version: RulesOfProcedure, seats: Iterable[BodyMembership], **kwargs: Any
    ) -> None:
        self._body_id = version.body_id
        rules = version.voting_rules()
        in_force = {group.kind: group for group in rules.groups}
        kwargs["initial"] = {
            "quorum_percent": rules.quorum_share * _PERCENT,
            "majority": rules.majority,
            "tie": rules.tie,
            "allows_circulated": version.allows_circulated,
            "allows_secret": version.allows_secret,
            "notice_days": version.notice_days,
            "source": version.source,
            **kwargs.get("initial", {}),
        }
        super().__init__(*args, **kwargs)
        kinds = [seat.organisation.kind for seat in seats if seat.is_voting]
        offered = [kind for kind in OrganisationKind if kind in kinds or kind in in_force]
        for kind in offered:
            self.fields[f"group-{kind}"] = GroupQuorumField(
                kind=kind,
                label=_("At least of the group “%(group)s”") % {"group": kind.label},
                initial=in_force.get(kind),
                help_text=_seats_text(kinds.count(kind)),
            )
        groups = [f"group-{kind}" for kind in offered]
        self.order_fields(["valid_from", "quorum_percent", *groups])

    def clean(self) -> dict[str, Any]:
        """The chair's vote and another majority than the simple one do not go together."""
        cleaned = super().clean() or {}
        if cleaned.get("tie") == Tie.CHAIR and cleaned.get("majority", "") not in {"", Majority.SIMPLE}:
            self.add_error(
                "tie",
                ValidationError(
                    _("The vote of the chair decides a tie only where a simple majority is enough."),
                    code="tie_needs_simple_majority",
                ),
            )
        return cleaned

    @property
    def rules(self) -> VotingRules:
        """What was entered about counting; of a valid form."""
        cleaned = self.cleaned_data
        groups = (cleaned[name] for name in self.fields if name.startswith("group-"))
        return VotingRules(
            body_id=self._body_id,
            quorum_share=Decimal(cleaned["quorum_percent"]) / _PERCENT,
            groups=tuple(group for group in groups if group is not None),
            majority=Majority(cleaned["majority"]),
            tie=Tie(cleaned["tie"]),
        )

    @property
    def others(self) -> dict[str, Any]:
        """The other arguments of ``rules_add``."""
        names = ("valid_from", "allows_circulated", "allows_secret", "notice_days", "source", "reason")
        return {name: self.cleaned_data[name] for name in names}


def _seats_text(count: int) -> str:
    return ngettext(
        "It has %(count)s voting seat. A number (2), a share (50 %%) or nothing.",
        "It has %(count)s voting seats. A number (2), a share (50 %%) or nothing.",
        count,
    ) % {"count": count}
