"""HTTP Basic for OAuth clients, for servers that decode the credentials and for servers that do not.

RFC 6749 section 2.3.1 says that id and secret are form-encoded before they go into the header. Many servers take them
as they are. Both forms are the same unless a character needs encoding. Only then the second form is tried, after the
first was refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Generic, TypeVar, cast
from urllib.parse import quote_plus

from requests.auth import AuthBase

from providers.errors import ProviderError, Refused
from providers.http.auth import BasicAuth

A = TypeVar("A")


@dataclass(frozen=True)
class _Outcome(Generic[A]):
    """What came of a request: an answer, which may report a refusal, or a refusal that was raised."""

    answer: A | None
    refusal: ProviderError | None

    @property
    def is_client_refused(self) -> bool:
        return isinstance(self.refusal, Refused) and _is_about_the_client(self.refusal)

    def result(self) -> A:
        if self.answer is None and self.refusal is not None:
            raise self.refusal
        return cast(A, self.answer)


def _outcome(
    request: Callable[[AuthBase], A], form: AuthBase, reported: Callable[[A], ProviderError | None]
) -> _Outcome[A]:
    try:
        answer = request(form)
    except Refused as refusal:
        return _Outcome(None, refusal)
    return _Outcome(answer, reported(answer))


def _nothing(_answer: object) -> None:
    return None


class ClientBasic:
    """The HTTP Basic credentials of one client. Remembers which form its server accepts.

    Raises ValueError for control characters.
    """

    def __init__(self, client_id: str, client_secret: str) -> None:
        # Control characters are refused in both forms, because no server gives them out.
        plain = BasicAuth(client_id.replace(":", ""), client_secret)
        encoded = BasicAuth(_encoded(client_id), _encoded(client_secret))
        self._forms: tuple[AuthBase, ...]
        if ":" in client_id:
            # HTTP Basic cannot carry this id as it is, but it can carry the encoded form.
            self._forms = (encoded,)
        elif _encoded(client_id + client_secret) == client_id + client_secret:
            self._forms = (plain,)
        else:
            self._forms = (plain, encoded)

    def send(
        self, request: Callable[[AuthBase], A], reported: Callable[[A], ProviderError | None] = _nothing
    ) -> A:
        """Send a request with the credentials. If the client is refused, send it once more with the other form.

        `reported` returns the error that an answer with status 2xx reports, None if it reports none. Raises the errors
        of `request`; if both forms are refused, those of the first.
        """
        first, *others = self._forms
        outcome = _outcome(request, first, reported)
        if others and outcome.is_client_refused:
            second = _outcome(request, others[0], reported)
            if not second.is_client_refused:
                self._prefer(others[0])
                outcome = second
        return outcome.result()

    def _prefer(self, form: AuthBase) -> None:
        self._forms = (form, *(other for other in self._forms if other is not form))


def _encoded(text: str) -> str:
    return quote_plus(text, safe="*")


def _is_about_the_client(refusal: Refused) -> bool:
    """Say whether a token endpoint refuses the client itself. A 401 without a code means nothing else there."""
    if refusal.error is None:
        return refusal.status == HTTPStatus.UNAUTHORIZED
    return refusal.error == "invalid_client" or (
        refusal.status == HTTPStatus.UNAUTHORIZED and refusal.error != "invalid_grant"
    )
