"""What a page says, in plain text: for answers that nobody can vouch for.

The standard library's `html.parser` takes time that grows with the square of some malformed pages (half a minute
for 256 KB of unclosed comments), so the few rules that matter here are written out: every step goes on from where the
last one ended, and what was searched for in vain is not searched for again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import unescape as html_unescape
from typing import Any

from providers.http import strict_json

MAX_TEXT = 2_000
MAX_TITLE = 200

# Whose content is markup or code, or is shown to nobody.
_RAW = frozenset({"script", "style", "template", "noscript", "iframe", "svg", "math", "object", "xmp"})
# What stands within a line; every other element begins a new one.
_INLINE = frozenset(
    "a abbr b bdi bdo big cite code del dfn em font i ins kbd label mark q s samp small span strong sub sup time tt u"
    " var wbr".split()
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
_TAG_NAME = re.compile(r"[A-Za-z][A-Za-z0-9:-]{0,40}")
_QUOTE_OR_END = re.compile(r">|=\s*([\"'])")
_ATTRIBUTE = re.compile(r"([^\s=/\"'>]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?")
# Python refuses to read numbers of thousands of digits; no character has a number of a hundred.
_LONG_REFERENCE = re.compile(r"&#[0-9]{100,};?")
# More of one tag is not looked at.
_MAX_TAG = 4_000
# More gathered text than this is not shown in any case.
_ENOUGH = 20_000
_JSON_TEXTS = ("error", "message", "error_description", "detail", "title")


@dataclass(frozen=True)
class PageText:
    """What a body says. `inputs` are its input fields as (type, name), lower-case; none unless it is HTML.

    `error` is the `error` of a JSON body, when that is a text.
    """

    title: str = ""
    text: str = ""
    is_html: bool = False
    inputs: frozenset[tuple[str, str]] = frozenset()
    error: str = ""


def page_text(body: bytes, content_type: str | None) -> PageText:
    """Read any bytes as what they are said to be: HTML, JSON, plain text. Never raises."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    text = decoded(body, content_type)
    if strict_json.is_json_type(kind):
        return _json_text(body, text)
    if "html" in kind or kind.endswith("xml") or (not kind and text.lstrip().startswith("<")):
        return _Reader(text).read()
    if kind and not kind.startswith("text/"):
        return PageText()
    return PageText(text=_lines(text))


def decoded(body: bytes, content_type: str | None) -> str:
    """Return bytes as text: by the charset that is named if it is a usual one, else as UTF-8, bad bytes replaced."""
    found = _CHARSET.search((content_type or "")[:500])
    name = _CHARSETS.get(found[1].lower(), "utf-8") if found else "utf-8"
    return body.decode(name, errors="replace").removeprefix("\ufeff")


def plain(text: str, most: int) -> str:
    """Return a text on one line: no control, format or surrogate characters, blanks joined, cut at `most`."""
    text = " ".join(text[: 4 * most + 1_000].split())
    text = "".join(character for character in text if unicodedata.category(character)[0] != "C")
    return text if len(text) <= most else text[: most - 1] + "…"


def _unescape(text: str) -> str:
    return html_unescape(_LONG_REFERENCE.sub("\ufffd", text))


def _lines(text: str) -> str:
    """Return a text with its lines, each of them plain, blank ones left out; cut at MAX_TEXT."""
    lines = (plain(line, MAX_TEXT) for line in text[:_ENOUGH].splitlines())
    joined = "\n".join(line for line in lines if line)
    return joined if len(joined) <= MAX_TEXT else joined[: MAX_TEXT - 1] + "…"


def _json_text(body: bytes, text: str) -> PageText:
    try:
        value = strict_json.loads(body)
    except strict_json.BadJson:
        return PageText(text=_lines(text))
    said = _said(value)
    error = value.get("error") if isinstance(value, dict) else None
    return PageText(
        text=_lines("\n".join(said) if said else text),
        error=plain(error, MAX_TITLE) if isinstance(error, str) else "",
    )


def _said(value: Any) -> list[str]:
    """Return the texts of a JSON body that are meant for people, from one level of nesting as well."""
    if not isinstance(value, dict):
        return []
    inner = value.get("error")
    nested = _said({**inner, "error": None}) if isinstance(inner, dict) else []
    return [value[name] for name in _JSON_TEXTS if isinstance(value.get(name), str)] + nested


@dataclass
class _Reader:
    """Goes through a page once, from the left to the right. Where there is a main part, that is its text."""

    page: str
    at: int = 0
    title: str = ""
    pieces: list[str] = field(default_factory=list)
    main: list[str] = field(default_factory=list)
    inputs: set[tuple[str, str]] = field(default_factory=set)
    in_main: bool = False
    gathered: int = 0
    lost: set[str] = field(default_factory=set)

    def read(self) -> PageText:
        while self.at < len(self.page):
            opened = self.page.find("<", self.at)
            end = len(self.page) if opened < 0 else opened
            self._take(self.page[self.at : end])
            self.at = end
            if opened >= 0:
                self._markup()
        main = _lines(_unescape("".join(self.main)))
        text = main or _lines(_unescape("".join(self.pieces)))
        return PageText(plain(_unescape(self.title), MAX_TITLE), text, True, frozenset(self.inputs))

    def _markup(self) -> None:
        """Read what begins with a `<`, which may be a tag, a comment, or just that character."""
        page, start = self.page, self.at + 1
        if page.startswith("!--", start):
            self._skip_past("-->")
        elif page.startswith(("!", "?"), start):
            self._skip_past(">")
        elif name := _TAG_NAME.match(page, start):
            self._opened(name[0].lower(), self._attributes(name.end()))
        elif page.startswith("/", start) and (name := _TAG_NAME.match(page, start + 1)):
            self._skip_past(">")
            self._closed(name[0].lower())
        else:
            self._take("&lt;")
            self.at = start

    def _opened(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "title":
            title = self._until_end_of(name)
            self.title = self.title or title
        elif name in _RAW:
            self._until_end_of(name)
        elif name == "input":
            kind = attributes.get("type", "text").lower()
            self.inputs.add((kind, attributes.get("name", "").lower()))
        elif name == "main":
            self.in_main = True
        self._break(name)

    def _closed(self, name: str) -> None:
        if name == "main":
            self.in_main = False
        self._break(name)

    def _attributes(self, start: int) -> dict[str, str]:
        """Go to the end of a tag, quotes minded, and return its attributes."""
        at = start
        while found := _QUOTE_OR_END.search(self.page, at):
            at = found.end()
            if not found[1]:
                break
            closed = self._find(found[1], at)
            at = closed + 1 if closed >= 0 else at
        self.at = at if found else len(self.page)
        # The end is not far in a page that means well.
        inside = self.page[start : min(self.at, start + _MAX_TAG)].rstrip(">")
        return {
            name[1].lower(): _unescape((name[2] or "").strip("\"'")) for name in _ATTRIBUTE.finditer(inside)
        }

    def _until_end_of(self, name: str) -> str:
        """Return the content of an element that holds no markup for us, and go past it."""
        start = self.at
        at = self._find(f"</{name}", start)
        self.at = len(self.page) if at < 0 else at
        content = self.page[start : self.at]
        if at >= 0:
            self._skip_past(">")
        return content

    def _skip_past(self, mark: str) -> None:
        at = self._find(mark, self.at)
        self.at = len(self.page) if at < 0 else at + len(mark)

    def _find(self, mark: str, start: int) -> int:
        if mark in self.lost:
            return -1
        # End tags are found in any case; lower() may change the length of a text, so it is not used.
        if mark.startswith("</"):
            found = re.compile(re.escape(mark), re.I).search(self.page, start)
            at = found.start() if found else -1
        else:
            at = self.page.find(mark, start)
        if at < 0:
            self.lost.add(mark)
        return at

    def _break(self, name: str) -> None:
        if name not in _INLINE:
            self._take("\n")

    def _take(self, text: str) -> None:
        pieces = self.main if self.in_main else self.pieces
        is_repeated_break = text == "\n" and pieces[-1:] == ["\n"]
        if is_repeated_break or not text or self.gathered > _ENOUGH * 4:
            return
        # Line ends of the source are blanks.
        text = text if text == "\n" else re.sub(r"\s+", " ", text[:_ENOUGH])
        self.gathered += len(text)
        pieces.append(text)
