"""What a person types into the form of a measure."""

from __future__ import annotations

from typing import Any

from tests import factories
from tests.factories import World


def measure_fields(world: World, **changes: Any) -> dict[str, Any]:
    """A complete form: the youth office with the provider as partner and one key figure with two targets."""
    unit = factories.unit("persons", "Personen", decimals=0)
    fields: dict[str, Any] = {
        "title": "Elterncafé (Beispiel)",
        "field": world.plan.fields.order_by("number")[0].pk,
        "position": "",
        "description": "Offener Treff an drei Vormittagen",
        "target_group": "Eltern",
        "stage": "1",
        "starts_on": "2026-01-01",
        "ends_on": "2028-06-30",
        "responsible": world.youth_office.pk,
        "areas": [area.pk for area in world.areas[:1]],
        "partners-TOTAL_FORMS": "2",
        "partners-INITIAL_FORMS": "0",
        "partners-0-organisation": world.provider.pk,
        "partners-0-role": "Räume",
        "partners-1-organisation": "",
        "partners-1-role": "",
        **{
            f"{prefix}-{count}_FORMS": "0"
            for prefix in ("milestones", "finance", "needs")
            for count in ("TOTAL", "INITIAL")
        },
        "figures-TOTAL_FORMS": "1",
        "figures-INITIAL_FORMS": "0",
        "figures-0-title": "Erreichte Eltern",
        "figures-0-level": "output",
        "figures-0-unit": unit.pk,
        "figures-0-direction": "rising",
        "figures-0-baseline": "0",
        "figures-0-baseline_on": "2025-12-31",
        "figures-0-definition": "Zählung im Café",
        "figures-0-source": "Strichliste",
        "figures-0-kind": "quantity",
        "figures-0-cycle": "every_round",
        "figures-0-on_path_percent": "10",
        "figures-0-at_risk_percent": "25",
        "figures-0-due_on_0": "2026-12-31",
        "figures-0-value_0": "1.060",
        "figures-0-due_on_1": "2027-12-31",
        "figures-0-value_1": "1.400",
    }
    return fields | changes
