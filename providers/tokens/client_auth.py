"""HTTP Basic for OAuth clients, for servers that decode the credentials and for servers that do not.

RFC 6749 section 2.3.1 says that id and secret are form-encoded before they go into the header. Many servers take them
as they are. Both forms are the same unless a character needs encoding. Only then the second form is tried, after the
first was refused.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote_plus

from requests.auth import AuthBase

from providers.errors import Refused
from providers.http.auth import BasicAuth

A = TypeVar("A")


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

    def send(self, request: Callable[[AuthBase], A]) -> A:
        """Send a request with the credentials. If the client is refused, send it once more with the other form.

        Raises the errors of `request`; if both forms are refused, those of the first.
        """
        first, *others = self._forms
        try:
            return request(first)
        except Refused as refusal:
            if not others or not _is_about_the_client(refusal):
                raise
            return self._try(others[0], request, refusal)

    def _try(self, form: AuthBase, request: Callable[[AuthBase], A], before: Refused) -> A:
        try:
            answer = request(form)
        except Refused as refusal:
            if _is_about_the_client(refusal):
                raise before from refusal
            self._prefer(form)
            raise
        self._prefer(form)
        return answer

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
