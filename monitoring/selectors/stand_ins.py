"""What enters a calculation in place of secret figures, so that its result tells nothing of them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from monitoring.models import Indicator
from monitoring.secrecy import count_behind, is_rest_small, is_small, stand_in
from monitoring.selectors.protection import Lines, Place, Secrets, base_of


def stand_ins(
    indicator: Indicator, year: int, lines: Lines, places: Mapping[int, Place], secrets: Secrets
) -> dict[int, float | None]:
    """What takes the place of the secret figures of a line of rates.

    Rates that are hidden together within one area above take the rate of all of them: their sum is known from
    what is shown. A rate that is hidden by itself takes the middle of what is kept secret. What fits neither
    takes no part.

    Args:
        indicator: With its unit.
        year: The year.
        lines: Whole lines, as for ``secrets_of``.
        places: All areas of the territories.
        secrets: What is hidden in them.

    Returns:
        Rate by area, of the hidden ones only; None for one that takes no part. Queries: 0.
    """
    line = lines.get((indicator.pk, year), {})
    hidden = {area for pk, at, area in secrets.cells if (pk, at) == (indicator.pk, year)}
    groups: dict[int | None, list[int]] = defaultdict(list)
    for area in hidden:
        if line.get(area) is not None:
            groups[places[area].parent if area in places else None].append(area)
    is_total_known = (indicator.numerator_count_id, year) not in secrets.totals
    found: dict[int, float | None] = {}
    for parent, areas in groups.items():
        is_known = is_total_known and parent not in hidden
        found |= _of_group(indicator, year, areas, lines, places, is_total_known=is_known)
    return found


def _of_group(
    indicator: Indicator,
    year: int,
    areas: Sequence[int],
    lines: Lines,
    places: Mapping[int, Place],
    *,
    is_total_known: bool,
) -> dict[int, float | None]:
    line, per, least = lines[indicator.pk, year], indicator.unit.rate_per, indicator.least_count
    bases = {area: base_of(indicator, year, area, lines, places) for area in areas}
    middles: dict[int, float | None] = {}
    for area in areas:
        value, base = line[area], bases[area]
        middles[area] = None
        if value is not None and base and per:
            is_little = is_small(count_behind(value, base=base, per=per), threshold=least)
            if is_little or is_rest_small(value, base=base, per=per, threshold=least):
                middles[area] = stand_in(value, base=base, per=per, threshold=least)
    if is_total_known and len(areas) > 1 and all(bases.values()) and None in middles.values():
        together = math.fsum((line[area] or 0) * (bases[area] or 0) for area in areas)
        # Rounded: the last digits of a sum depend on its parts.
        return dict.fromkeys(areas, round(together / math.fsum(base or 0 for base in bases.values()), 6))
    return middles
