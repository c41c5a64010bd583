"""Rules of an index in words."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

#: What the names of rules mean, as colleagues say it; the names are those of docs/index-methods.md.
RULE_WORDS: Final[dict[str, Promise]] = {
    "none": _("the figure itself"),
    "z": _("deviation in standard deviations"),
    "deviation": _("deviation in the unit itself"),
    "relative_deviation": _("deviation as a share of the mean"),
    "minmax": _("place between lowest (0) and highest (1)"),
    "percentile_rank": _("rank from 0 to 1"),
    "sum": _("added up"),
    "mean": _("mean"),
    "geometric_mean": _("geometric mean: a low value weighs more"),
    "reference_plain": _("the mean of all areas, each counted once"),
    "reference_population": _("the mean of all inhabitants: large areas count more"),
    "border_sd": _("standard deviations from the mean"),
    "border_quantile": _("shares of the areas"),
    "exclude": _("leave the area out of the index"),
    "mean_of_available": _("judge it by the figures it has"),
    "last_value": _("take its last earlier figure, marked"),
    "neighbours_mean": _("take the mean of its neighbours, marked"),
}
