"""Places to sign by hand on paper."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.platypus import Flowable

from project.common.looks import INK
from project.common.pdf.flowables import Piece, TextPiece


class SignaturesPiece(Piece):
    """Lines to sign on, side by side; what belongs there is written below each."""

    _ROOM = 31.0
    _GAP = 18.0

    def __init__(self, labels: Sequence[TextPiece]) -> None:
        super().__init__(before=4, after=8)
        self.labels = labels

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        """Room for a hand above the line; the longest label counts."""
        self._wide = (width - self._GAP * (len(self.labels) - 1)) / len(self.labels)
        self._tall = [label.wrap(self._wide, 1e6)[1] for label in self.labels]
        self.width, self.height = width, self._ROOM + 3 + max(self._tall)
        return width, self.height

    def split(self, _width: float, _height: float) -> list[Flowable]:
        """Never."""
        return []

    def draw(self) -> None:
        """Lines as decoration, labels as text."""
        canvas = self.canv
        for place, (label, tall) in enumerate(zip(self.labels, self._tall, strict=True)):
            x, y = place * (self._wide + self._GAP), self.height - self._ROOM
            with canvas.artifact():
                canvas.setStrokeColor(INK)
                canvas.setLineWidth(0.5)
                canvas.line(x, y, x + self._wide, y)
            label.drawOn(canvas, x, y - 3 - tall)
