"""Shared code of the partners' factories: token sources, and the role of a partner that has only one."""

from __future__ import annotations

from dataclasses import dataclass

from providers.http.origins import origin_of
from providers.http.transport import Transport
from providers.partners.partner import Role
from providers.tokens.auth import TokenAuth
from providers.tokens.engine import TokenSource
from providers.tokens.records import TokenCache
from providers.tokens.requests import TokenRequest


@dataclass(frozen=True)
class Sources:
    """Make token sources, and allow their endpoints in the transport."""

    transport: Transport
    cache: TokenCache | None

    def of(self, request: TokenRequest) -> TokenSource:
        self.transport.allow(origin_of(request.url))
        return TokenSource(request, self.transport, self.cache)

    def bearer_role(self, request: TokenRequest, variable: str) -> Role:
        """Return the role of a partner that has only one role, with the client's own bearer token."""
        source = self.of(request)
        return Role(
            name="service",
            about="The application itself, with a bearer token.",
            auth=TokenAuth(source),
            source=source,
            shell_headers={"Authorization": f"Bearer ${variable}"},
        )


def by_name(*roles: Role | None) -> dict[str, Role]:
    """Return the roles that are not None, by name."""
    return {role.name: role for role in roles if role is not None}
