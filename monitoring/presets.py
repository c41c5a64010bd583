"""Published methods to begin an own one with: rules, classes and the set of indicators they are made for."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Content = dict[str, Any]


@dataclass(frozen=True)
class Preset:
    """A published method.

    Attributes:
        key: Stable key.
        name: Its name.
        text: What it does, in two sentences.
        source: Where it is published.
        rules: Content of a method without indicators.
        ready_set: Key of the ready set that holds its indicators; "" for whatever a territory has.
        dynamics: Keys in that set that belong to the dynamics.
        takes_all: Whether it takes all indicators of a territory that has none of the set.
        has_domains: Whether indicators are put into domains first.
    """

    key: str
    name: Promise
    text: Promise
    source: str
    rules: Content
    ready_set: str = ""
    dynamics: tuple[str, ...] = ()
    takes_all: bool = False
    has_domains: bool = False

    def content(self) -> Content:
        """Rules to work on."""
        return copy.deepcopy(self.rules)


_Z_SUM: Final[Content] = {
    "indicator": {"normalise": "z", "reference": "plain"},
    "domain": {"aggregate": "sum", "normalise": "none"},
    "index": {"aggregate": "sum", "normalise": "z"},
}
#: German labels: they are names people give, like those of areas. English pages: ``class_words.py``.
PLAIN, STANDS_OUT = "unauffällig", "auffällig"

DEVIATIONS: Final = Preset(
    key="rbk",
    name=_("Rheinisch-Bergischer Kreis"),
    text=_(
        "Deviations of all indicators from the mean, in standard deviations, added up with equal weight. "
        "What lies above a border stands out."
    ),
    source="G.I.B. 2020",
    rules={
        "missing_policy": "exclude",
        "population": {"minimum": 1000},
        "levels": _Z_SUM,
        "classes": {"method": "sd", "borders": [1.5], "labels": [PLAIN, STANDS_OUT]},
        "stands_out": [STANDS_OUT],
    },
    ready_set="rheinisch-bergischer-kreis",
    takes_all=True,
)
PRESETS: Final = (
    DEVIATIONS,
    Preset(
        key="mss",
        name=_("Berlin: Monitoring Soziale Stadtentwicklung"),
        text=_(
            "Status and dynamics, each the sum of deviations in standard deviations. Four classes of status "
            "and three of dynamics make twelve together."
        ),
        source="Senatsverwaltung für Stadtentwicklung Berlin, MSS 2021",
        rules={
            "missing_policy": "exclude",
            "population": {"minimum": 300},
            "levels": _Z_SUM,
            "classes": {
                "method": "sd",
                "borders": [-1, 1, 1.5],
                "labels": ["hoch", "mittel", "niedrig", "sehr niedrig"],
            },
            "dynamics": {
                "levels": _Z_SUM,
                "classes": {"method": "sd", "borders": [-1, 1], "labels": ["positiv", "stabil", "negativ"]},
            },
            "stands_out": [
                "niedrig / negativ",
                "sehr niedrig / positiv",
                "sehr niedrig / stabil",
                "sehr niedrig / negativ",
            ],
        },
        ready_set="berlin-mss",
        dynamics=("mss_d1", "mss_d3", "mss_d4"),
    ),
    Preset(
        key="siegen",
        name=_("Siegen: poverty index"),
        text=_(
            "SGB II rate, unemployment, migrants and single parents as the mean of their deviations. Weights "
            "and classes are our reading: the source names the indicators only."
        ),
        source="MAIS NRW 2015",
        rules={
            "missing_policy": "exclude",
            "levels": _Z_SUM | {"index": {"aggregate": "mean", "normalise": "z"}},
            "classes": {"method": "sd", "borders": [-1, 1], "labels": ["gering", "mittel", "hoch"]},
            "stands_out": ["hoch"],
        },
        ready_set="siegen",
    ),
    Preset(
        key="svi",
        name=_("Percentile ranks (as the US Social Vulnerability Index)"),
        text=_(
            "Each indicator as a rank from 0 to 1, added up to domains, ranked again, added up and ranked "
            "once more. Outliers weigh no more than any first place."
        ),
        source="CDC/ATSDR Social Vulnerability Index",
        rules={
            "missing_policy": "exclude",
            "levels": {
                "indicator": {"normalise": "percentile_rank", "reference": "plain"},
                "domain": {"aggregate": "sum", "normalise": "percentile_rank"},
                "index": {"aggregate": "sum", "normalise": "percentile_rank"},
            },
            "classes": {
                "method": "quantile",
                "borders": [0.25, 0.5, 0.75],
                "labels": ["gering", "eher gering", "eher hoch", "hoch"],
            },
            "stands_out": ["hoch"],
        },
        has_domains=True,
    ),
)
BY_KEY: Final = {preset.key: preset for preset in PRESETS}
