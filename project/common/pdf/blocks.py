"""What a paper is made of: plain data, which ``project.common.pdf.paper`` lays out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from project.common.svg import Drawing

Style = Literal["body", "lead", "strong", "note", "preline"]


@dataclass(frozen=True)
class Heading:
    """A heading; levels follow one another without a gap, the first is 1.

    Attributes:
        text: Of the heading.
        level: 1 to 4.
        is_listed: Whether it stands in the contents and in the bookmarks.
        preline: Small line above it, part of the title block.
        badges: Short words below it, such as the status.
        running: Text of the running head from its page on; "" leaves it.
        is_title: The title on a cover: larger than other headings.
    """

    text: str
    level: int = 2
    is_listed: bool = True
    preline: str = ""
    badges: tuple[str, ...] = ()
    running: str = ""
    is_title: bool = False


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; with an address the whole of it is a link."""

    text: str
    style: Style = "body"
    href: str = ""


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: Sequence[str]
    is_numbered: bool = False


@dataclass(frozen=True)
class Statement:
    """What somebody says, set off by a line at the left; who says it stands above."""

    who: str
    text: str


@dataclass(frozen=True)
class KeyValues:
    """Facts: name and value, one a line; read as a table of two columns."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Bar:
    """A cell with a number and a small picture that says the same."""

    drawing: Drawing
    text: str


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: Its head.
        share: Width as a share of all shares.
        is_number: Aligned right.
        is_apart: Leaves room at its left: for texts that follow a column of numbers.
    """

    title: str
    share: float = 1.0
    is_number: bool = False
    is_apart: bool = False


@dataclass(frozen=True)
class GroupRow:
    """A row that names those below it."""

    text: str


@dataclass(frozen=True)
class SumRow:
    """A row of sums below those it sums up; never parted from the row above.

    Attributes:
        cells: What is summed up, then the sums.
        span: Columns that the first cell takes.
    """

    cells: tuple[str, ...]
    span: int = 1


Row = GroupRow | SumRow | tuple[str | Bar, ...]


@dataclass(frozen=True)
class Table:
    """A table; breaks between rows and repeats its head. The first cell of a row names it.

    Attributes:
        caption: Above it; "" where a heading says it.
        columns: Left to right.
        rows: As many cells as columns, a group, or sums.
        is_whole: Goes to the next page as a whole, with the heading above, rather than being torn; not
            if it takes most of a page.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    is_whole: bool = False


@dataclass(frozen=True)
class Figure:
    """A picture with what it shows in words.

    Attributes:
        drawing: Geometry, as on the web.
        alt: For people who do not see it; "" takes title and description of the drawing.
        caption: Below it.
        share: Width as a share of the column.
    """

    drawing: Drawing
    alt: str = ""
    caption: str = ""
    share: float = 1.0


@dataclass(frozen=True)
class Beside:
    """Two columns of blocks that fit on a page; read left first."""

    left: "Sequence[Block]"
    right: "Sequence[Block]"
    share: float = 0.5


@dataclass(frozen=True)
class Signatures:
    """Places to sign by hand, side by side: a line each, with what belongs there below it."""

    labels: Sequence[str]


@dataclass(frozen=True)
class Whole:
    """Blocks that go to the next page together rather than being torn, if a page holds them."""

    blocks: "Sequence[Block]"


@dataclass(frozen=True)
class PageBreak:
    """What follows begins on a new page."""


@dataclass(frozen=True)
class Contents:
    """Contents of the headings up to a level, with links and page numbers."""

    title: str
    depth: int = 2


Block = (
    Heading
    | Paragraph
    | Bullets
    | Statement
    | KeyValues
    | Table
    | Figure
    | Beside
    | Signatures
    | Whole
    | PageBreak
    | Contents
)


@dataclass(frozen=True)
class Paper:
    """A paper of the product.

    Attributes:
        title: In the properties and on the window.
        language: "de" or "en".
        author: Who publishes it.
        blocks: Its content.
        running: Left running head; right of it stand the headings' ``running``.
        subject: In the properties.
        footer: Left in the foot of each page: date of the data, source.
        draft: Word across each page while it is a draft; "" for none.
        page_of: "Page %(page)s of %(pages)s", translated.
        has_cover: Whether the first page is a cover: its content stands lower, on a ground, without a head.
    """

    title: str
    language: str
    author: str
    blocks: Sequence[Block] = field(default_factory=tuple)
    running: str = ""
    subject: str = ""
    footer: str = ""
    draft: str = ""
    page_of: str = "Seite %(page)s von %(pages)s"
    has_cover: bool = False
