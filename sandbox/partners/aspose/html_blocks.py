"""The text of an HTML page, block by block. No layout, no pictures."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

HEADINGS = {"h1": 20, "h2": 16, "h3": 13, "h4": 12, "h5": 11, "h6": 11}
BODY_POINTS = 11
BLOCKS = frozenset(
    "address article aside blockquote body br caption dd div dl dt figcaption figure footer form header hr html li "
    "main nav ol p pre section table tbody tfoot thead tr ul".split()
) | frozenset(HEADINGS)
UNSEEN = frozenset(("script", "style", "template", "title"))


@dataclass(frozen=True)
class Block:
    """One paragraph of text. ``points`` is the letter height. Headings are bold, and most are larger than text."""

    text: str
    points: int = BODY_POINTS
    is_bold: bool = False


# The start of markup: a comment, a tag with its name, or a declaration.
MARKUP = re.compile(r"<(?:(?P<comment>!--)|(?P<slash>/?)(?P<name>[a-zA-Z][a-zA-Z0-9-]*)|[!?/])")
ENDS_OF_UNSEEN = {name: re.compile(f"</{name}", re.IGNORECASE) for name in UNSEEN}
# Python does not convert numbers of thousands of digits, and no character has a number of more than seven digits.
LONG_REFERENCE = re.compile("&#[0-9]{9,};?")


def blocks_of(page: str) -> list[Block]:
    """Return the text of an HTML page. The cells of a table row are one block, separated by tabs."""
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
    """Yield (name, whether it is a start tag, "") for each tag, and (None, False, text) for the text between tags.

    The standard library's parser needs minutes for a hundred kilobytes of tags without an end. This one reads each
    character a few times at most. Markup without an end counts as text.
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
    """Return the position after a tag's ``>`` outside of quotes, 0 without one. Its attributes begin at ``at``."""
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
        """Handle a start tag."""
        if tag in BLOCKS:
            self.flush()
            self._heading = tag if tag in HEADINGS else self._heading
            if tag == "li":
                self._parts.append("• ")
        elif tag in ("td", "th") and self._parts:
            self._parts.append("\t")

    def end(self, tag: str) -> None:
        """Handle an end tag."""
        if tag in BLOCKS:
            self.flush()
            self._heading = None if tag in HEADINGS else self._heading

    def read_text(self, text: str) -> None:
        """Add text to the current block. White space is collapsed as in browsers."""
        self._parts.append(re.sub(r"\s+", " ", html.unescape(LONG_REFERENCE.sub("\ufffd", text))))

    def flush(self) -> None:
        """End the current block."""
        cells = "".join(self._parts).split("\t")
        text = "\t".join(re.sub(" +", " ", cell).strip() for cell in cells).strip()
        self._parts.clear()
        if text:
            points = HEADINGS[self._heading] if self._heading else BODY_POINTS
            self.blocks.append(Block(text, points, self._heading is not None))
