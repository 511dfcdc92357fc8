"""The options of one run: network, data, output, partners, and what Vinli's documents leave open."""

from dataclasses import dataclass

SEEDED_DEVICES = 4


@dataclass(frozen=True)
class Options:
    """All options of the command line, with the defaults of ``python -m sandbox``.

    ``sandbox.cli.arguments`` says what each one means.
    """

    host: str = "127.0.0.1"
    port: int = 9000
    allow_remote: bool = False
    tls_cert: str | None = None
    tls_key: str | None = None
    public_url: str | None = None
    notify_hosts: tuple[str, ...] = ()
    redirect_uri: str = "http://127.0.0.1:8000/connect/callback"
    implicit_redirect_uri: str = "http://127.0.0.1:8000/implicit/callback"
    workbench_redirect_uri: str | None = None
    seed: int = 1
    now_ms: int | None = None
    pace: float = 1.0
    route_files: tuple[str, ...] = ()
    devices: int | None = None
    drivers: int = 0
    latency_ms: int = 0
    output: str = "text"
    quiet: bool = False
    partner_lifetime: int | None = None
    echo_state: bool = True
    refresh_token: bool = False
    expires_in: int | None = None
    token_type: str = "Bearer"  # noqa: S105 (the word, not a secret)
    pkce: str = "on"
    code_lifetime: int = 60
    denial: str = "redirect"
    remember_consent: bool = True
    client_types: str = "lenient"
    client_auth: str = "basic"
    cors: bool = True

    @property
    def fleet_size(self) -> int:
        """The number of devices that the app has at the start."""
        return SEEDED_DEVICES + self.drivers if self.devices is None else self.devices
