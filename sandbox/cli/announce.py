"""What the sandbox prints at the start: all values that a client needs for its configuration."""

import json

from sandbox.container import Sandbox
from sandbox.oauth.registry import OAuthClient
from sandbox.partners.instyle.cognito import INVITED
from sandbox.world.people import email_of

SERVICE_SETTINGS = ("AUTH", "PLATFORM", "TELEMETRY", "EVENTS", "RULES", "TRIPS", "DIAGNOSTIC", "SAFETY", "BEHAVIORAL",
                    "DISTANCE", "DUMMIES")  # fmt: skip


def announcement(box: Sandbox, origin: str) -> str:
    """Return the text to print, in the format that the options name. ``origin`` is where the sandbox listens."""
    write = {"json": as_json, "env": as_env, "text": as_text}[box.options.output]
    return write(box, origin)


def as_json(box: Sandbox, origin: str) -> str:
    """Return one line of JSON. ``partners`` holds the partners' variables, as ``as_env`` prints them.

    Values of the workbench client are null when there is no such client.
    """
    registry, workbench = box.vinli.registry, box.vinli.registry.workbench_client
    return json.dumps(
        {
            "origin": origin,
            "app_id": registry.app.id,
            "app_secret": registry.app.secret,
            "client_id": registry.server_client.id,
            "client_secret": registry.server_client.secret,
            "web_client_id": registry.web_client.id,
            "workbench_client_id": workbench and workbench.id,
            "workbench_client_secret": workbench and workbench.secret,
            "redirect_uri": registry.server_client.redirect_uri,
            "implicit_redirect_uri": registry.web_client.redirect_uri,
            "workbench_redirect_uri": workbench and workbench.redirect_uri,
            "driver_email": email_of(0),
            "driver_password": box.vinli.people.password,
            "drivers": [email_of(number) for number in range(box.vinli.people.count)],
            "partners": box.partners.credentials.as_settings(),
        }
    )


def as_env(box: Sandbox, origin: str) -> str:
    """Return the application's settings as ``NAME=value`` lines."""
    registry = box.vinli.registry
    settings = {
        "VINLI_APP_ID": registry.app.id,
        "VINLI_APP_SECRET": registry.app.secret,
        "VINLI_CLIENT_ID": registry.server_client.id,
        "VINLI_CLIENT_SECRET": registry.server_client.secret,
        "VINLI_WEB_CLIENT_ID": registry.web_client.id,
    } | {f"VINLI_{name}_URL": box.vinli.addresses.origin(name.lower()) for name in SERVICE_SETTINGS}
    workbench = registry.workbench_client
    if workbench:
        settings["VINLI_WORKBENCH_CLIENT_ID"] = workbench.id
        settings["VINLI_WORKBENCH_CLIENT_SECRET"] = workbench.secret or ""
    settings |= box.partners.credentials.as_settings()
    return "\n".join(f"{name}={value}" for name, value in settings.items())


def as_text(box: Sandbox, origin: str) -> str:
    """Return a few lines for a person."""
    registry, partners = box.vinli.registry, box.partners.credentials
    return f"""\
Vinli sandbox: a local emulator. It is not Vinli and has no real data.

  listening on     {origin}
  driver           {email_of(0)}
  password         {box.vinli.people.password}   (the same for {email_of(1)})

  App ID           {registry.app.id}
  App Secret       {registry.app.secret}
  server client    {registry.server_client.id}
    secret         {registry.server_client.secret}
    redirect URI   {registry.server_client.redirect_uri}
  web client       {registry.web_client.id}
    redirect URI   {registry.web_client.redirect_uri}
{_workbench_as_text(registry.workbench_client)}
  Anyline          {partners["ANYLINE_AUTH_URL"]}/oauth/token, client {partners["ANYLINE_CLIENT_ID"]}
  Ayyeka           {partners["AYYEKA_URL"]}/auth/token, key {partners["AYYEKA_KEY"]}
  Aspose           {partners["ASPOSE_URL"]}/connect/token, client {partners["ASPOSE_CLIENT_ID"]}
  instyle.ai       {partners["INSTYLE_COGNITO_IDP"]}, user {partners["INSTYLE_USERNAME"]}
    must change    {INVITED}   (password of the user above)

Ctrl-C ends it. --env prints this as settings, --json as one line, --help explains the rest."""


def _workbench_as_text(client: OAuthClient | None) -> str:
    if client is None:
        return ""
    return f"""\
  workbench client {client.id}
    secret         {client.secret}
    redirect URI   {client.redirect_uri}
"""
