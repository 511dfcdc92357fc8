"""Signed tokens of the partners: issued, checked and revoked.

JWS with ES256 (RFC 7515, RFC 7518 section 3.4). Each partner has its own key, made at the start, so no partner accepts
another's token. Ayyeka's example token is signed with RS384. Clients do not look at the signature, and a key for ES256
is made in a millisecond.
"""

import threading
import uuid
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from sandbox.bounded import BoundedDict
from sandbox.partners.credentials import PARTNERS
from sandbox.world.clock import Clock

ALGORITHM = "ES256"
LONGEST = 8192  # characters; tokens issued here have about 500


class BadToken(Exception):
    """A token that is not valid. The message tells the developer why."""


class Expired(BadToken):
    """A token that was issued here and has expired."""


class Jwts:
    """Issues and checks tokens. ``longest_lifetime`` limits all documented lifetimes, in seconds; None does not."""

    def __init__(self, clock: Clock, longest_lifetime: int | None) -> None:
        self._clock = clock
        self._longest_lifetime = longest_lifetime
        self._lock = threading.Lock()
        self._keys = {partner: ECKey.generate_key("P-256") for partner in PARTNERS}
        # Ids of the tokens that were issued and not revoked.
        self._issued: dict[str, BoundedDict[bool]] = {partner: BoundedDict() for partner in PARTNERS}

    def lifetime(self, documented: int) -> int:
        """Return the lifetime in seconds of a token whose document says ``documented``."""
        return min(documented, self._longest_lifetime or documented)

    def issue(self, partner: str, documented_lifetime: int, claims: Mapping[str, Any]) -> str:
        """Return a signed token with ``claims`` and ``iat``, ``exp`` and ``jti`` (RFC 7519 section 4.1)."""
        now = int(self._clock.now())
        number = str(uuid.uuid4())
        times = {"iat": now, "exp": now + self.lifetime(documented_lifetime), "jti": number}
        with self._lock:
            self._issued[partner][number] = True
        header = {"alg": ALGORITHM, "typ": "JWT"}
        return jwt.encode(header, {**claims, **times}, self._keys[partner], algorithms=[ALGORITHM])

    def claims(self, partner: str, token: str) -> dict[str, Any]:
        """Return the claims of a token that ``partner`` signed and that is neither expired nor revoked.

        Raises BadToken for any other. The caller has to check the audience.
        """
        if len(token) > LONGEST:
            raise BadToken("The token is too long")
        try:
            claims = jwt.decode(token, self._keys[partner], algorithms=[ALGORITHM]).claims
        except (JoseError, ValueError):
            raise BadToken("The token is malformed or its signature does not verify") from None
        if claims["exp"] <= self._clock.now():
            raise Expired("The token has expired")
        with self._lock:
            is_good = claims["jti"] in self._issued[partner]
        if not is_good:
            raise BadToken("The token has been revoked")
        return claims

    def revoke(self, partner: str | None) -> int:
        """Revoke the tokens issued so far by ``partner``, or by all for None; return the number of tokens."""
        with self._lock:
            doomed = [issued for name, issued in self._issued.items() if partner in (None, name)]
            count = sum(len(issued) for issued in doomed)
            for issued in doomed:
                issued.clear()
        return count
