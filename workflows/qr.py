"""A QR code as a drawing, for the page and for paper alike."""

from __future__ import annotations

import segno
from django.utils.translation import gettext as _

from project.common.svg import Drawing, Path, Rect

#: Light modules around the code that readers need (modules).
_QUIET = 4
#: Size of a module (picture units).
_MODULE = 8.0


def qr_drawing(address: str, *, title: str, description: str) -> Drawing:
    """Draw an address as a QR code that still reads with a fold or a stain (error correction M).

    Args:
        address: Absolute address.
        title: Name of the picture.
        description: What it is for, with the address, for people who do not see it.

    Returns:
        A square drawing, dark on light.
    """
    matrix = segno.make_qr(address, error="m").matrix
    side = (len(matrix) + 2 * _QUIET) * _MODULE
    runs = [
        _ring(first, row, last)
        for row, modules in enumerate(matrix)
        for first, last in _dark_runs(bytes(modules))
    ]
    return Drawing(
        width=side,
        height=side,
        title=title,
        description=description,
        shapes=(Rect(0, 0, side, side, "pg-qr__ground"), Path(tuple(runs), "pg-qr__dark")),
        css="pg-qr",
        uid="qr",
    )


def evening_code(url: str) -> Drawing:
    """The code of an evening's entry page, with its name and where it leads in the active language."""
    return qr_drawing(
        url, title=_("QR code of the entry page"), description=_("Leads to %(url)s") % {"url": url}
    )


def room_code(url: str) -> Drawing:
    """The code of a meeting's room, for the screen on the wall."""
    return qr_drawing(url, title=_("QR code of the room"), description=_("Leads to %(url)s") % {"url": url})


def _dark_runs(modules: bytes) -> list[tuple[int, int]]:
    """Neighbouring dark modules of a row: first, and one past the last."""
    runs = []
    start: int | None = None
    for place, dark in enumerate([*modules, 0]):
        if dark and start is None:
            start = place
        elif not dark and start is not None:
            runs.append((start, place))
            start = None
    return runs


def _ring(first: int, row: int, last: int) -> tuple[tuple[float, float], ...]:
    left, right = (_QUIET + first) * _MODULE, (_QUIET + last) * _MODULE
    top, bottom = (_QUIET + row) * _MODULE, (_QUIET + row + 1) * _MODULE
    return ((left, top), (right, top), (right, bottom), (left, bottom))
