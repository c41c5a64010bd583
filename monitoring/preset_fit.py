"""Which indicators a published method takes among those a territory has figures of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitoring.catalogue.ready import ready_file
from monitoring.models import Indicator
from monitoring.presets import Preset
from project.common.formats import is_german


@dataclass(frozen=True)
class PresetFit:
    """A published method and the figures of a territory.

    Attributes:
        status: Indicators it takes.
        dynamics: Those of its dynamics.
        missing: Names of indicators of the source that have no figures here.
    """

    status: Sequence[Indicator]
    dynamics: Sequence[Indicator]
    missing: Sequence[str]


def preset_fit(preset: Preset, offered: Sequence[Indicator]) -> PresetFit:
    """Choose the indicators of a published method.

    The indicators of its ready set are taken by their keys, or where the own catalogue names the same another
    way (``rbk_sgb2_rate`` for ``siegen_sgb2_rate``) by the end of the key. A method of all indicators takes
    those of its set, or all that are offered where there is none of the set.

    Args:
        preset: The method.
        offered: Rates of which the territory has figures, with domain and unit.

    Returns:
        What it takes and what it lacks. Queries: 0.
    """
    if not preset.ready_set:
        return PresetFit(offered, (), ())
    known = ready_file(preset.ready_set).entries["indicators"]
    if preset.takes_all and not any(row.key in known for row in offered):
        return PresetFit(offered, (), ())
    found = {key: _same(key, offered) for key in known}
    second = preset.dynamics
    return PresetFit(
        status=_known(found[key] for key in known if key not in second),
        dynamics=_known(found[key] for key in second),
        missing=[
            known[key]["name_de" if is_german() else "name_en"] for key, row in found.items() if row is None
        ],
    )


def _same(key: str, offered: Sequence[Indicator]) -> Indicator | None:
    """The indicator of that key, else one whose key ends like it behind the name of the set."""
    end = "_" + key.partition("_")[2]
    exact = (row for row in offered if row.key == key)
    alike = (row for row in offered if f"_{row.key}".endswith(end))
    return next(exact, None) or next(alike, None)


def _known(rows: Iterable[Indicator | None]) -> list[Indicator]:
    return [row for row in rows if row is not None]
