import time

import pytest

from sandbox.partners.aspose.html_blocks import blocks_of

PAGE = """<!doctype html><html><head><title>unseen</title><style>p { x: y }</style></head>
<body><h1>A   report</h1><p>First<br>second &lt;b&gt; (c) \\ </p><script>alert(1)</script>
<table><tr><th>Make<th>Year<tr><td> Audi </td><td>2014</td></tr></table><ul><li>one<li>two</ul>tail"""


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
    blocks_of("&#" + piece * (100_000 // len(piece)) + end)
    assert time.monotonic() - started < 30  # a reader that is not linear took 106 s
