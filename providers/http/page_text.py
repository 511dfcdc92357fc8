"""Extract the plain text of a page, for responses of untrusted content.

Lexbor parses HTML as a browser does (WHATWG HTML, section 13.2). Its time grows with the square of the depth of a tree
and of the attributes of a tag. It grows faster still with formatting elements that are left open: 64 KB of them took 40
seconds and 3 GB. So `_bounded` prepares each page. The worst page then takes about 0.3 seconds (48 KB of attributes),
and Lexbor does not hold the interpreter's lock meanwhile.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from html import unescape
from itertools import islice
from typing import Any

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

from providers.http import strict_json

MAX_TEXT = 2_000
MAX_TITLE = 200

# Elements whose content is markup or code, or is not shown.
_SILENT = frozenset("script style template noscript iframe noembed noframes svg math object xmp".split())
# Elements that stay within a line. Every other element begins a new line.
_INLINE = frozenset(
    "a abbr b bdi bdo big cite code del dfn em font i ins kbd label mark nobr q s samp small span strike strong sub sup"
    " time tt u var wbr".split()
)
_CHARSETS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-16": "utf-16",
    "us-ascii": "cp1252",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "windows-1252": "cp1252",
}
_CHARSET = re.compile(r"charset=[\"']?([A-Za-z0-9_-]{1,40})", re.I)
# Limits of the part of a page that is parsed. The content of styles and scripts does not count.
_MAX_PAGE_BYTES = 48 * 1024
_MAX_MARKUP = 4_000
# The possible beginnings of a tag, a comment or a declaration.
_MARKUP = re.compile(rb"<[A-Za-z/!?]")
# Styles and scripts are the bulk of most large pages. The pattern stops at the next start tag of the same name and at a
# comment, so the time of a search grows linearly with a page.
_CODE = re.compile(rb"<(script|style)(?=[\s/>])(?:[^<]++|<(?!/?\1|!--))*+</\1\s*>", re.I)
# Formatting elements (WHATWG HTML, section 13.2.4.3). If one is left open, a parser opens it again in every later block
# and copies its attributes each time.
_FORMATTING = re.compile(
    rb"</?(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\t\n\f\r />])", re.I
)
# Added to the name of a formatting element, so that HTML does not know the name. `plain` removes it from texts.
_RENAMED = "\x01"
# Collected text beyond this many characters is never shown.
_ENOUGH = 20_000
_JSON_TEXTS = ("error", "message", "error_description", "detail", "title")


_TITLE = re.compile(rb"<title[^<>]{0,200}>([^<]{0,2000})", re.I)


@dataclass(frozen=True)
class PageText:
    """The text of a body. `inputs` are its input fields as (type, name) in lower case, empty unless it is HTML.

    `error` is the `error` of a JSON body, "" unless that is a text.
    """

    title: str = ""
    text: str = ""
    is_html: bool = False
    inputs: frozenset[tuple[str, str]] = frozenset()
    error: str = ""


def page_text(body: bytes, content_type: str | None) -> PageText:
    """Read bytes as their content type says: HTML, JSON or plain text. Never raises."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    text = decoded(body, content_type)
    if strict_json.is_json_type(kind):
        return _json_text(body, text)
    if "html" in kind or kind.endswith("xml") or (not kind and text.lstrip().startswith("<")):
        return _html_text(text)
    if kind and not kind.startswith("text/"):
        return PageText()
    return PageText(text=_lines(text))


def title_of_page(body: bytes | None, content_type: str | None) -> str | None:
    """Return the title of an HTML page, "" if it has none; None if the body is no HTML page. Never raises.

    This reads the beginning of the page alone, so that it can be done for every error.
    """
    start = (body or b"")[:_MAX_PAGE_BYTES]
    kind = (content_type or "").partition(";")[0].strip().lower()
    if "html" not in kind and not start.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        return None
    found = _TITLE.search(start)
    return plain(unescape(decoded(found[1], content_type)), MAX_TITLE) if found else ""


def decoded(body: bytes, content_type: str | None) -> str:
    """Return bytes as text, in the named charset if it is a usual one, otherwise in UTF-8. Bad bytes are replaced."""
    found = _CHARSET.search((content_type or "")[:500])
    name = _CHARSETS.get(found[1].lower(), "utf-8") if found else "utf-8"
    return body.decode(name, errors="replace").removeprefix("\ufeff")


def plain(text: str, most: int) -> str:
    """Return a text on one line of at most `most` characters.

    Control, format and surrogate characters are removed, and runs of blanks become one blank.
    """
    text = " ".join(text[: 4 * most + 1_000].split())
    text = "".join(character for character in text if unicodedata.category(character)[0] != "C")
    return text if len(text) <= most else text[: most - 1] + "…"


def _lines(text: str) -> str:
    """Return a text with `plain` applied to each line, without blank lines, cut at MAX_TEXT characters."""
    lines = (plain(line, MAX_TEXT) for line in text[:_ENOUGH].splitlines())
    joined = "\n".join(line for line in lines if line)
    return joined if len(joined) <= MAX_TEXT else joined[: MAX_TEXT - 1] + "…"


def _json_text(body: bytes, text: str) -> PageText:
    try:
        value = strict_json.loads_leniently(body)
    except strict_json.BadJson:
        return PageText(text=_lines(text))
    said = _said(value)
    error = value.get("error") if isinstance(value, dict) else None
    return PageText(
        text=_lines("\n".join(said) if said else text),
        error=plain(error, MAX_TITLE) if isinstance(error, str) else "",
    )


def _said(value: Any) -> list[str]:
    """Return the texts of a JSON body that are meant for people, including those one level down in `error`."""
    if not isinstance(value, dict):
        return []
    inner = value.get("error")
    nested = _said({**inner, "error": None}) if isinstance(inner, dict) else []
    return [value[name] for name in _JSON_TEXTS if isinstance(value.get(name), str)] + nested


def _html_text(page: str) -> PageText:
    # With `scripting`, the content of <noscript> is not markup, as in a browser. Mutation events are off because only
    # <select> needs them: they copy the words of an option, in time that grows with the square of the options.
    tree = LexborHTMLParser(_bounded(page), options=LexborDocumentOptions.WO_EVENTS, scripting=True)
    reader = _Reader()
    if tree.root:
        reader.read(tree.root)
    return reader.page_text()


def _bounded(page: str) -> bytes:
    """Return the page as UTF-8 for Lexbor: without code, cut at the limits, and with formatting elements renamed.

    Renamed elements keep their words in place. Lexbor does not reopen them in later blocks, which changes no words.
    In a browser they end an <svg> or <math> that lacks its end tag. Here they do not; other elements still do.
    """
    body = _CODE.sub(rb"<\1></\1>", page.encode())[:_MAX_PAGE_BYTES]
    beyond = next(islice(_MARKUP.finditer(body), _MAX_MARKUP, None), None)
    body = body[: beyond.start()] if beyond else body
    return _FORMATTING.sub(rb"\g<0>" + _RENAMED.encode(), body)


@dataclass
class _Reader:
    """Collect the texts of a tree in document order. If <main> has words, they are the text of the page."""

    title: str = ""
    outside: list[str] = field(default_factory=list)
    main: list[str] = field(default_factory=list)
    inputs: set[tuple[str, str]] = field(default_factory=set)
    open_mains: int = 0

    def page_text(self) -> PageText:
        text = _lines("".join(self.main)) or _lines("".join(self.outside))
        return PageText(plain(self.title, MAX_TITLE), text, True, frozenset(self.inputs))

    def read(self, root: LexborNode) -> None:
        # A stack of nodes to read and names of elements to end, because a tree may exceed Python's recursion limit.
        ahead: list[LexborNode | str] = [root]
        while ahead:
            item = ahead.pop()
            if isinstance(item, str):
                self._ended(item)
                continue
            if following := item.next:
                ahead.append(following)
            name = (item.tag or "").removesuffix(_RENAMED)
            if self._begun(name, item):
                ahead.append(name)
                if child := item.first_child:
                    ahead.append(child)

    def _begun(self, name: str, node: LexborNode) -> bool:
        """Read a node without its children, and return whether to read the children."""
        if name.startswith("-"):
            # The node is a text or a comment; a comment has no `text_content`. Line ends in the source become blanks.
            self._pieces.append(re.sub(r"\s+", " ", node.text_content or ""))
            return False
        self._break(name)
        if name == "title":
            self.title = self.title or node.text()
        elif name == "input":
            given = node.attributes
            self.inputs.add(((given.get("type") or "text").lower(), (given.get("name") or "").lower()))
        elif name == "main":
            self.open_mains += 1
        return name != "title" and name not in _SILENT

    def _ended(self, name: str) -> None:
        if name == "main":
            self.open_mains -= 1
        self._break(name)

    def _break(self, name: str) -> None:
        if name not in _INLINE and self._pieces[-1:] != ["\n"]:
            self._pieces.append("\n")

    @property
    def _pieces(self) -> list[str]:
        return self.main if self.open_mains else self.outside
