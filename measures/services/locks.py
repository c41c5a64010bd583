"""Holding the row of a measure: whoever changes or moves it begins here."""

from measures.models import Measure


def measure_lock(measure: Measure) -> None:
    """Hold the row of a measure until the transaction ends, and read it anew.

    Whoever changes or moves a measure begins here: what was loaded before may have changed meanwhile.

    Args:
        measure: A stored measure; what was changed on it and not saved is lost.

    Queries: 1; must be called within a transaction.
    """
    measure.refresh_from_db(from_queryset=Measure.objects.select_for_update(no_key=True))
