"""gunicorn's configuration. gunicorn finds this file if it is started in this directory.

``WEB_CONCURRENCY`` sets the number of worker processes (gunicorn's own variable), ``--bind`` the address.
"""

import settings as settings_module
from serving.framing import HEAD_BYTES

# These threads still answer while all upstream slots of the process wait for a slow upstream.
FREE_THREADS = 8

try:
    # The settings are read before any worker starts, so that their problems are reported once.
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
# The worker limits the whole head, including the request line (serving/framing.py).
limit_request_line = 0
limit_request_field_size = HEAD_BYTES
forwarded_allow_ips = ""
