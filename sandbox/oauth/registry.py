"""One registered app with its secret, and its OAuth clients. At Vinli the Developer Portal keeps them."""

import hmac
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from authlib.oauth2.rfc6749 import ClientMixin

from sandbox.options import Options
from sandbox.world.seeds import Seed

APP_NAME = "Vinli Connect"
APP_DESCRIPTION = "The app of the sandbox"
MOST_APPS = 20
SERVER, WEB, WORKBENCH = "server client", "web client", "workbench client"


class TooManyApps(Exception):
    """MOST_APPS apps were made at run time."""


class UnknownClient(Exception):
    """No OAuth client has this id."""


@dataclass(frozen=True)
class App:
    """An application registered with Vinli. Its id and secret are not those of its OAuth clients."""

    id: str
    name: str
    secret: str = field(repr=False)
    description: str = APP_DESCRIPTION
    type: str = "consumer"
    status: str = "dev"
    created_ms: int | None = None

    def check_secret(self, secret: str) -> bool:
        """Compare secrets in constant time."""
        return hmac.compare_digest(self.secret.encode(), secret.encode())


@dataclass(frozen=True)
class OAuthClient(ClientMixin):  # type: ignore[misc]
    """An OAuth client, with the methods that Authlib calls.

    ``secret`` is None for a client that runs in a browser. Each client has one redirect URI, which requests have to
    repeat exactly (vinli-cli's vinli-auth-authorize reads ``data.redirectUri`` as one string).
    """

    name: str
    id: str
    type: str
    redirect_uri: str
    response_types: frozenset[str]
    grant_types: frozenset[str]
    auth_methods: frozenset[str]
    secret: str | None = field(default=None, repr=False)

    def get_client_id(self) -> str:
        return self.id

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str | None) -> str:
        """Accept any scope and grant none, since Vinli documents no scopes."""
        return ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        return self.secret is not None and hmac.compare_digest(self.secret.encode(), client_secret.encode())

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in self.auth_methods

    def check_response_type(self, response_type: str) -> bool:
        return response_type in self.response_types

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.grant_types


class Registry:
    """The app and its OAuth clients. A redirect URI may be changed at any time, from any thread.

    More apps can be made at run time. They have neither devices nor clients.
    """

    def __init__(self, seed: Seed, options: Options) -> None:
        self.app = App(id=seed.uuid("app id"), name=APP_NAME, secret=seed.text("app secret", 20))
        self._lock = threading.Lock()
        self._seed = seed
        self._apps = {self.app.id: self.app}
        self._clients = {client.name: client for client in _clients(seed, options)}

    @property
    def apps(self) -> tuple[App, ...]:
        """All apps, the first one being that of the sandbox's devices."""
        with self._lock:
            return tuple(self._apps.values())

    def app_with_id(self, app_id: str) -> App | None:
        """Return the app with this id, or None."""
        return self._apps.get(app_id)

    def add_app(self, name: str, description: str, kind: str, status: str, created_ms: int) -> App:
        """Make an app with an id and a secret of its own. Raises TooManyApps."""
        with self._lock:
            number = len(self._apps)
            if number > MOST_APPS:
                raise TooManyApps
            about = (description, kind, status, created_ms)
            made = App(
                self._seed.uuid(f"app {number}"), name, self._seed.text(f"app secret {number}", 20), *about
            )
            self._apps[made.id] = made
            return made

    @property
    def clients(self) -> tuple[OAuthClient, ...]:
        """All clients, as they are registered now."""
        with self._lock:
            return tuple(self._clients.values())

    @property
    def server_client(self) -> OAuthClient:
        """The client for the code flow."""
        return self._clients[SERVER]

    @property
    def web_client(self) -> OAuthClient:
        """The client for the implicit flow. It has no secret."""
        return self._clients[WEB]

    @property
    def workbench_client(self) -> OAuthClient | None:
        """The second client for the code flow, None unless the options ask for it."""
        return self._clients.get(WORKBENCH)

    def client(self, client_id: str) -> OAuthClient | None:
        """Return the OAuth client with this id, or None."""
        return next((client for client in self.clients if client.id == client_id), None)

    def register(self, client_id: str, redirect_uri: str) -> None:
        """Replace the redirect URI of a client; raises UnknownClient.

        Codes issued before keep the redirect URI that they were issued for.
        """
        with self._lock:
            client = next((c for c in self._clients.values() if c.id == client_id), None)
            if client is None:
                raise UnknownClient
            self._clients[client.name] = replace(client, redirect_uri=redirect_uri)


def _clients(seed: Seed, options: Options) -> Iterator[OAuthClient]:
    yield _server_client(SERVER, options.redirect_uri, seed, options)
    yield OAuthClient(
        name=WEB,
        id=seed.uuid("web client id"),
        type="web",
        redirect_uri=options.implicit_redirect_uri,
        response_types=frozenset({"token"}),
        grant_types=frozenset(),
        auth_methods=frozenset({"none"}),
    )
    if options.workbench_redirect_uri:
        yield _server_client(WORKBENCH, options.workbench_redirect_uri, seed, options)


def _server_client(name: str, redirect_uri: str, seed: Seed, options: Options) -> OAuthClient:
    return OAuthClient(
        name=name,
        id=seed.uuid(f"{name} id"),
        type="server",
        redirect_uri=redirect_uri,
        response_types=frozenset({"code"} if options.client_types == "strict" else {"code", "token"}),
        # ``token_shape`` in ``oauth.authorization`` decides who gets refresh tokens.
        grant_types=frozenset({"authorization_code", "refresh_token"}),
        auth_methods=frozenset(
            {"client_secret_basic"}
            | ({"client_secret_post"} if options.client_auth == "basic-or-post" else set())
        ),
        secret=seed.text(f"{name} secret", 32),
    )
