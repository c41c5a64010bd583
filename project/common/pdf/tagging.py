"""Tagged PDF on reportlab: a canvas that knows the structure of what it draws (PDF/UA-1, ISO 14289-1).

reportlab's open-source canvas writes no tags. This one adds marked content, the structure tree with its
parent tree, link annotations that belong to it, and the entries of the catalogue that PDF/UA-1 and PDF/A-2a
want.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from reportlab import rl_config
from reportlab.pdfbase import pdfdoc
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFObject, PDFString
from reportlab.pdfgen.canvas import Canvas

from project.common.pdf.metadata import Facts, output_intent, xmp

#: Entries of page and catalogue that reportlab would not write.
_PAGE_ENTRIES: Final = ("StructParents", "Tabs")
_CATALOGUE_ENTRIES: Final = ("OutputIntents",)

# Binary streams: a fifth smaller than as letters. The kit is all that uses reportlab here.
rl_config.useA85 = 0


def _stream_with_line_end(
    stream: Any, document: Any, _format: Callable[[Any, Any], bytes] = pdfdoc.PDFStream.format
) -> bytes:
    """PDF/A wants a line end before "endstream", which reportlab leaves out; it does not count as content."""
    return _format(stream, document).removesuffix(b"endstream\n") + b"\nendstream\n"


# Page contents, font files and forms are made deep inside reportlab: there is no other place for it.
pdfdoc.PDFStream.format = _stream_with_line_end  # type: ignore[method-assign,assignment]


class _Page(pdfdoc.PDFPage):
    """A page that knows its place in the parent tree."""

    __NoDefault__ = [*pdfdoc.PDFPage.__NoDefault__, *_PAGE_ENTRIES]


class Node:
    """An element of the structure: it joins the tree when something of it is drawn for the first time.

    Args:
        tag: Standard type, such as "P" or "TD".
        parent: Element around it; None for the document.
        alt: What it shows, for people who do not see it.
        attributes: Attribute entries as PDF code, such as "/O /Table /Scope /Row".
    """

    __slots__ = ("alt", "attributes", "is_attached", "kids", "parent", "reference", "tag")

    def __init__(self, tag: str, parent: Node | None = None, *, alt: str = "", attributes: str = "") -> None:
        self.tag, self.parent, self.alt, self.attributes = tag, parent, alt, attributes
        #: Elements, (page, marked content) pairs, annotations.
        self.kids: list[Node | tuple[int, int] | _Link] = []
        self.is_attached = parent is None
        self.reference = ""

    def attach(self) -> None:
        """Join the tree behind what stands there already."""
        if not self.is_attached and self.parent is not None:
            self.is_attached = True
            self.parent.attach()
            self.parent.kids.append(self)


class _Link(PDFObject):
    """A link to a place in the file or to an address; the annotation of a Link element."""

    __RefOnly__ = 1

    def __init__(self, *, page: int, entries: dict[str, Any]) -> None:
        self.page, self.entries = page, entries
        self.reference = ""

    def format(self, document: Any) -> bytes:
        formatted: bytes = PDFDictionary(self.entries).format(document)
        return formatted


class _Raw(PDFObject):
    """An object whose code is ready: twenty thousand elements through dictionaries would take seconds."""

    __RefOnly__ = 1

    def __init__(self) -> None:
        self.code = b""

    def format(self, document: Any) -> bytes:
        return self.code


class TaggedCanvas(Canvas):
    """Canvas whose content is tagged; everything drawn belongs to a ``Node`` or is an artifact."""

    facts: Facts
    root: Node
    #: Text of the running head, taken at the end of the page.
    running = ""
    # What reportlab's canvas keeps to itself.
    _code: list[str]
    _doc: Any
    _addAnnotation: Callable[[Any], None]  # noqa: N815
    _bookmarkReference: Callable[[str], Any]  # noqa: N815

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._pages: list[tuple[Any, list[Node]]] = []
        self._marks: list[Node] = []
        self._links: list[tuple[_Link, Node]] = []
        self._repeated: dict[str, str] = {}
        self.is_artifact = False

    # --- drawing --------------------------------------------------------------------------------

    def outline(self, text: str, key: str, level: int) -> None:
        """Add a bookmark for a heading of a level from 1 on."""
        raise NotImplementedError

    @property
    def page_index(self) -> int:
        """Number of the page being drawn, from 0."""
        return len(self._pages)

    @contextmanager
    def tagged(self, node: Node) -> Iterator[None]:
        """What is drawn inside is content of an element; inside an artifact it stays artifact."""
        if self.is_artifact:
            yield
            return
        node.attach()
        self._code.append(f"/{node.tag} <</MCID {len(self._marks)}>> BDC")
        node.kids.append((self.page_index, len(self._marks)))
        self._marks.append(node)
        yield
        self._code.append("EMC")

    @contextmanager
    def artifact(self, kind: str = "Layout") -> Iterator[None]:
        """What is drawn inside is decoration, running head or repetition: not read aloud."""
        if self.is_artifact:
            yield
            return
        self.is_artifact = True
        self._code.append(f"/Artifact <</Type /{kind}>> BDC")
        yield
        self._code.append("EMC")
        self.is_artifact = False

    def link(self, node: Node, rect: tuple[float, float, float, float], *, text: str, target: str) -> None:
        """Make a rectangle of the present coordinates a link that belongs to a Link element.

        Args:
            node: The element.
            rect: Left, bottom, right, top.
            text: What is behind it, read aloud.
            target: Address with "https://" or "http://", or "#" and the key of a bookmark.
        """
        left, bottom = self.absolutePosition(*rect[:2])
        right, top = self.absolutePosition(*rect[2:])
        entries: dict[str, Any] = {
            "Type": PDFName("Annot"),
            "Subtype": PDFName("Link"),
            "Rect": PDFArray([round(edge, 2) for edge in (left, bottom, right, top)]),
            "Border": PDFArray([0, 0, 0]),
            "F": 4,  # printed: PDF/A wants it
            "Contents": PDFString(text),
        }
        if target.startswith("#"):
            entries["Dest"] = self._bookmarkReference(target[1:])
        else:
            action = {"S": PDFName("URI"), "URI": PDFString(target)}
            entries["A"] = PDFDictionary(action)
        found = _Link(page=self.page_index, entries=entries)
        node.attach()
        node.kids.append(found)
        self._links.append((found, node))
        self._addAnnotation(found)

    def repeated(self, code: str, width: float, height: float) -> None:
        """Draw code that may come again in this file (the map of a booklet), written only once."""
        name = self._repeated.get(code)
        if name is None:
            name = self._repeated[code] = f"Drawing{len(self._repeated) + 1}"
            form = pdfdoc.PDFFormXObject(0, 0, width, height)
            form.compression = 1
            form.setStreamList(code)
            self._doc.addForm(name, form)
        self.doForm(name)

    def late(
        self, page: int, node: Node | None, font: str, size: float, x: float, y: float, text: str
    ) -> None:
        """Write text onto a finished page, ending at x: page numbers that were not known before.

        Args:
            page: Number of the page from 0.
            node: Element it belongs to; None for an artifact.
            font: Registered font.
            size: In points.
            x: Right edge of the text, from the left edge of the page.
            y: Base line, from the lower edge.
            text: One line.
        """
        done, marks = self._pages[page]
        begin = "/Artifact <</Type /Pagination>> BDC"
        if node is not None:
            begin = f"/{node.tag} <</MCID {len(marks)}>> BDC"
            node.kids.append((page, len(marks)))
            marks.append(node)
        written = self.beginText(x - self.stringWidth(text, font, size), y)
        written.setFont(font, size)
        written.setFillColorRGB(0, 0, 0)
        written.textOut(text)
        done.stream += "\n".join([begin, str(written.getCode()), "EMC", ""])

    # --- writing --------------------------------------------------------------------------------

    def showPage(self) -> None:  # noqa: N802  reportlab's name
        """Finish a page: its marked content gets a row in the parent tree."""
        super().showPage()
        page = self._doc.Pages.pages[-1]
        page.__class__ = _Page
        page.StructParents, page.Tabs = len(self._pages), PDFName("S")
        self._pages.append((page, self._marks))
        self._marks = []

    def finish(self) -> None:
        """Write the structure and what the catalogue says of the file; before ``save``."""
        document = self._doc
        elements: list[tuple[Node, _Raw]] = []
        references = {"root": self._reference(tree := _Raw())}
        self._register(self.root, elements)
        pages = [self._reference(page) for page, _marks in self._pages]
        for link, _node in self._links:
            link.reference = self._reference(link)
        for place, (link, _node) in enumerate(self._links):
            link.entries["StructParent"] = len(pages) + place
        for node, raw in elements:
            raw.code = self._element(node, references["root"], pages)
        numbers = [
            f"{place} [{' '.join(node.reference for node in marks)}]"
            for place, (_page, marks) in enumerate(self._pages)
        ]
        numbers += [f"{len(pages) + place} {node.reference}" for place, (_, node) in enumerate(self._links)]
        tree.code = (
            f"<</Type /StructTreeRoot /K {self.root.reference} /ParentTree <</Nums [{' '.join(numbers)}]>> "
            f"/ParentTreeNextKey {len(numbers)}>>"
        ).encode()
        catalogue = document.Catalog
        catalogue.__NoDefault__ = [*catalogue.__NoDefault__, *_CATALOGUE_ENTRIES]
        catalogue.StructTreeRoot = tree
        catalogue.MarkInfo = PDFDictionary({"Marked": "true"})
        catalogue.Metadata = pdfdoc.XMP(creator=lambda _document: xmp(self.facts))
        catalogue.OutputIntents = PDFArray([output_intent(document)])
        self.setViewerPreference("DisplayDocTitle", "true")

    def _reference(self, thing: PDFObject) -> str:
        found = self._doc.Reference(thing)
        return str(found.format(self._doc).decode())

    def _register(self, node: Node, elements: list[tuple[Node, _Raw]]) -> None:
        raw = _Raw()
        node.reference = self._reference(raw)
        elements.append((node, raw))
        for kid in node.kids:
            if isinstance(kid, Node):
                self._register(kid, elements)

    def _element(self, node: Node, root: str, pages: Sequence[str]) -> bytes:
        parent = node.parent.reference if node.parent is not None else root
        kids: list[str] = []
        first: int | None = None
        for kid in node.kids:
            if isinstance(kid, Node):
                kids.append(kid.reference)
            elif isinstance(kid, _Link):
                kids.append(f"<</Type /OBJR /Obj {kid.reference} /Pg {pages[kid.page]}>>")
            else:
                page, mark = kid
                first = page if first is None else first
                is_here = page == first
                kids.append(str(mark) if is_here else f"<</Type /MCR /Pg {pages[page]} /MCID {mark}>>")
        code = f"<</S /{node.tag} /P {parent} /K [{' '.join(kids)}]"
        if first is not None:
            code += f" /Pg {pages[first]}"
        if node.attributes:
            code += f" /A <<{node.attributes}>>"
        written = code.encode()
        if node.alt:
            alt: bytes = PDFString(node.alt).format(self._doc)
            written += b" /Alt " + alt
        return written + b">>"
