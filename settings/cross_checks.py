"""Checks of several settings together: they must not contradict each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from settings.loopback import is_loopback

# Switches of other libraries that allow OAuth requests without TLS.
REFUSED_VARIABLES = ("AUTHLIB_INSECURE_TRANSPORT", "OAUTHLIB_INSECURE_TRANSPORT")

# Vinli keeps only one redirect URI per client, so two flows cannot share a client.
_CLIENTS_OF_THEIR_OWN = {
    "vinli_web_client_id": ("vinli_client_id",),
    "vinli_workbench_client_id": ("vinli_client_id", "vinli_web_client_id"),
}


def check_together(values: Mapping[str, Any], environ: Mapping[str, str], problems: dict[str, str]) -> None:
    """Check the settings together and add the problems that are found to ``problems``."""
    public_url = values.get("public_url", "http://127.0.0.1:8000")
    is_deployed = not is_loopback(urlsplit(public_url).hostname)
    if is_deployed and environ.get("FLASK_DEBUG", "0").lower() not in {"", "0", "false", "no"}:
        problems["FLASK_DEBUG"] = (
            "is on while PUBLIC_URL is not a loopback address; the debugger runs code for anybody"
        )
    for name in REFUSED_VARIABLES:
        if environ.get(name):
            problems[name] = "is set; OAuth requests must not travel without TLS"
    for name, others in _CLIENTS_OF_THEIR_OWN.items():
        same = next((one for one in others if values.get(name) and values.get(name) == values.get(one)), None)
        if same is not None:
            problems[name.upper()] = f"is the same as {same.upper()}; each flow needs a client of its own"
    halves = ("vinli_workbench_client_id", "vinli_workbench_client_secret")
    if (set_ones := [name for name in halves if values.get(name)]) and len(set_ones) < len(halves):
        other = next(name for name in halves if name not in set_ones).upper()
        problems.setdefault(other, f"is missing while {set_ones[0].upper()} is set; they go together")
    if values.get("secret_key") and values["secret_key"] in values.get("secret_key_fallbacks", ()):
        problems["SECRET_KEY_FALLBACKS"] = "contains SECRET_KEY itself; it is for older keys"  # noqa: S105
