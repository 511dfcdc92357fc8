"""The images at instyle.ai."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from blueprints.partners.asking import asked, page_of, partner_named
from blueprints.partners.blueprint import bp
from blueprints.web.operators import operator_required
from blueprints.web.policies import policy
from blueprints.web.services import services
from providers.partners.instyle import Image
from settings import Settings, is_loopback

MAX_URL = 2000


@dataclass(frozen=True)
class Picture:
    """An image of a partner. `is_shown` tells if a page may load it; otherwise the page shows only the link."""

    id: str
    url: str | None
    host: str
    is_shown: bool

    @classmethod
    def of(cls, image: Image, sources: Sequence[str]) -> Picture:
        """Return an image as a page shows it if the page's policy allows these sources."""
        try:
            parts = urlsplit(image.url or "")
        except ValueError:
            return cls(image.id, None, "", is_shown=False)
        is_shown = {f"{parts.scheme}:", f"{parts.scheme}://{parts.netloc}"} & set(sources)
        return cls(image.id, image.url, parts.hostname or "", is_shown=bool(is_shown))


def picture_sources(settings: Settings) -> tuple[str, ...]:
    """Return the sources for pictures of partners: any https origin, and a sandbox on this machine."""
    parts = urlsplit(settings.instyle_api_base_url or "")
    # A Content-Security-Policy cannot name IPv6 addresses.
    is_sandbox = parts.scheme == "http" and is_loopback(parts.hostname) and "[" not in parts.netloc
    return ("https:", f"{parts.scheme}://{parts.netloc}") if is_sandbox else ("https:",)


@bp.get("/instyle/images")
@policy(image_sources=picture_sources)
@operator_required
def images() -> tuple[str, int]:
    """Show the images as a grid of pictures."""
    added = request.args.get("added", "")
    return _images(added=added if _is_number(added) else "")


@bp.post("/instyle/images")
@policy(image_sources=picture_sources)
@operator_required
def add_image() -> Response | tuple[str, int]:
    """Add an image by its address, with the admin role."""
    number, url = request.form.get("id", "").strip(), request.form.get("url", "").strip()
    if error := _image_error(number, url):
        return _images(error=error, number=number, url=url)
    client = services().partners.instyle
    _, problem = asked(
        "instyle",
        lambda seconds: client.add_images([(int(number), url)], deadline=seconds) if client else None,
    )
    if problem:
        return page_of(
            "partners/images.html", problem, partner=partner_named("instyle"), number=number, url=url
        )
    return redirect(url_for("partners.images", added=number), code=303)


def _images(**about: str) -> tuple[str, int]:
    client = services().partners.instyle
    listed, problem = asked("instyle", lambda seconds: client.images(deadline=seconds) if client else [])
    sources = picture_sources(services().settings)
    pictures = None if listed is None else [Picture.of(image, sources) for image in listed]
    partner = partner_named("instyle")
    text, status = page_of("partners/images.html", problem, partner=partner, images=pictures, **about)
    return text, 400 if about.get("error") else status


def _image_error(number: str, url: str) -> str | None:
    if not _is_number(number):
        return "The id is a whole number."
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    is_clean = len(url) <= MAX_URL and url.isprintable() and " " not in url
    if not is_clean or parts.scheme not in {"https", "http"} or not parts.hostname:
        return "The address of an image begins with https:// and holds no blanks."
    return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15
