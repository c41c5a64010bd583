"""Reads of index methods: who sees which, what may enter one, and its rules in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from monitoring.class_words import class_words
from monitoring.models import IndexMethod, IndexRun, Indicator
from monitoring.presets import DEVIATIONS, Content
from monitoring.rule_words import RULE_WORDS
from monitoring.selectors.figures import used_indicators
from project.common.formats import decimal_de, percent_de
from stakeholders.models import Organisation
from stakeholders.permissions import Perm, visible

#: Of the rules the first ones say how the index came about: comparing, the mean, putting together.
_RULES_OF_INDEX: Final = 3
#: Borders and weights as people write them.
_PLACES: Final = 2


def methods_seen_by(user: Any) -> QuerySet[IndexMethod]:
    """Methods of the territories a person sees; how an index is made is no secret there.

    Queries: none of its own.
    """
    territories = visible(user, Perm.VIEW_TERRITORY, Organisation.objects.all())
    return (
        IndexMethod.objects.filter(territory__in=territories.values("pk"))
        .select_related("territory", "created_by")
        .annotate(run_count=Count("runs", distinct=True))
    )


def offered_methods(territory: Organisation) -> QuerySet[IndexMethod]:
    """Methods offered for new runs, by name. Queries: none of its own."""
    return IndexMethod.objects.filter(territory=territory, is_offered=True).order_by("name")


def free_name(territory: Organisation, name: str) -> str:
    """A name no method of the territory has, with a number behind it if need be. Queries: 1."""
    names = IndexMethod.objects.filter(territory=territory).order_by().values_list("name", flat=True)
    taken = {row.casefold() for row in names}
    tries = (name if number == 1 else f"{name} {number}" for number in range(1, len(taken) + 2))
    return next(one for one in tries if one.casefold() not in taken)


def method_indicators(territory: Organisation, content: Content | None = None) -> list[Indicator]:
    """Indicators that may enter a method: rates with figures, and those it has already. Queries: 3."""
    found = [row for row in used_indicators(territory) if not row.unit.is_count]
    keys = {column["column"] for column in columns_of(content)} if content else set()
    missing = keys - {row.key for row in found}
    return found + list(Indicator.objects.filter(key__in=missing).select_related("unit", "domain"))


def columns_of(content: Content) -> list[dict[str, Any]]:
    """Indicators of status and dynamics in the rules of a method."""
    return [*content.get("indicator", []), *content.get("dynamics", {}).get("indicator", [])]


@dataclass(frozen=True)
class ColumnWords:
    """An indicator of a method in words."""

    indicator: Indicator | None
    key: str
    is_dynamics: bool
    domain: str
    direction: str
    weight: float


def column_words(content: Content) -> list[ColumnWords]:
    """Indicators of a method with what it does with them. Queries: 1."""
    columns = columns_of(content)
    rows = Indicator.objects.filter(key__in=[column["column"] for column in columns])
    known: Mapping[str, Indicator] = {row.key: row for row in rows.select_related("unit", "domain")}
    first = len(content.get("indicator", []))
    return [
        ColumnWords(
            indicator=known.get(column["column"]),
            key=column["column"],
            is_dynamics=place >= first,
            domain=column.get("domain", ""),
            direction=column.get("direction", "more_need"),
            weight=float(column.get("weight", 1)),
        )
        for place, column in enumerate(columns)
    ]


def content_of(run: IndexRun, indicators: Iterable[Any]) -> Content:
    """Rules of a run; those of runs older than the engine of levels are put together from what they kept.

    Args:
        run: The run.
        indicators: Its indicators, rows of ``IndexRunIndicator``.
    """
    if run.content:
        content: Content = run.content
        return content
    content = DEVIATIONS.content()
    del content["population"]
    content["indicator"] = [
        {"column": row.indicator.key, "direction": row.direction, "weight": row.weight} for row in indicators
    ]
    content["missing_policy"] = run.missing_policy
    if run.missing_policy.startswith("available_"):
        content["missing_policy"] = "mean_of_available"
        content["minimum_share"] = int(run.missing_policy.rpartition("_")[2]) / 100
    if run.minimum_population is not None:
        content["population"] = {"minimum": run.minimum_population}
    if run.border is not None:
        content["classes"]["borders"] = [float(run.border)]
    return content


def method_words(run: IndexRun) -> str:
    """By which method a run was computed, so that a published one is not taken for the name of a district.

    Queries: 0, with the method loaded.
    """
    if run.index_method is not None:
        return str(run.index_method)
    if run.border is None:
        return _("rules without a name")
    names = {"name": DEVIATIONS.name, "border": decimal_de(run.border, _PLACES)}
    return _("template “%(name)s”, border %(border)s") % names


def rule_words(content: Content) -> list[tuple[str, str]]:
    """Rules of a method in plain words: name and what it says. Queries: 0."""
    levels = content.get("levels", {})
    indicator, domain, index = (levels.get(name, {}) for name in ("indicator", "domain", "index"))
    found = [(_("Compare the figures by"), _word(indicator.get("normalise", "z")))]
    if indicator.get("normalise", "z") in {"z", "deviation", "relative_deviation"}:
        found.append((_("Deviation from"), _word(f"reference_{indicator.get('reference', 'plain')}")))
    if any(column.get("domain") for column in columns_of(content)):
        found.append((_("Indicators of a domain"), _level(domain)))
    if weights := content.get("domain"):
        names = ", ".join(f"{row['key']}: {decimal_de(row['weight'], _PLACES)}" for row in weights)
        found.append((_("Weights of domains"), names))
    found.append((_("Put together to the index"), _level(index)))
    found.append((_("Classes"), _classes(content["classes"])))
    if second := content.get("dynamics"):
        found.append((_("Classes of the dynamics"), _classes(second["classes"])))
    outstanding = content.get("stands_out") or content["classes"]["labels"][-1:]
    found.append((_("These classes stand out"), ", ".join(class_words(label) for label in outstanding)))
    found.append((_("If figures are missing"), missing_words(content)))
    minimum = content.get("population", {}).get("minimum")
    found.append((_("Inhabitants, at least"), decimal_de(minimum, 0) if minimum else _("no rule")))
    return found


def index_words(content: Content) -> str:
    """How the index of a run came about, and what its deviation is, for readers of a map or a paper.

    Args:
        content: Rules of the run, see ``content_of``.

    Returns:
        One plain sentence where deviations were just added up, else the rules. Queries: 0.
    """
    if _is_plain_sum(content):
        return _(
            "Index: the standardised deviations of all indicators added up. Deviation: by how many "
            "standard deviations the index lies above or below the mean of the areas; by it an area "
            "stands out."
        )
    rules = "; ".join(f"{name}: {words}" for name, words in rule_words(content)[:_RULES_OF_INDEX])
    return _(
        "Index – %(rules)s. Deviation: by how many standard deviations the index lies above or below the "
        "mean of the areas."
    ) % {"rules": rules}


def _is_plain_sum(content: Content) -> bool:
    levels, columns = content.get("levels", {}), columns_of(content)
    return (
        "dynamics" not in content
        and levels.get("indicator", {}).get("normalise", "z") == "z"
        and levels.get("index", {}).get("aggregate", "sum") == "sum"
        and not any(column.get("domain") for column in columns)
        and len({float(column.get("weight", 1)) for column in columns}) <= 1
    )


def _word(name: str) -> str:
    return str(RULE_WORDS.get(name, name))


def _level(level: Mapping[str, str]) -> str:
    words = _word(level.get("aggregate", "sum"))
    scale = level.get("normalise", "none")
    return (
        words
        if scale == "none"
        else _("%(how)s, then compared by %(scale)s") % {"how": words, "scale": _word(scale)}
    )


def _classes(classes: Mapping[str, Any]) -> str:
    """Names between their borders: gering | 1,00 | hoch (standard deviations)."""
    labels = [class_words(label) for label in classes["labels"]]
    parts = labels[:1]
    for border, label in zip(classes["borders"], labels[1:], strict=True):
        parts += [decimal_de(border, _PLACES), label]
    unit = _word(f"border_{classes['method']}")
    return _("%(classes)s (borders in %(unit)s)") % {"classes": " | ".join(parts), "unit": unit}


def missing_words(content: Content) -> str:
    """What happens where figures are missing, in words. Queries: 0."""
    policy = content.get("missing_policy", "exclude")
    if policy == "exclude":
        return _word(policy)
    share = content.get("minimum_share", 0.5) * 100
    return _("%(rule)s, if it has at least %(share)s of its own") % {
        "rule": _word(policy),
        "share": percent_de(share, 0),
    }
