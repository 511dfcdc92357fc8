"""The codes, tokens and consents that the authorization server remembers, in bounded memory."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.bounded import BoundedDict
from sandbox.world.clock import Clock


@dataclass
class Code:
    """An authorization code, bound to client, redirect URI and code challenge (RFC 6749 section 4.1.2, RFC 7636)."""

    value: str = field(repr=False)
    client_id: str
    redirect_uri: str
    driver: int
    expires_at: float
    code_challenge: str | None = None
    code_challenge_method: str | None = None
    is_used: bool = False

    @property
    def grant(self) -> str:
        """The ``grant`` of the tokens that are issued for this code."""
        return self.value

    def get_redirect_uri(self) -> str:
        """Return the redirect URI that the token request has to repeat. Authlib calls this method."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Return no scope: Vinli documents none."""
        return ""


@dataclass
class Token:
    """An access token, with or without a refresh token.

    ``expires_at`` is in Unix seconds, None when the token is valid until it is revoked. ``grant`` is the same for all
    tokens of one approval, including renewed ones.
    """

    access_token: str = field(repr=False)
    grant: str = field(repr=False)
    client_id: str
    driver: int
    expires_at: float | None
    refresh_token: str | None = field(default=None, repr=False)

    def check_client(self, client: object) -> bool:
        """Tell whether ``client`` may refresh the token. Authlib calls this method."""
        return getattr(client, "id", None) == self.client_id

    def get_scope(self) -> str:
        """Return no scope: Vinli documents none."""
        return ""


class Tokens:
    """Keeps the codes and tokens that Authlib issued, and tells which are still valid."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._codes: BoundedDict[Code] = BoundedDict()
        self._tokens: BoundedDict[Token] = BoundedDict()
        self._refresh: BoundedDict[Token] = BoundedDict()
        self._spent: BoundedDict[Token] = BoundedDict()
        self._consents: BoundedDict[bool] = BoundedDict()

    def save_code(self, code: Code) -> None:
        """Keep a code until it is used, or dropped because there are too many."""
        with self._lock:
            self._codes[code.value] = code

    def driver_of_code(self, value: str) -> int | None:
        """Return the number of the driver of a code, valid or not. None for an unknown code."""
        with self._lock:
            code = self._codes.get(value)
            return code.driver if code else None

    def use_code(self, value: str, client_id: str) -> Code | None:
        """Return the code and mark it as used. None when it is not valid for this client.

        When a code is used a second time, the tokens issued for it are revoked (RFC 6749 section 4.1.2). A request of
        another client leaves the code as it is.
        """
        with self._lock:
            code = self._codes.get(value)
            if code is None or code.client_id != client_id:
                return None
            if code.is_used:
                self._revoke(lambda token: token.grant == value)
                return None
            code.is_used = True
            return code if code.expires_at > self._clock.now() else None

    def save(self, token: Token) -> None:
        """Keep a token until it is revoked, or dropped because there are too many."""
        with self._lock:
            self._tokens[token.access_token] = token
            if token.refresh_token:
                self._refresh[token.refresh_token] = token

    def find(self, access_token: str) -> Token | None:
        """Return the token with this access token, or None when it is unknown, revoked or expired."""
        with self._lock:
            token = self._tokens.get(access_token)
        if token is None or (token.expires_at is not None and token.expires_at <= self._clock.now()):
            return None
        return token

    def find_refresh(self, refresh_token: str) -> Token | None:
        """Return the token that ``refresh_token`` was issued with, or None when it is unknown or revoked."""
        with self._lock:
            return self._refresh.get(refresh_token)

    def spend_refresh(self, refresh_token: str) -> None:
        """Make a refresh token invalid after rotation has replaced it (RFC 9700 section 4.14.2)."""
        with self._lock:
            token = self._refresh.pop(refresh_token, None)
            if token is not None:
                self._spent[refresh_token] = token

    def driver_of_refresh(self, refresh_token: str) -> int | None:
        """Return the number of the driver of a refresh token, replaced or not. None for an unknown one."""
        with self._lock:
            token = self._refresh.get(refresh_token) or self._spent.get(refresh_token)
            return token.driver if token else None

    def revoke_access(self, access_token: str) -> None:
        """Revoke an access token and keep its refresh token, as renewal needs it."""
        with self._lock:
            self._tokens.pop(access_token, None)

    def revoke_driver(self, number: int | None) -> int:
        """Revoke a driver's tokens, or all when ``number`` is None; return the number of access tokens revoked."""
        return self._revoke(lambda token: number is None or token.driver == number)

    def _revoke(self, is_meant: Callable[[Token], bool]) -> int:
        with self._lock:
            doomed = [value for value, token in self._tokens.items() if is_meant(token)]
            for value in doomed:
                del self._tokens[value]
            for value in [value for value, token in self._refresh.items() if is_meant(token)]:
                del self._refresh[value]
            return len(doomed)

    def remember_consent(self, driver: int, client_id: str) -> None:
        """Remember that a driver approved a client."""
        with self._lock:
            self._consents[f"{driver} {client_id}"] = True

    def has_consent(self, driver: int, client_id: str) -> bool:
        """Tell whether a driver approved a client before."""
        with self._lock:
            return f"{driver} {client_id}" in self._consents
