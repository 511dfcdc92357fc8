"""Errors of the resource services, in the shape that Vinli's clients read.

``{"statusCode": 404, "error": "Not Found", "message": "..."}`` is read by vinli-cli (lib/error_handler.js) and the
Android SDK; the Node SDK reads ``message``. The docs show no error body.
"""

from http import HTTPStatus

from flask import Response, jsonify
from werkzeug.exceptions import HTTPException


class ApiError(Exception):
    """An error response: status, message for the developer, and the value of WWW-Authenticate if there is one.

    Raised by a view, it ends the request.
    """

    def __init__(self, status: int, message: str, challenge: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.challenge = challenge


def error_response(status: int, message: str) -> Response:
    """Return an error as a JSON response."""
    response = jsonify(statusCode=status, error=HTTPStatus(status).phrase, message=message)
    response.status_code = status
    return response


def api_error_response(error: ApiError) -> Response:
    """Return the response for an ApiError."""
    response = error_response(error.status, error.message)
    if error.challenge:
        response.headers["WWW-Authenticate"] = error.challenge
    return response


def http_error_response(error: HTTPException) -> Response:
    """Return an error of Flask (404, 405, 413) in the same shape."""
    original = error.get_response()
    response = error_response(error.code or 500, error.description or "")
    if "Allow" in original.headers:
        response.headers["Allow"] = original.headers["Allow"]
    return response
