"""Errors of the resource services, in the one shape that Vinli's clients read.

``{"statusCode": 404, "error": "Not Found", "message": "..."}`` is read by vinli-cli (lib/error_handler.js) and the
Android SDK; the Node SDK reads ``message``. No page of the docs shows an error body.
"""

from http import HTTPStatus

from flask import Response, jsonify
from werkzeug.exceptions import HTTPException


class Problem(Exception):
    """Ends a request with a status and a message for the developer."""

    def __init__(self, status: int, message: str, challenge: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.challenge = challenge


def problem_response(status: int, message: str) -> Response:
    """Return the JSON answer for a problem."""
    response = jsonify(statusCode=status, error=HTTPStatus(status).phrase, message=message)
    response.status_code = status
    return response


def answer_problem(problem: Problem) -> Response:
    """Turn a Problem into its answer."""
    response = problem_response(problem.status, problem.message)
    if problem.challenge:
        response.headers["WWW-Authenticate"] = problem.challenge
    return response


def answer_http_exception(error: HTTPException) -> Response:
    """Turn what Flask refuses (404, 405, 413) into the same shape."""
    original = error.get_response()
    response = problem_response(error.code or 500, error.description or "")
    if "Allow" in original.headers:
        response.headers["Allow"] = original.headers["Allow"]
    return response
