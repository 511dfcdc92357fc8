"""The implicit flow (RFC 6749 section 4.2): two pages whose JavaScript does everything in the browser.

The token arrives in the fragment, which browsers never send, so this server does not see it. No code here
accepts such a token as proof of the driver's identity (RFC 6749 section 10.16). Neither page ever redirects,
because the browser would pass the fragment on.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template

from blueprints.web.policies import policy
from blueprints.web.services import services
from settings import Settings

bp = Blueprint("implicit", __name__)


@dataclass(frozen=True)
class ImplicitClient:
    """The values that the scripts need. All of them are public.

    ``unreachable`` are origins that no page may call: a Content-Security-Policy cannot name IPv6 addresses.
    """

    authorization_endpoint: str
    client_id: str
    redirect_uri: str
    user_url: str
    devices_url: str
    unreachable: tuple[str, ...] = ()

    @classmethod
    def from_settings(cls, settings: Settings) -> ImplicitClient | None:
        """Return the client of this installation; None if no web client is configured."""
        if settings.vinli_web_client_id is None:
            return None
        return cls(
            authorization_endpoint=f"{settings.vinli_auth_url}/oauth/authorization/new",
            client_id=settings.vinli_web_client_id,
            redirect_uri=settings.implicit_redirect_uri,
            user_url=f"{settings.vinli_auth_url}/api/v1/users/_current",
            devices_url=f"{settings.vinli_platform_url}/api/v1/devices",
            unreachable=tuple(origin for origin in _origins(settings) if "[" in origin),
        )


def vinli_origins(settings: Settings) -> tuple[str, ...]:
    """Return the origins that the browser itself calls in this flow and that a policy can name."""
    return tuple(origin for origin in _origins(settings) if "[" not in origin)


def _origins(settings: Settings) -> tuple[str, ...]:
    return tuple(dict.fromkeys((settings.vinli_auth_url, settings.vinli_platform_url)))


@bp.get("/implicit")
@policy(connect_sources=vinli_origins)
def index() -> str:
    """Explain the flow. The page's script starts it."""
    return render_template("implicit/index.html", implicit=ImplicitClient.from_settings(services().settings))


@bp.get("/implicit/callback")
@policy(connect_sources=vinli_origins, hides_address=True)
def callback() -> str:
    """Serve the page whose script reads the fragment."""
    return render_template(
        "implicit/callback.html", implicit=ImplicitClient.from_settings(services().settings)
    )
