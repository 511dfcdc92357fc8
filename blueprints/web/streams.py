"""Responses that stream the rows of a list as they arrive.

The status is sent before the rows, so a list that fails in the middle ends as a broken transfer.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, TypeVar

from flask import Response, current_app, request, stream_with_context

from domain.list_stream import ListStream

T = TypeVar("T")

# Proxies must pass rows on at once. This is nginx's header; other proxies know it too.
UNBUFFERED = {"X-Accel-Buffering": "no"}
# If a transfer breaks off, Chromium drops data that it has received but not yet read into the page.
SECONDS_TO_READ = 2.0


def streamed_file(stream: ListStream[T], rows: Iterator[str], mimetype: str, file_name: str) -> Response:
    """Return a file response with a stream's rows. An incomplete list ends as a broken transfer."""
    # HTTP/1.0 ends a response by closing, so a broken list would look complete. Read the whole list first.
    is_chunked = request.environ.get("SERVER_PROTOCOL") != "HTTP/1.0"
    response = current_app.response_class(
        stream_with_context(stream.guard(rows)) if is_chunked else stream.whole(rows),
        mimetype=mimetype,
        headers=UNBUFFERED,
    )
    response.headers["Content-Disposition"] = f"attachment; filename={file_name}"
    response.call_on_close(stream.close)
    return response


def streamed_page(
    stream: ListStream[T], template_name: str, context: dict[str, Any], *, piece_size: int
) -> Response:
    """Return a page whose template reads the stream, sent in pieces of at least ``piece_size`` characters.

    The template gets the values in ``context``, and ``result``, which it calls after the last row.
    """
    template = current_app.jinja_env.get_template(template_name)
    about = {**context, "result": stream.result}
    current_app.update_template_context(about)
    pieces = _in_pieces(template.generate(**about), piece_size)
    body = stream.guard(_read_before_breaking(pieces, stream))
    response = current_app.response_class(stream_with_context(body), headers=UNBUFFERED)
    response.call_on_close(stream.close)
    return response


def _read_before_breaking(pieces: Iterator[str], stream: ListStream[T]) -> Iterator[str]:
    """Pass the pieces on. If the list is incomplete, wait so that the browser can show the page's last words."""
    yield from pieces
    if not stream.result().complete:
        stream.close()
        time.sleep(SECONDS_TO_READ)


def _in_pieces(parts: Iterator[str], size: int) -> Iterator[str]:
    """Join the parts of a template (one row is one part) into pieces of at least ``size`` characters."""
    waiting: list[str] = []
    length = 0
    for part in parts:
        waiting.append(part)
        length += len(part)
        if length >= size:
            yield "".join(waiting)
            waiting, length = [], 0
    yield "".join(waiting)
