"""Read an HTML page as a person without scripts sees it, and check the rules for all our pages."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlsplit

RESOURCE_ATTRIBUTES = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


class Page(HTMLParser):
    """What a page holds: ``title``, ``heading`` (the first h1), ``text``, ``links``.

    ``problem`` is the code of the problem that the page tells about. ``forms`` have action, method and fields.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.titles: list[str] = []
        self.headings: list[str] = []
        self.text = ""
        self.links: list[str] = []
        self.forms: list[dict] = []
        self.ids: list[str] = []
        self.faults: list[str] = []
        self.problem: str | None = None
        self._open: list[str] = []
        self.feed(html)

    @property
    def title(self) -> str:
        return self.titles[0].strip() if self.titles else ""

    @property
    def heading(self) -> str:
        return " ".join(self.headings[0].split()) if self.headings else ""

    def form(self, action: str) -> dict:
        """Return the form with this action."""
        return next(form for form in self.forms if form["action"] == action)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self._open.append(tag)
        self._judge(tag, found)
        self.problem = self.problem or found.get("data-problem")
        if tag == "title":
            self.titles.append("")
        elif tag == "h1":
            self.headings.append("")
        elif tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "form":
            self.forms.append(
                {"action": found.get("action", ""), "method": found.get("method"), "fields": {}}
            )
        elif tag == "input" and self.forms and "name" in found:
            self.forms[-1]["fields"][found["name"]] = found.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        while tag in self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "title" in self._open and "svg" not in self._open:
            self.titles[-1] += data
        if "h1" in self._open:
            self.headings[-1] += data
        if not {"script", "style"} & set(self._open):
            self.text += data

    def _judge(self, tag: str, attributes: dict[str, str]) -> None:
        if "id" in attributes:
            self.ids.append(attributes["id"])
        self.faults += [f"{tag} {name}" for name in attributes if name.startswith("on") or name == "style"]
        if tag == "style" or (tag == "script" and "src" not in attributes):
            self.faults.append(f"inline {tag}")
        if tag == "base" or attributes.get("http-equiv"):
            self.faults.append(f"{tag} {attributes}")
        resource = attributes.get(RESOURCE_ATTRIBUTES.get(tag, ""), "")
        if urlsplit(resource).netloc:
            self.faults.append(f"resource of another site: {resource}")
        for name in ("href", "src", "action"):
            if urlsplit(attributes.get(name, "").strip()).scheme not in {"", "http", "https"}:
                self.faults.append(f"{tag} {name}={attributes[name]}")


def assert_is_sound(html: str) -> None:
    """Fail unless the page has one title and one heading, unique ids, and no inline or external content."""
    page = Page(html)
    assert len([title for title in page.titles if title.strip()]) == 1, page.titles
    assert page.heading, "no h1"
    assert len(set(page.ids)) == len(page.ids), f"ids used twice: {sorted(page.ids)}"
    assert not page.faults, page.faults
