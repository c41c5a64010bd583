"""Reads for a warning before a run: which areas its rule on inhabitants would leave out."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from monitoring.methods import LEAST_AREAS
from monitoring.presets import Content
from monitoring.selectors.areas import areas_of_year, populations_of
from monitoring.selectors.figures import latest_years
from project.common.formats import decimal_de
from stakeholders.models import Organisation


@dataclass(frozen=True)
class InhabitantsKnown:
    """Inhabitants of the areas a territory plans with.

    Attributes:
        counts: Of each area; None for unknown.
    """

    counts: tuple[int | None, ...]

    @property
    def unknown_count(self) -> int:
        """Areas whose inhabitants are not known."""
        return sum(count is None for count in self.counts)

    def warning(self, minimum: float | None, *, is_weighted: bool = False) -> str:
        """Say which areas stay out, before anything is computed.

        Args:
            minimum: Least inhabitants; None for no such rule.
            is_weighted: Whether the mean is weighted by inhabitants.

        Returns:
            A sentence; "" if no area stays out for that reason.
        """
        unknown = self.unknown_count if minimum is not None or is_weighted else 0
        small = 0 if minimum is None else sum(count is not None and count < minimum for count in self.counts)
        if not unknown + small:
            return ""
        total = decimal_de(len(self.counts), 0)
        sentences = []
        if unknown:
            sentences.append(
                ngettext(
                    "The inhabitants of %(count)s of %(total)s areas are not known.",
                    "The inhabitants of %(count)s of %(total)s areas are not known.",
                    unknown,
                )
                % {"count": decimal_de(unknown, 0), "total": total}
            )
        if small and minimum is not None:
            sentences.append(
                ngettext(
                    "%(count)s of %(total)s areas has fewer than %(minimum)s inhabitants.",
                    "%(count)s of %(total)s areas have fewer than %(minimum)s inhabitants.",
                    small,
                )
                % {"count": decimal_de(small, 0), "total": total, "minimum": decimal_de(minimum, 0)}
            )
        is_hopeless = len(self.counts) - unknown - small < LEAST_AREAS
        sentences.append(
            _("By this rule no index can be computed.")
            if is_hopeless
            else _("What is not known or too small stays out of the index.")
        )
        return " ".join(sentences)

    def warning_of(self, content: Content) -> str:
        """The same of the rules of a method."""
        reference = content.get("levels", {}).get("indicator", {}).get("reference")
        minimum = content.get("population", {}).get("minimum")
        return self.warning(minimum, is_weighted=reference == "population")


def inhabitants_known(territory: Organisation, year: int) -> InhabitantsKnown:
    """Read the inhabitants a run of a year would know.

    Args:
        territory: The planning authority.
        year: Year of the run.

    Queries: 3.
    """
    return InhabitantsKnown(tuple(populations_of(list(areas_of_year(territory, year)), year)))


def inhabitants_of_last_figures(territory: Organisation) -> InhabitantsKnown:
    """The same for the year a run would be of today: the last one with figures. Queries: 4."""
    years = latest_years(territory).values()
    return inhabitants_known(territory, max(years, default=timezone.localdate().year))
