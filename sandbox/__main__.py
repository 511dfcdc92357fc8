"""``python -m sandbox``: read the options, listen, print the credentials, answer until stopped."""

import errno
import io
import logging
import os
import signal
import ssl
import sys
from collections.abc import Sequence
from types import FrameType

from sandbox.app import create_app
from sandbox.cli.announce import announcement
from sandbox.cli.arguments import parse_options
from sandbox.container import build_sandbox
from sandbox.options import Options
from sandbox.server.recorder import Recorder
from sandbox.server.server import Server
from sandbox.world.clock import Clock
from sandbox.world.driving.file_routes import RouteFileError

EXIT_CANNOT_START = 2


class Stop(Exception):
    """SIGTERM or SIGINT arrived."""


class CannotWrite(Exception):
    """The credentials cannot be printed. The message says why."""


def main(arguments: Sequence[str]) -> int:
    """Run until SIGTERM or SIGINT; return the exit status."""
    options = parse_options(arguments)
    _log(options.quiet)
    try:
        server = _listen(options)
    except OSError as error:
        print(f"sandbox: {_reason(error, options)}", file=sys.stderr)
        return EXIT_CANNOT_START
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    try:
        _serve(server, options)
    except Stop:
        pass
    except RouteFileError as error:
        print(f"sandbox: --route {error}", file=sys.stderr)
        return EXIT_CANNOT_START
    except CannotWrite as error:
        print(f"sandbox: the credentials could not be printed: {error}", file=sys.stderr)
        return EXIT_CANNOT_START
    finally:
        server.server_close()
    return 0


def _serve(server: Server, options: Options) -> None:
    origin = _origin(options, server.port)
    start = None if options.now_ms is None else options.now_ms / 1000
    box = build_sandbox(options, origin, server.recorder, Clock(start=start))
    server.app = create_app(box)
    _announce(announcement(box, origin))
    server.serve_forever()


def _announce(text: str) -> None:
    """Print a text in the terminal's own encoding. Raises CannotWrite if it cannot be written."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    try:
        print(text, flush=True)
    except OSError as error:
        # What is still buffered would fail once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise CannotWrite(error.strerror) from None


def _listen(options: Options) -> Server:
    tls = None
    if options.tls_cert:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.tls_cert, options.tls_key)
    return Server((options.host, options.port), Recorder(), tls)


def _origin(options: Options, port: int) -> str:
    host = f"[{options.host}]" if ":" in options.host else options.host
    return f"{'https' if options.tls_cert else 'http'}://{host}:{port}"


def _log(is_quiet: bool) -> None:
    """Log requests to stderr. Authlib's debug messages contain tokens and verifiers, so they stay off."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="sandbox: %(message)s")
    logging.getLogger("sandbox").setLevel(logging.WARNING if is_quiet else logging.INFO)


def _reason(error: OSError, options: Options) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {options.port} is in use; choose another with --port, or --port 0 for a free one"
    if isinstance(error, ssl.SSLError | FileNotFoundError):
        return f"{options.tls_cert} and {options.tls_key} are not a certificate and its key: {error.strerror}"
    return f"cannot listen on {options.host}: {error.strerror}"


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stop


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
