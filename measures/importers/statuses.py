"""What the status of a list from elsewhere means in our states, and what comes of it.

Plain values, no database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from measures.models import MeasureStatus as S
from measures.moves import MOVES, Mover

# Words of a status, German and English, small letters; the first that fits counts.
_WORDS: Final[Sequence[tuple[S, str]]] = (
    (S.MERGED, r"zusammengef|aufgegangen|merged"),
    (S.ENDED_EARLY, r"abgebrochen|eingestellt|vorzeitig|verworfen|gestrichen|entfällt|cancel|ended early"),
    (S.SUSPENDED, r"ausgesetzt|pausiert|ruht|unterbrochen|suspended|on hold|paused"),
    (
        S.PROPOSED,
        r"geplant|vorgesehen|vorgeschlagen|nicht begonnen|noch nicht|offen|idee|planned|proposed|open",
    ),
    (S.COMPLETED, r"abgeschlossen|fertig|erledigt|beendet|umgesetzt|completed|done|finished"),
    (S.PREPARING, r"vorbereitung|in planung|preparation|preparing"),
    (S.RUNNING, r"läuft|laufend|in umsetzung|in arbeit|begonnen|running|ongoing|in progress|started"),
    (S.AGREED, r"vereinbart|beschlossen|agreed|approved|adopted"),
)
#: How a measure that came with a list gets into a state; that of proposed needs nothing.
_LATER: Final[Mapping[str, Promise]] = {
    S.AGREED: _("agreed as soon as all parties have confirmed"),
    S.PREPARING: _("set to “in preparation” on its page when its parties have agreed"),
    S.RUNNING: _("begins with its task when its parties have agreed; then enter the actual start"),
    S.SUSPENDED: _("agreed and begun first, then suspended on its page"),
    S.COMPLETED: _("a measure that has ended is no proposal: better leave it out, unless it is done anew"),
    S.ENDED_EARLY: _("a measure that has ended is no proposal: better leave it out, unless it is done anew"),
    S.MERGED: _("better leave it out: the measure it went into is in the list or in the plan"),
}


def suggested_state(word: str) -> str:
    """The state that a word seems to mean; "" for none.

    >>> suggested_state("In Umsetzung")
    'running'
    >>> suggested_state("2")
    ''
    """
    text = word.casefold()
    return next((state.value for state, pattern in _WORDS if re.search(pattern, text)), "")


def enters_as_told(state: str) -> bool:
    """Whether a measure may come into the plan in a state.

    A new measure is proposed. The table of moves says who may take it from there to the state by hand; where
    only its course does, the state follows with its tasks and is not taken over.
    """
    if state == S.PROPOSED:
        return True
    move = MOVES.get((S.PROPOSED, state))
    return move is not None and Mover.PLANNING in move.by


def comes_later(state: str) -> Promise | str:
    """How a measure of a list gets into a state that it does not enter in; "" if it does."""
    return "" if enters_as_told(state) else _LATER[state]
