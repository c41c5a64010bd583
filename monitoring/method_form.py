"""The form of an index method: rules in plain words, one row for each indicator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from monitoring.levels import Border
from monitoring.methods import BORDER_BELOW, LONGEST_LABEL, MOST_PEOPLE, together
from monitoring.models import Direction, Indicator, Part
from monitoring.preset_fit import PresetFit
from monitoring.presets import Content, Preset
from monitoring.rule_words import RULE_WORDS
from monitoring.scales import Aggregate, Reference, Scale
from project.common.formats import decimal_de
from project.forms import GermanDecimalField, GermanIntegerField, parse_number

_SCALES: Final = [(scale.value, RULE_WORDS[scale.value]) for scale in Scale]
_AGGREGATES: Final = [(how.value, RULE_WORDS[how.value]) for how in Aggregate]
_POLICIES: Final = [
    (name, RULE_WORDS[name]) for name in ("exclude", "mean_of_available", "last_value", "neighbours_mean")
]
_PERCENT: Final = 100
#: Least share of own figures, where people say nothing else.
_USUAL_SHARE: Final = 0.5


@dataclass(frozen=True)
class IndicatorRow:
    """Fields of an indicator in the form."""

    indicator: Indicator
    use: BoundField
    part: BoundField
    domain: BoundField
    direction: BoundField
    weight: BoundField


class NumbersField(forms.CharField):
    """Several German numbers in one line, parted by semicolons or spaces."""

    def clean(self, value: Any) -> list[float]:
        """Read the numbers."""
        texts = super().clean(value).replace(";", " ").split()
        try:
            return [float(parse_number(text)) for text in texts]
        except ValueError as error:
            raise ValidationError(_("Numbers parted by semicolons, such as −1; 1; 1,5")) from error


class LinesField(forms.CharField):
    """One name a line."""

    widget = forms.Textarea(attrs={"rows": 5})

    def clean(self, value: Any) -> list[str]:
        """Names without empty lines."""
        return [" ".join(line.split()) for line in super().clean(value).splitlines() if line.strip()]


class MethodForm(forms.Form):
    """All rules of a method."""

    name = forms.CharField(label=_("Name"), max_length=120)
    note = forms.CharField(
        label=_("What it is for, and why so"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    indicator_scale = forms.ChoiceField(
        label=_("Compare the figures by"),
        choices=_SCALES,
        help_text=_("Brings different units to one scale. Usually standard deviations."),
    )
    reference = forms.ChoiceField(
        label=_("Deviation from"),
        choices=[(row.value, RULE_WORDS[f"reference_{row.value}"]) for row in Reference],
    )
    domain_aggregate = forms.ChoiceField(label=_("Indicators of a domain"), choices=_AGGREGATES)
    domain_scale = forms.ChoiceField(label=_("Then compare the domains by"), choices=_SCALES)
    index_aggregate = forms.ChoiceField(label=_("Put together to the index"), choices=_AGGREGATES)
    index_scale = forms.ChoiceField(label=_("Then compare the index by"), choices=_SCALES)
    domain_weights = LinesField(
        label=_("Weights of domains"),
        required=False,
        help_text=_("One a line, such as “Arbeit: 2”. Domains not named count once."),
    )
    class_method = forms.ChoiceField(
        label=_("Borders of the classes in"),
        choices=[(row.value, RULE_WORDS[f"border_{row.value}"]) for row in Border],
    )
    borders = NumbersField(
        label=_("Borders"),
        help_text=_("Rising, parted by semicolons: −1; 1; 1,5. Shares lie between 0 and 1: 0,25; 0,5; 0,75."),
    )
    labels = LinesField(
        label=_("Names of the classes"),
        help_text=_("One a line, from the least need to the most; one more than borders."),
    )
    dynamics_borders = NumbersField(label=_("Borders of the dynamics"), required=False)
    dynamics_labels = LinesField(label=_("Names of the classes of the dynamics"), required=False)
    stands_out = LinesField(
        label=_("These classes stand out"),
        required=False,
        help_text=_(
            "One a line. Empty: the class of most need. With dynamics both names: “niedrig / negativ”."
        ),
    )
    missing_policy = forms.ChoiceField(
        label=_("If an area lacks figures"),
        choices=_POLICIES,
        help_text=_("A missing figure is never read as zero."),
    )
    minimum_share = GermanIntegerField(
        label=_("Own figures, at least"),
        unit="%",
        min_value=1,
        max_value=_PERCENT,
        required=False,
        help_text=_("An area with fewer of its own stays out. Not needed if areas stay out anyway."),
    )
    minimum_population = GermanIntegerField(
        label=_("Inhabitants, at least"),
        required=False,
        min_value=1,
        max_value=MOST_PEOPLE,
        help_text=_("Smaller areas stay out of the index; empty for no such rule."),
    )

    def __init__(self, *args: Any, indicators: Sequence[Indicator], is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = indicators
        if not is_new:
            del self.fields["name"]
        for row in indicators:
            self._add(row)

    def _add(self, row: Indicator) -> None:
        """Add the fields of an indicator; each says for which one it is."""
        name = row.name
        self.fields[f"use-{row.pk}"] = forms.BooleanField(label=name, required=False)
        self.fields[f"part-{row.pk}"] = forms.ChoiceField(
            label=gettext("Part of %(name)s") % {"name": name}, choices=Part.choices, required=False
        )
        self.fields[f"domain-{row.pk}"] = forms.CharField(
            label=gettext("Domain of %(name)s") % {"name": name}, required=False, max_length=120
        )
        self.fields[f"direction-{row.pk}"] = forms.ChoiceField(
            label=gettext("Direction of %(name)s") % {"name": name},
            choices=[(Direction.MORE_NEED, _("more need")), (Direction.LESS_NEED, _("less need"))],
            required=False,
            initial=row.direction,
        )
        self.fields[f"weight-{row.pk}"] = GermanDecimalField(
            label=gettext("Weight of %(name)s") % {"name": name},
            min_value=Decimal("0.01"),
            max_value=Decimal(1000),
            required=False,
            initial=Decimal(1),
        )
        for field in ("part", "domain", "direction", "weight"):
            self.fields[f"{field}-{row.pk}"].widget.attrs["aria-label"] = self.fields[
                f"{field}-{row.pk}"
            ].label

    def rows(self) -> list[IndicatorRow]:
        """Fields of the indicators."""
        return [
            IndicatorRow(
                row,
                *(self[f"{name}-{row.pk}"] for name in ("use", "part", "domain", "direction", "weight")),
            )
            for row in self.offered
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self._check_indicators(cleaned)
        self._check_borders(cleaned)
        if "domain_weights" in cleaned:
            cleaned["domain_weights"] = self._weights(cleaned["domain_weights"])
        known = self._class_names(cleaned)
        unknown = [name for name in cleaned.get("stands_out") or [] if name not in known]
        if unknown and known:
            self.add_error(
                "stands_out",
                _("There is no class “%(name)s”. There are: %(known)s.")
                % {"name": unknown[0], "known": ", ".join(known)},
            )
        return cleaned

    def _used(self, cleaned: Mapping[str, Any], part: Part) -> list[Indicator]:
        """Indicators that are ticked for a part."""
        return [
            row
            for row in self.offered
            if cleaned.get(f"use-{row.pk}") and (cleaned.get(f"part-{row.pk}") or Part.STATUS) == part
        ]

    def _check_indicators(self, cleaned: Mapping[str, Any]) -> None:
        if not self._used(cleaned, Part.STATUS):
            self.add_error(None, _("Choose at least one indicator."))
        if self._used(cleaned, Part.DYNAMICS) and not cleaned.get("dynamics_labels"):
            self.add_error("dynamics_labels", _("Name the classes of the dynamics."))
        for part in Part:
            if len({bool(cleaned.get(f"domain-{row.pk}")) for row in self._used(cleaned, part)}) > 1:
                self.add_error(None, _("Give each indicator a domain, or none of them."))

    def _check_borders(self, cleaned: Mapping[str, Any]) -> None:
        is_share = cleaned.get("class_method") == Border.QUANTILE
        for labels, borders in (("labels", "borders"), ("dynamics_labels", "dynamics_borders")):
            numbers = cleaned.get(borders) or []
            if sorted(set(numbers)) != numbers:
                self.add_error(borders, _("Borders must rise."))
            elif is_share and any(not 0 < number < 1 for number in numbers):
                self.add_error(borders, _("Shares lie between 0 and 1."))
            elif any(abs(round(number, 2)) >= BORDER_BELOW for number in numbers):
                self.add_error(borders, _("Borders lie between −100 and 100."))
            if any(len(name) > LONGEST_LABEL for name in cleaned.get(labels) or []):
                self.add_error(labels, _("A name of a class has at most 30 characters."))
            if cleaned.get(labels) and len(cleaned[labels]) != len(numbers) + 1:
                self.add_error(labels, _("There must be one name more than borders."))

    def _class_names(self, cleaned: Mapping[str, Any]) -> list[str]:
        """Names of all classes, of status and dynamics together where there is both."""
        first, second = cleaned.get("labels") or [], cleaned.get("dynamics_labels") or []
        if not self._used(cleaned, Part.DYNAMICS):
            return list(first)
        return [together(status, dynamics) for status in first for dynamics in second]

    def _weights(self, lines: list[str]) -> list[dict[str, Any]]:
        found = []
        for line in lines:
            name, colon, number = line.rpartition(":")
            try:
                weight = float(parse_number(number)) if colon else 0.0
            except ValueError:
                weight = 0.0
            if weight <= 0:
                self.add_error("domain_weights", _("Write each as “name: weight”, with a weight above 0."))
                return []
            found.append({"key": name.strip(), "weight": weight})
        domains = {
            self.cleaned_data.get(f"domain-{row.pk}") for row in self._used(self.cleaned_data, Part.STATUS)
        }
        for row in found:
            if row["key"] not in domains:
                self.add_error(
                    "domain_weights",
                    _("No indicator is in the domain “%(name)s”.") % {"name": row["key"]},
                )
        return found

    def content(self) -> Content:
        """Rules as a method keeps them."""
        given = self.cleaned_data
        levels = {
            "indicator": {"normalise": given["indicator_scale"], "reference": given["reference"]},
            "domain": {"aggregate": given["domain_aggregate"], "normalise": given["domain_scale"]},
            "index": {"aggregate": given["index_aggregate"], "normalise": given["index_scale"]},
        }
        method = given["class_method"]
        content: Content = {
            "indicator": self._columns(Part.STATUS),
            "levels": levels,
            "classes": {"method": method, "borders": given["borders"], "labels": given["labels"]},
            "missing_policy": given["missing_policy"],
        }
        if given["missing_policy"] != "exclude":
            share = given["minimum_share"]
            content["minimum_share"] = _USUAL_SHARE if share is None else share / _PERCENT
        if given["minimum_population"] is not None:
            content["population"] = {"minimum": given["minimum_population"]}
        if given["domain_weights"]:
            content["domain"] = given["domain_weights"]
        if second := self._columns(Part.DYNAMICS):
            classes = {
                "method": method,
                "borders": given["dynamics_borders"],
                "labels": given["dynamics_labels"],
            }
            content["dynamics"] = {"indicator": second, "levels": levels, "classes": classes}
        if given["stands_out"]:
            content["stands_out"] = given["stands_out"]
        return content

    def _columns(self, part: Part) -> list[dict[str, Any]]:
        given = self.cleaned_data
        rows = []
        for row in self._used(given, part):
            column: dict[str, Any] = {
                "column": row.key,
                "direction": given.get(f"direction-{row.pk}") or row.direction,
                "weight": float(given.get(f"weight-{row.pk}") or 1),
            }
            if given.get(f"domain-{row.pk}"):
                column["domain"] = given[f"domain-{row.pk}"]
            rows.append(column)
        return rows


def preset_initial(
    preset: Preset, fit: PresetFit, indicators: Sequence[Indicator], *, name: str
) -> dict[str, Any]:
    """What the form of a new method begins with: rules and indicators, so that it can be saved as it is.

    Without figures of its dynamics a method begins with the status alone, and the highest class stands out.

    Args:
        preset: The published method.
        fit: Its indicators among those offered.
        indicators: All that are offered.
        name: Name that is not taken.
    """
    content = preset.content()
    if "dynamics" in content and not fit.dynamics:
        del content["dynamics"], content["stands_out"]
    initial = content_initial(content, indicators)
    initial["name"] = name
    for row in indicators:
        in_dynamics = row in fit.dynamics
        initial[f"use-{row.pk}"] = in_dynamics or row in fit.status
        initial[f"part-{row.pk}"] = Part.DYNAMICS if in_dynamics else Part.STATUS
        initial[f"domain-{row.pk}"] = row.domain.name if preset.has_domains else ""
    return initial


def content_initial(content: Content, indicators: Sequence[Indicator]) -> dict[str, Any]:
    """What the form of a change begins with."""
    levels = content.get("levels", {})
    classes, second = content.get("classes", {}), content.get("dynamics", {})
    share = content.get("minimum_share")
    initial: dict[str, Any] = {
        "indicator_scale": levels.get("indicator", {}).get("normalise", "z"),
        "reference": levels.get("indicator", {}).get("reference", "plain"),
        "domain_aggregate": levels.get("domain", {}).get("aggregate", "sum"),
        "domain_scale": levels.get("domain", {}).get("normalise", "none"),
        "index_aggregate": levels.get("index", {}).get("aggregate", "sum"),
        "index_scale": levels.get("index", {}).get("normalise", "none"),
        "domain_weights": "\n".join(
            f"{row['key']}: {_number(row['weight'])}" for row in content.get("domain", [])
        ),
        "class_method": classes.get("method", "sd"),
        "borders": _numbers(classes.get("borders", [])),
        "labels": "\n".join(classes.get("labels", [])),
        "dynamics_borders": _numbers(second.get("classes", {}).get("borders", [])),
        "dynamics_labels": "\n".join(second.get("classes", {}).get("labels", [])),
        "stands_out": "\n".join(content.get("stands_out", [])),
        "missing_policy": content.get("missing_policy", "exclude"),
        "minimum_share": None if share is None else round(share * _PERCENT),
        "minimum_population": content.get("population", {}).get("minimum"),
    }
    by_key = {row.key: row for row in indicators}
    for part, columns in (
        (Part.STATUS, content.get("indicator", [])),
        (Part.DYNAMICS, second.get("indicator", [])),
    ):
        for column in columns:
            row = by_key.get(column["column"])
            if row is not None:
                initial |= {
                    f"use-{row.pk}": True,
                    f"part-{row.pk}": part,
                    f"domain-{row.pk}": column.get("domain", ""),
                    f"direction-{row.pk}": column.get("direction", row.direction),
                    f"weight-{row.pk}": Decimal(str(column.get("weight", 1))),
                }
    return initial


def _numbers(numbers: Sequence[float]) -> str:
    return "; ".join(_number(number) for number in numbers)


def _number(number: float) -> str:
    """As short as can be: 1,5 and 2."""
    text = f"{float(number):.4f}".rstrip("0")
    places = len(text.partition(".")[2])
    return decimal_de(number, places)
