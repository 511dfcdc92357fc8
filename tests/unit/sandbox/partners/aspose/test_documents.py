import io
import re
import time
import zipfile
from xml.etree import ElementTree

import pytest

from sandbox.partners.aspose.documents import WORD, Block, as_docx, as_pdf, blocks_of

PAGE = """<!doctype html><html><head><title>unseen</title><style>p { x: y }</style></head>
<body><h1>A   report</h1><p>First<br>second &lt;b&gt; (c) \\ </p><script>alert(1)</script>
<table><tr><th>Make<th>Year<tr><td> Audi </td><td>2014</td></tr></table><ul><li>one<li>two</ul>tail"""


def words(content):
    """Return the paragraphs of a Word document."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        assert package.testzip() is None
        for name in package.namelist():
            ElementTree.fromstring(package.read(name))
        document = ElementTree.fromstring(package.read("word/document.xml"))
    space = {"w": WORD}
    return [
        "".join(t.text or "" for t in p.iterfind(".//w:t", space)) for p in document.iterfind(".//w:p", space)
    ]


def objects(content):
    """Return the objects of a PDF by number, found as a reader does: through the cross-reference table."""
    assert content.startswith(b"%PDF-1.4\n")
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
    assert b"/Size %d /Root 1 0 R" % count in content
    return found


def test_a_page_becomes_blocks():
    assert [(block.text, block.is_bold) for block in blocks_of(PAGE)] == [
        ("A report", True),
        ("First", False),
        ("second <b> (c) \\", False),
        ("Make\tYear", False),
        ("Audi\t2014", False),
        ("• one", False),
        ("• two", False),
        ("tail", False),
    ]


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
    stream = found[6]
    length = int(re.search(rb"/Length (\d+)", stream)[1])
    body = stream.split(b"stream\n", 1)[1].rsplit(b"\nendstream", 1)[0]
    assert len(body) == length
    assert rb"(second <b> \(c\) \\)" in body
    assert b"/B 20 Tf" in body


def test_long_texts_are_wrapped_and_go_on_to_more_pages():
    found = objects(as_pdf([Block("word " * 5000)]))
    pages = [content for content in found.values() if b"/Type /Page " in content]
    assert len(pages) > 3
    assert b"/Count %d" % len(pages) in found[2]
    longest = max(len(line) for content in found.values() for line in re.findall(rb"\((.*)\) Tj", content))
    assert 40 < longest < 90


@pytest.mark.parametrize("blocks", [[], [Block("")], [Block("x" * 10_000)]])
def test_unusual_pages_have_a_file_too(blocks):
    assert objects(as_pdf(blocks))
    assert len(words(as_docx(blocks))) == len(blocks)


@pytest.mark.parametrize(
    ("page", "texts"),
    [
        ("<p>a<!-- x > -->b<p>c", ["ab", "c"]),
        ("x <3 y < z", ["x <3 y < z"]),
        ("<b>bo</b>ld", ["bold"]),
        ("<SCRIPT>1 < 2</SCRIPT >seen", ["seen"]),
        ("a<script>never ends", ["a"]),
        ("a&#99999999999999;b&amp;&#228;", ["a\ufffdb&ä"]),
        ("a<p never ends", ["a<p never ends"]),
        ("<!DOCTYPE html><?xml x?>a", ["a"]),
        ("", []),
    ],
)
def test_odd_markup_is_read_as_a_browser_would_or_shown(page, texts):
    assert [block.text for block in blocks_of(page)] == texts


def test_tags_end_outside_of_quotes():
    page = """<a title="a > b" href='x">'>one</a><p class=">two<img alt='>three"""
    assert [block.text for block in blocks_of(page)] == ["one", "twothree"]


@pytest.mark.parametrize(
    "piece",
    [
        *("<", "<a ", "<a", "<!", "<!--", "</", "<p>", "&", "<li><td>", "<script>", "<h1>", "&#x1;", "&#9"),
        *('<a "', "<a '", '<a ">', "<a \"'>", '<a "" ', "<a '\">", "</script", "<!-->", '<p "></p>', "9"),
    ],
)
@pytest.mark.parametrize("end", ["", ">", '">', "'>", "-->"])
def test_no_page_takes_long(piece, end):
    started = time.monotonic()
    blocks = blocks_of("&#" + piece * (100_000 // len(piece)) + end)
    as_docx(blocks)
    as_pdf(blocks)
    assert time.monotonic() - started < 30  # a reader that is not linear took 106 s
