"""How gunicorn serves the application; found by itself when started in this directory.

``WEB_CONCURRENCY`` sets the number of worker processes (gunicorn's own variable), ``--bind`` the address.
"""

import settings

worker_class = "gthread"
# More threads than UPSTREAM_SLOTS: the rest keep answering while all slots wait for a slow upstream.
threads = 32
keepalive = 15
timeout = 60
graceful_timeout = 20
# The application logs its own requests, without query strings.
accesslog = None
errorlog = "-"
control_socket_disable = True
limit_request_line = 8190
forwarded_allow_ips = ""


def on_starting(_server: object) -> None:
    """Judge the settings before any worker starts, so that their problems are told once."""
    try:
        settings.load()
    except settings.SettingsError as error:
        raise SystemExit(str(error)) from None
