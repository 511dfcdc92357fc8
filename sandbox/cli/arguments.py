"""The command line of ``python -m sandbox``."""

import argparse
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from sandbox.api.dates import parse_ms
from sandbox.api.origins import is_loopback
from sandbox.oauth import redirect_uris
from sandbox.options import Options

LARGEST_FLEET = 1_000_000
MOST_PACE = 100.0
MOST_DRIVERS = 10_000

OPEN_QUESTIONS = """\
Vinli's public documents do not say how these work. The defaults are the most
likely ones. Switch them to see whether an application can handle the others."""


def parse_options(arguments: Sequence[str]) -> Options:
    """Return the options; exits with status 2 and one message when an argument is wrong."""
    parser = _parser()
    given = vars(parser.parse_args(arguments))
    many = {name: tuple(given[name]) for name in ("notify_hosts", "route_files")}
    options = Options(**given | many)
    problem = _find_problem(options)
    if problem:
        parser.error(problem)
    return options


def _find_problem(options: Options) -> str | None:
    """Return what is wrong with a combination of options, or None."""
    if not options.allow_remote and not is_loopback(options.host):
        return f"--host {options.host} is not a loopback address; --allow-remote permits it"
    if bool(options.tls_cert) != bool(options.tls_key):
        return "--tls-cert and --tls-key go together"
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        usage="%(prog)s [options]",
        description="A local emulator of the Vinli platform and of four partners. It is not the real thing and holds "
        "no real data.",
    )
    _add_network(parser.add_argument_group("network"))
    _add_registration(parser.add_argument_group("registration and data"))
    _add_output(parser.add_argument_group("output"))
    _add_partners(parser.add_argument_group("partners (Anyline, Ayyeka, Aspose, instyle.ai)"))
    _add_open_questions(parser.add_argument_group("left open by Vinli's documents", OPEN_QUESTIONS))
    return parser


def _add_network(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--host", default=Options.host, help="address to listen on, a loopback address (%(default)s)"
    )
    group.add_argument(
        "--port",
        type=_between(0, 65535),
        default=Options.port,
        help="port to listen on, 0 for a free one (%(default)s)",
    )
    group.add_argument(
        "--allow-remote", action="store_true", help="let --host be reachable from other machines"
    )
    group.add_argument("--tls-cert", metavar="FILE", help="certificate chain (PEM); serve https")
    group.add_argument("--tls-key", metavar="FILE", help="private key (PEM) of --tls-cert")
    group.add_argument(
        "--latency-ms",
        type=_between(0, 60_000),
        default=0,
        metavar="N",
        help="answer programs N ms after their request arrived (%(default)s)",
    )
    group.add_argument(
        "--public-url",
        metavar="URL",
        type=_public_url,
        help="origin that links are built on; may contain {service}, as in "
        "http://{service}.localhost:9000 (where it listens)",
    )
    group.add_argument(
        "--notify",
        dest="notify_hosts",
        action="append",
        default=[],
        type=str.lower,
        metavar="HOST",
        help="host that notifications may be posted to besides this machine; may be repeated (none)",
    )


def _add_registration(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--redirect-uri",
        metavar="URI",
        default=Options.redirect_uri,
        type=_redirect_uri,
        help="registered for the server client, code flow (%(default)s)",
    )
    group.add_argument(
        "--implicit-redirect-uri",
        metavar="URI",
        default=Options.implicit_redirect_uri,
        type=_redirect_uri,
        help="registered for the web client, implicit flow (%(default)s)",
    )
    group.add_argument(
        "--workbench-redirect-uri",
        metavar="URI",
        type=_redirect_uri,
        help="registered for a third client, of type server, for trying things out (no such client)",
    )
    group.add_argument(
        "--seed",
        type=int,
        default=Options.seed,
        metavar="N",
        help="same seed, same ids and data (%(default)s)",
    )
    group.add_argument(
        "--now",
        dest="now_ms",
        type=_instant,
        metavar="TIME",
        help="where the clock starts, as ISO 8601 or Unix milliseconds; the cars' history ends there, and what lists "
        "show moves on every minute (the real time)",
    )
    group.add_argument(
        "--pace",
        type=_pace,
        default=Options.pace,
        metavar="N",
        help="how much faster than real time the runs of dummies are, at most 100 (1)",
    )
    group.add_argument(
        "--route",
        dest="route_files",
        action="append",
        default=[],
        metavar="FILE",
        help="a GPX or GeoJSON file with a way for the runs of dummies; may be repeated (none)",
    )
    group.add_argument(
        "--devices",
        type=_between(0, LARGEST_FLEET),
        metavar="N",
        help="devices of the app in all (3 and 1 of the two drivers, and 1 for each more)",
    )
    group.add_argument(
        "--drivers",
        type=_between(0, MOST_DRIVERS),
        default=0,
        metavar="N",
        help="sign-in accounts besides the two, named driver3@example.com and so on (%(default)s)",
    )


def _add_output(group: "argparse._ArgumentGroup") -> None:
    form = group.add_mutually_exclusive_group()
    form.add_argument(
        "--json",
        dest="output",
        action="store_const",
        const="json",
        default="text",
        help="print the credentials as one JSON line",
    )
    form.add_argument(
        "--env",
        dest="output",
        action="store_const",
        const="env",
        default="text",
        help="print the credentials as NAME=value lines",
    )
    group.add_argument("--quiet", action="store_true", help="write no line for each request to stderr")


def _add_partners(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--partner-lifetime",
        type=_between(1, 24 * 3600),
        metavar="SECONDS",
        help="longest lifetime of partners' access tokens (as documented: 1 hour or 1 day)",
    )


def _add_open_questions(group: "argparse._ArgumentGroup") -> None:
    _switch(group, "--echo-state", Options.echo_state, "return state to the redirect URI")
    _choice(
        group,
        "--denial",
        "redirect|body",
        "when the driver refuses: redirect with error=access_denied, or show a page",
    )
    _switch(
        group, "--remember-consent", Options.remember_consent, "ask no second time for an approved client"
    )
    text = "who may use which flow: every client that can; strict: code for server, token for web clients"
    _choice(group, "--client-types", "lenient|strict", text)
    _choice(group, "--pkce", "on|off|required", "checked when a challenge was sent; off: ignored")
    text = "how long an authorization code is valid (%(default)s)"
    lifetime = _between(1, 600)
    group.add_argument(
        "--code-lifetime", type=lifetime, default=Options.code_lifetime, metavar="SECONDS", help=text
    )
    _add_token_questions(group)
    _switch(group, "--cors", Options.cors, "let pages of any origin call the API with a Bearer token")


def _add_token_questions(group: "argparse._ArgumentGroup") -> None:
    _choice(group, "--client-auth", "basic|basic-or-post", "how the token endpoint takes the client's secret")
    _switch(group, "--refresh-token", Options.refresh_token, "issue refresh tokens and accept them")
    text = "send expires_in and let tokens expire (tokens do not expire)"
    group.add_argument("--expires-in", type=_between(1, 10**9), metavar="SECONDS", help=text)
    text = "token_type of token responses; none leaves it out (%(default)s)"
    group.add_argument("--token-type", default=Options.token_type, metavar="TEXT", help=text)


def _switch(group: "argparse._ArgumentGroup", name: str, default: bool, text: str) -> None:
    shown = "on" if default else "off"
    group.add_argument(name, type=_on_or_off, metavar="on|off", default=default, help=f"{text} ({shown})")


def _choice(group: "argparse._ArgumentGroup", name: str, choices: str, text: str) -> None:
    """Add an option that takes one of ``choices``, the first by default."""
    names = choices.split("|")
    group.add_argument(name, choices=names, metavar=choices, default=names[0], help=f"{text} ({names[0]})")


def _between(low: int, high: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text) if text.isascii() and text.isdecimal() else -1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {low} to {high}")
        return value

    return number


def _on_or_off(text: str) -> bool:
    if text not in ("on", "off"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither on nor off")
    return text == "on"


def _pace(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.1 <= value <= MOST_PACE:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0.1 to {MOST_PACE:g}")
    return value


def _instant(text: str) -> int:
    try:
        return parse_ms(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 2026-06-01T12:00:00Z") from None


def _redirect_uri(text: str) -> str:
    problem = redirect_uris.find_problem(text)
    if problem:
        raise argparse.ArgumentTypeError(f"{text!r} {problem}")
    return text


def _public_url(text: str) -> str:
    parts = urlsplit(text.replace("{service}", "auth"))
    is_origin = parts.scheme in ("http", "https") and parts.netloc and parts.path in ("", "/")
    if not is_origin or parts.query or parts.fragment or "@" in parts.netloc:
        raise argparse.ArgumentTypeError(f"{text!r} is not an origin such as http://127.0.0.1:9000")
    return text.rstrip("/")
