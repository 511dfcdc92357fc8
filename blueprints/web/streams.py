"""Answers that stream the rows of a list as they arrive.

Once rows have been sent the status is gone: a list that fails midway ends in a broken transfer.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, TypeVar

from flask import Response, current_app, request, stream_with_context

from domain.list_stream import ListStream

T = TypeVar("T")

# Proxies must pass rows on as they come (nginx's name for it; others follow it).
UNBUFFERED = {"X-Accel-Buffering": "no"}
# When a transfer breaks off, Chromium drops what it has received and not yet read into the page.
SECONDS_TO_READ = 2.0


def streamed_file(stream: ListStream[T], rows: Iterator[str], mimetype: str, file_name: str) -> Response:
    """Answer with a file made of a stream's rows, which never looks whole when the list is not."""
    pieces = stream.guard(rows)
    # HTTP/1.0 ends an answer by closing, so there a broken list would look whole: it is read first.
    is_chunked = request.environ.get("SERVER_PROTOCOL") != "HTTP/1.0"
    response = current_app.response_class(
        stream_with_context(pieces) if is_chunked else "".join(pieces), mimetype=mimetype, headers=UNBUFFERED
    )
    response.headers["Content-Disposition"] = f"attachment; filename={file_name}"
    response.call_on_close(stream.close)
    return response


def streamed_page(
    stream: ListStream[T], template_name: str, context: dict[str, Any], *, piece_size: int
) -> Response:
    """Answer with a page whose template reads the stream, in pieces of at least ``piece_size`` characters.

    The template gets ``result``, to be called after the last row, beside what is in ``context``.
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
    """Give the browser time to show the end of an incomplete page, which says why, before the transfer breaks."""
    yield from pieces
    if not stream.result().complete:
        stream.close()
        time.sleep(SECONDS_TO_READ)


def _in_pieces(parts: Iterator[str], size: int) -> Iterator[str]:
    """Join the small parts of a template (a row is one part) into pieces of at least ``size`` characters."""
    waiting: list[str] = []
    length = 0
    for part in parts:
        waiting.append(part)
        length += len(part)
        if length >= size:
            yield "".join(waiting)
            waiting, length = [], 0
    yield "".join(waiting)
