import io
import re
import time
import zipfile
from xml.etree import ElementTree

import pytest

from sandbox.partners.aspose.documents import as_docx, as_pdf
from sandbox.partners.aspose.html_blocks import Block, blocks_of

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PAGE = """<!doctype html><html><head><title>unseen</title><style>p { x: y }</style></head>
<body><h1>A   report</h1><p>First<br>second &lt;b&gt; (c) \\ </p><script>alert(1)</script>
<table><tr><th>Make<th>Year<tr><td> Audi </td><td>2014</td></tr></table><ul><li>one<li>two</ul>tail"""


def words(content):
    """Return the paragraphs of a Word document."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert package.testzip() is None
        for name in package.namelist():
            if name.endswith((".xml", ".rels")):
                ElementTree.fromstring(package.read(name))
        document = ElementTree.fromstring(package.read("word/document.xml"))
    space = {"w": WORD}
    return [
        "".join(t.text or "" for t in p.iterfind(".//w:t", space)) for p in document.iterfind(".//w:p", space)
    ]


def objects(content):
    """Return the objects of a PDF by number, found as a reader does: through the cross-reference table."""
    assert content.startswith(b"%PDF-1.")
    assert content.endswith(b"%%EOF\n")
    start = int(re.search(rb"startxref\n(\d+)\n", content)[1])
    lines = content[start:].split(b"\n")
    assert lines[0] == b"xref"
    count = int(lines[1].split()[1])
    found = {}
    for number in range(1, count):
        assert len(lines[2 + number]) == 19  # 20 with its line feed (ISO 32000-1 section 7.5.4)
        offset = int(lines[2 + number][:10])
        assert content[offset:].startswith(b"%d 0 obj\n" % number)
        found[number] = content[offset : content.index(b"\nendobj", offset)]
    assert b"/Size %d\n/Root " % count in content
    return found


def test_a_word_document_holds_them():
    texts = words(as_docx(blocks_of(PAGE)))
    assert texts[0] == "A report"
    assert "second <b> (c) \\" in texts
    assert as_docx(blocks_of(PAGE)) == as_docx(blocks_of(PAGE))


@pytest.mark.parametrize("text", ["\x00\x01\x0b", "\ufffe\uffff", "]]>", "<&\"'>", "日本 😀"])
def test_any_text_makes_a_document_that_opens(text):
    blocks = [Block("a" + text)]
    assert words(as_docx(blocks))[0].startswith("a")
    objects(as_pdf(blocks))


def test_a_pdf_holds_them_and_its_table_leads_to_every_object():
    found = objects(as_pdf(blocks_of(PAGE)))
    [stream] = [content for content in found.values() if b"stream\n" in content]
    length = int(re.search(rb"/Length (\d+)", stream)[1])
    body = stream.split(b"stream\n", 1)[1].rsplit(b"\nendstream", 1)[0]
    assert len(body) == length
    assert rb"(second <b> \(c\) \\)" in body
    assert b" 20.00 Tf" in body
    assert as_pdf(blocks_of(PAGE)) == as_pdf(blocks_of(PAGE))


def test_long_texts_are_wrapped_and_go_on_to_more_pages():
    found = objects(as_pdf([Block("word " * 5000)]))
    pages = [content for content in found.values() if b"/Type /Page\n" in content]
    assert len(pages) > 3
    assert any(b"/Count %d\n" % len(pages) in content for content in found.values())
    longest = max(len(line) for content in found.values() for line in re.findall(rb"\((.*)\) Tj", content))
    assert 40 < longest < 90


@pytest.mark.parametrize("blocks", [[], [Block("")], [Block("x" * 10_000)]])
def test_unusual_pages_have_a_file_too(blocks):
    assert objects(as_pdf(blocks))
    assert len(words(as_docx(blocks))) == len(blocks)


@pytest.mark.parametrize("write", [as_docx, as_pdf])
def test_time_grows_with_the_number_of_blocks_and_no_faster(write):
    started = time.process_time()
    write([Block("• one\ttwo")] * 12_500)
    assert (
        time.process_time() - started < 12
    )  # a second or two; python-docx's own way of adding paragraphs takes 25 s
