"""How gunicorn serves the application; found by itself when started in this directory.

``WEB_CONCURRENCY`` sets the number of worker processes (gunicorn's own variable), ``--bind`` the address.
"""

import settings as settings_module

# Threads that keep answering while every upstream slot of the process waits for a slow upstream.
FREE_THREADS = 8

try:
    # Read before any worker starts, so that the problems of the settings are told once.
    settings = settings_module.load()
except settings_module.SettingsError as error:
    raise SystemExit(str(error)) from None

worker_class = "serving.worker.Worker"
logger_class = "serving.worker.Logger"
threads = settings.upstream_slots + FREE_THREADS
keepalive = 15
timeout = 60
graceful_timeout = 20
# The application logs its own requests, without query strings.
accesslog = None
errorlog = "-"
control_socket_disable = True
limit_request_line = 8190
forwarded_allow_ips = ""
