"""Parts of pages that many people ask for at once: drawn once for each version, in each process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

#: So many parts a process keeps; a room needs two to four.
MOST_KEPT = 32


class Fragments:
    """Keeps the latest drawing of each part.

    While one thread draws, others that want the same wait for it instead of drawing it as well.
    """

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, tuple[int, str]] = OrderedDict()
        self._locks: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, version: int, draw: Callable[[], str]) -> str:
        """The drawing of a part in a version.

        Args:
            key: Which part, of what, for whom.
            version: Read before anything that is drawn; a newer drawing serves as well.
            draw: Draws it.
        """
        found = self._find(key, version)
        if found is not None:
            return found
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            found = self._find(key, version)
            if found is not None:
                return found
            drawn = draw()
            with self._lock:
                self._kept[key] = (version, drawn)
                self._kept.move_to_end(key)
                while len(self._kept) > self._most:
                    gone, _drawing = self._kept.popitem(last=False)
                    self._locks.pop(gone, None)
            return drawn

    def _find(self, key: Hashable, version: int) -> str | None:
        with self._lock:
            kept = self._kept.get(key)
        return kept[1] if kept is not None and kept[0] >= version else None
