"""HTML made into small Word and PDF files: its text, block by block. No layout, no pictures."""

import html
import io
import re
import textwrap
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape

HEADINGS = {"h1": 20, "h2": 16, "h3": 13, "h4": 12, "h5": 11, "h6": 11}
BODY_POINTS = 11
BLOCKS = frozenset(
    "address article aside blockquote body br caption dd div dl dt figcaption figure footer form header hr html li "
    "main nav ol p pre section table tbody tfoot thead tr ul".split()
) | frozenset(HEADINGS)
UNSEEN = frozenset(("script", "style", "template", "title"))
NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2


@dataclass(frozen=True)
class Block:
    """A line of text, ``points`` high; a heading when that is more than BODY_POINTS or ``is_bold``."""

    text: str
    points: int = BODY_POINTS
    is_bold: bool = False


# What begins markup: a comment, a tag with its name, or a declaration.
MARKUP = re.compile(r"<(?:(?P<comment>!--)|(?P<slash>/?)(?P<name>[a-zA-Z][a-zA-Z0-9-]*)|[!?/])")
ENDS_OF_UNSEEN = {name: re.compile(f"</{name}", re.IGNORECASE) for name in UNSEEN}
# Python reads no number of more than some thousand digits, and no character has one of more than six.
LONG_REFERENCE = re.compile("&#[0-9]{9,};?")


def blocks_of(page: str) -> list[Block]:
    """Return the text of an HTML page. Cells of a table row are one block, with tabs between them."""
    reader = _Reader()
    for name, is_start, text in _pieces(page):
        if name is None:
            reader.read_text(text)
        elif is_start:
            reader.start(name)
        else:
            reader.end(name)
    reader.flush()
    return reader.blocks


def _pieces(page: str) -> Iterator[tuple[str | None, bool, str]]:
    """Yield (name, whether it starts, "") for each tag, and (None, False, text) for what is between them.

    The standard library's parser takes minutes for a hundred kilobytes of tags that never end; this one reads every
    character a few times at most. Markup without an end is text.
    """
    at = 0
    while markup := MARKUP.search(page, at):
        yield None, False, page[at : markup.start()]
        at = page.find("-->", markup.end()) + 3 if markup["comment"] else _end_of_tag(page, markup.end())
        if at < 3:
            at = markup.start()
            break
        name, is_start = (markup["name"] or "").lower(), not markup["slash"]
        if is_start and name in UNSEEN:
            end = ENDS_OF_UNSEEN[name].search(page, at)
            at = end.start() if end else len(page)
        elif name:
            yield name, is_start, ""
    yield None, False, page[at:]


def _end_of_tag(page: str, at: int) -> int:
    """Return where the tag ends whose attributes begin at ``at``: after ``>`` outside of quotes; 0 for nowhere."""
    first = page.find(">", at)
    end = first
    while end >= 0 and (quote := _first_quote(page, at, end)) is not None:
        closing = page.find(page[quote], quote + 1)
        if closing < 0:
            return first + 1
        at = closing + 1
        end = page.find(">", at)
    return (end if end >= 0 else first) + 1


def _first_quote(page: str, start: int, end: int) -> int | None:
    places = [place for place in (page.find(quote, start, end) for quote in "\"'") if place >= 0]
    return min(places, default=None)


class _Reader:
    """Collects blocks."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._parts: list[str] = []
        self._heading: str | None = None

    def start(self, tag: str) -> None:
        """Take note of a start tag."""
        if tag in BLOCKS:
            self.flush()
            self._heading = tag if tag in HEADINGS else self._heading
            if tag == "li":
                self._parts.append("• ")
        elif tag in ("td", "th") and self._parts:
            self._parts.append("\t")

    def end(self, tag: str) -> None:
        """Take note of an end tag."""
        if tag in BLOCKS:
            self.flush()
            self._heading = None if tag in HEADINGS else self._heading

    def read_text(self, text: str) -> None:
        """Add text to the current block, white space folded as browsers do."""
        self._parts.append(re.sub(r"\s+", " ", html.unescape(LONG_REFERENCE.sub("\ufffd", text))))

    def flush(self) -> None:
        """End the current block."""
        cells = "".join(self._parts).split("\t")
        text = "\t".join(re.sub(" +", " ", cell).strip() for cell in cells).strip()
        self._parts.clear()
        if text:
            points = HEADINGS[self._heading] if self._heading else BODY_POINTS
            self.blocks.append(Block(text, points, self._heading is not None))


# --- Word (ECMA-376 part 1, sections 11.3.10 and 17.3; part 2 for the package)

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
CONTENT_TYPES = (
    f'{XML}<Types xmlns="{PACKAGE}/content-types">'
    f'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{MAIN_TYPE}"/></Types>'
)
RELATIONSHIPS = (
    f'{XML}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    'Target="word/document.xml"/></Relationships>'
)
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same page makes the same file


def as_docx(blocks: list[Block]) -> bytes:
    """Return a Word document with a paragraph for each block."""
    body = "".join(_paragraph(block) for block in blocks)
    document = f'{XML}<w:document xmlns:w="{WORD}"><w:body>{body}<w:sectPr/></w:body></w:document>'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        for name, text in (
            ("[Content_Types].xml", CONTENT_TYPES),
            ("_rels/.rels", RELATIONSHIPS),
            ("word/document.xml", document),
        ):
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            package.writestr(entry, text.encode())
    return file.getvalue()


def _paragraph(block: Block) -> str:
    """Return a w:p; sizes are in half points."""
    bold = "<w:b/>" if block.is_bold else ""
    texts = (escape(part) for part in NO_XML.sub("", block.text).split("\t"))
    runs = "<w:tab/>".join(f'<w:t xml:space="preserve">{text}</w:t>' for text in texts)
    return f'<w:p><w:r><w:rPr>{bold}<w:sz w:val="{2 * block.points}"/></w:rPr>{runs}</w:r></w:p>'


# --- PDF (ISO 32000-1 sections 7.5 and 9)

PAGE_WIDTH, PAGE_HEIGHT, MARGIN = 595, 842, 56  # A4 in points
LEADING = 1.4
WIDEST_SHARE = 0.56  # of the height, what a letter of Helvetica takes on average at most


def as_pdf(blocks: list[Block]) -> bytes:
    """Return a PDF with the blocks as lines of Helvetica. Letters beyond Windows-1252 become question marks."""
    contents = _page_contents(blocks)
    kids = " ".join(f"{5 + 2 * number} 0 R" for number in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(contents)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    for number, content in enumerate(contents):
        page = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {PAGE_WIDTH} {PAGE_HEIGHT}] "
            f"/Resources << /Font << /R 3 0 R /B 4 0 R >> >> /Contents {6 + 2 * number} 0 R >>"
        )
        objects += [
            page.encode(),
            b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        ]
    return _file_of(objects)


def _page_contents(blocks: list[Block]) -> list[bytes]:
    """Return a content stream for each page; there is at least one."""
    pages: list[list[bytes]] = [[]]
    height = float(PAGE_HEIGHT - MARGIN)
    for block in blocks:
        step = block.points * LEADING
        for line in _lines(block):
            if height - step < MARGIN:
                pages.append([])
                height = float(PAGE_HEIGHT - MARGIN)
            height -= step
            font = b"B" if block.is_bold else b"R"
            place = b"BT /%b %d Tf %d %.1f Td (%b) Tj ET" % (font, block.points, MARGIN, height, line)
            pages[-1].append(place)
    return [b"\n".join(page) for page in pages]


def _lines(block: Block) -> list[bytes]:
    """Return a block's lines as the inside of PDF's literal strings (section 7.3.4.2)."""
    width = int((PAGE_WIDTH - 2 * MARGIN) / (block.points * WIDEST_SHARE))
    lines = textwrap.wrap(block.text.replace("\t", "    "), width, replace_whitespace=False)
    return [re.sub(rb"([\\()])", rb"\\\1", line.encode("cp1252", errors="replace")) for line in lines]


def _file_of(objects: list[bytes]) -> bytes:
    """Return numbered objects with header, cross-reference table and trailer (section 7.5)."""
    file = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(file))
        file += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(file)
    file += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    file += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    file += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(file)


WRITERS: Mapping[str, Callable[[list[Block]], bytes]] = {"docx": as_docx, "pdf": as_pdf}
