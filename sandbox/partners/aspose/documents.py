"""Blocks of text written as small Word and PDF files.

The libraries are imported where they are used. Importing both takes half a second, and most runs of the sandbox convert
nothing.
"""

import io
import re
import textwrap
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from sandbox.partners.aspose.html_blocks import Block

NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2
MARGIN = 56  # points
LEADING = 1.4  # line height divided by letter height
WIDEST_SHARE = 0.56  # average width of Helvetica's letters divided by their height, at most
# The same page makes the same file, so no file says when it was made.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)
PDF_TIME = datetime(2000, 1, 1, tzinfo=UTC)


def as_docx(blocks: Sequence[Block]) -> bytes:
    """Return a Word document with a paragraph for each block; characters that XML cannot hold are left out."""
    from docx import Document
    from docx.oxml.parser import OxmlElement
    from docx.shared import Pt
    from docx.text.paragraph import Paragraph

    document = Document()
    end = document.sections[-1]._sectPr
    for block in blocks:
        # ``document.add_paragraph`` reads the whole body each time: 24 s for 25,000 paragraphs.
        element = OxmlElement("w:p")
        end.addprevious(element)
        run = Paragraph(element, document._body).add_run(NO_XML.sub("", block.text))
        run.font.size = Pt(block.points)
        run.font.bold = block.is_bold or None
    file = io.BytesIO()
    document.save(file)
    return _with_fixed_times(file)


def _with_fixed_times(file: io.BytesIO) -> bytes:
    """Return a zip file with ZIP_TIME in place of the time at which it was written."""
    copy = io.BytesIO()
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(copy, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(entry, source.read(name))
    return copy.getvalue()


def as_pdf(blocks: Sequence[Block]) -> bytes:
    """Return an A4 PDF with the blocks as lines of Helvetica. Letters beyond Windows-1252 become question marks."""
    from fpdf import FPDF

    document = FPDF(unit="pt", format="A4")
    document.core_fonts_encoding = "cp1252"
    document.set_creation_date(PDF_TIME)
    document.set_compression(False)  # a developer can read the text in the file
    document.add_page()
    y = float(MARGIN)
    for block in blocks:
        document.set_font("Helvetica", "B" if block.is_bold else "", block.points)
        for line in _lines(block, document.w - 2 * MARGIN):
            y += block.points * LEADING
            if y > document.h - MARGIN:
                document.add_page()
                y = MARGIN + block.points * LEADING
            document.text(MARGIN, y, line)
    return bytes(document.output())


def _lines(block: Block, width: float) -> list[str]:
    """Return a block's lines for a page ``width`` points wide.

    fpdf2 measures each letter to break lines, which takes 3 s for 40,000 short blocks. An average width is enough here.
    """
    text = block.text.replace("\t", "    ").encode("cp1252", errors="replace").decode("cp1252")
    return textwrap.wrap(text, int(width / (block.points * WIDEST_SHARE)), replace_whitespace=False)


WRITERS: Mapping[str, Callable[[Sequence[Block]], bytes]] = {"docx": as_docx, "pdf": as_pdf}
