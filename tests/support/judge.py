"""An upstream that judges requests as a strict Vinli would, and a person who follows the doctor's advice."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import UTC, datetime
from email.utils import format_datetime

from domain.budget import Budget
from domain.doctor.diagnosis import Severity, Typed, diagnose
from tests.support.fake_vinli import AUTHORIZE, DEVICES, SIGN_IN_PAGE, TOKEN, fleet
from tests.support.servers import http, json_reply

HERE = "http://127.0.0.1:8000"
CALLBACK = f"{HERE}/connect/callback"
IMPLICIT = f"{HERE}/implicit/callback"
CLIENTS = "/api/v1/clients"
OURS, WEB, OTHER = "the-client-id", "the-web-client-id", "another-client-id"
STAGING = "https://staging.example.com/connect/callback"
OTHER_SECRET = "another-secret"
# What can be said of a client while Vinli does not list the clients to us.
NOT_PRECISE = {"client_refused", "client_authorization_refused", "implicit_client_authorization_refused"}
OTHER_APP = ("other", "secret")


class Judge:
    """Answer as a strict Vinli would. ``clients`` maps ids to [type, secret, redirect URI, app]."""

    def __init__(self, vinli, settings):
        self.clients = {
            OURS: ["server", settings.vinli_client_secret, CALLBACK, "app"],
            WEB: ["web", None, IMPLICIT, "app"],
        }
        self.apps = {(settings.vinli_app_id, settings.vinli_app_secret): "app", ("other", "secret"): "other"}
        self.pkce = "on"
        self.lists = True
        vinli.answers |= {
            CLIENTS: self.list,
            DEVICES: self.devices,
            TOKEN: self.token,
            AUTHORIZE: self.authorize,
        }

    def list(self, request):
        app = self.apps.get(basic(request))
        if not self.lists or app is None:
            return http(404 if not self.lists else 401)
        date = format_datetime(datetime.now(UTC), usegmt=True)
        found = [
            {"id": name, "type": kind, "data": {"redirectUri": uri}}
            for name, (kind, _, uri, owner) in self.clients.items()
            if owner == app
        ]
        return json_reply({"clients": found}, date=date)

    def devices(self, request):
        return fleet(2)(request) if basic(request) in self.apps else json_reply({"message": "no"}, 401)

    def token(self, request):
        name, secret = basic(request)
        known = name in self.clients and self.clients[name][1] == secret
        return json_reply({"error": "invalid_grant" if known else "invalid_client"}, 400 if known else 401)

    def authorize(self, request):
        kind, _, uri, _ = self.clients.get(request.query.get("client_id"), [None] * 4)
        wanted = {"code": "server", "token": "web"}[request.query["response_type"]]
        is_code = wanted == "server"
        faults = {
            "Unknown client": kind is None,
            "The redirect_uri is not registered for this client": uri != request.query["redirect_uri"],
            "unauthorized_client": kind not in {None, wanted},
            "The request cannot be served": is_code
            and self.pkce != "on"
            and (self.pkce == "required") != ("code_challenge" in request.query),
        }
        fault = next((words for words, is_so in faults.items() if is_so), None)
        page = f"<!doctype html><title>Error</title><p>{fault}</p>".encode() if fault else SIGN_IN_PAGE
        return http(400 if fault else 200, page, content_type="text/html")


def basic(request):
    try:
        decoded = b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
    except (KeyError, ValueError):
        return None, None
    name, _, secret = decoded.partition(":")
    return name, secret


def examine(site, typed=None):
    return diagnose(site.services.installation, None, typed or Typed(), Budget(20.0))


def wrong(diagnosis):
    return [finding.code for finding in (*diagnosis.problems, *diagnosis.warnings)]


def client(kind, uri, app="app", secret="another-secret"):
    return [kind, secret, uri, app]


class Person:
    """A developer who does what the doctor's findings say, and looks up in the Developer Portal what they leave open.

    ``variables`` are the settings of the installation; ``secret`` is the true secret of its app.
    """

    def __init__(self, judge, settings, variables):
        self.judge = judge
        self.app = (settings.vinli_app_id, settings.vinli_app_secret)
        self.variables = dict(variables)

    def follow(self, diagnosis):
        """Do what every problem and warning says. Raises AssertionError for advice that nobody could follow."""
        found = [one for one in diagnosis.ranked if one[1].severity in {Severity.PROBLEM, Severity.WARNING}]
        if found[0][1].code == "app_credentials_refused":
            # Vinli lists clients for the right app alone. The others are named precisely after this one is mended.
            found = [one for one in found if one[1].code not in NOT_PRECISE]
        for section, finding in found:
            self._follow("implicit" in section.title, finding)

    def _follow(self, is_implicit, finding):
        todo, clients = finding.todo, self.judge.clients
        ours = self.variables.get("VINLI_WEB_CLIENT_ID", WEB) if is_implicit else self._client_id()
        if "VINLI_APP_ID and VINLI_APP_SECRET to those of the app that owns" in todo:
            self._set(VINLI_APP_ID=OTHER_APP[0], VINLI_APP_SECRET=OTHER_APP[1])
        elif "Exchange the two pairs" in todo:
            pairs = ("VINLI_CLIENT_ID", "VINLI_CLIENT_SECRET"), ("VINLI_APP_ID", "VINLI_APP_SECRET")
            ids = [[self.variables[name] for name in pair] for pair in pairs]
            self._set(**dict(zip(pairs[0], ids[1], strict=True)), **dict(zip(pairs[1], ids[0], strict=True)))
        elif finding.code == "services_exchanged":
            urls = self.variables["VINLI_AUTH_URL"], self.variables["VINLI_PLATFORM_URL"]
            self._set(VINLI_PLATFORM_URL=urls[0], VINLI_AUTH_URL=urls[1])
        elif finding.code == "client_id_and_secret_exchanged" or "Exchange the two values" in todo:
            self._exchange(finding.code)
        elif "VINLI_APP_ID" in todo or "VINLI_APP_SECRET" in todo:
            self._set(VINLI_APP_ID=self.app[0], VINLI_APP_SECRET=self.app[1])
        elif added := re.search(
            r"add a client of the type (\w+) with the redirect URI (\S+)\. Set (\w+) to its id", todo
        ):
            new = f"new-{added[1].lower()}-client"
            self.judge.clients[new] = client(added[1].lower(), added[2])
            self._set(**{added[3]: new})
            if added[3] == "VINLI_CLIENT_ID":
                self._set(VINLI_CLIENT_SECRET=OTHER_SECRET)
        elif there := re.search(
            r"Set (VINLI_\w*CLIENT_ID) to the id of the client with the redirect URI (\S+)", todo
        ):
            held = next(name for name, (_, _, uri, app) in clients.items() if (uri, app) == (there[2], "app"))
            self._set(**{there[1]: held})
            if there[1] == "VINLI_CLIENT_ID":
                self._set(VINLI_CLIENT_SECRET=clients[held][1])
        elif there := re.search(r"Set (VINLI_\w*CLIENT_ID) to (\S+)", todo):
            assert there[2].rstrip(".,") == finding.value
            self._set(**{there[1]: finding.value})
            if there[1] == "VINLI_CLIENT_ID":
                self._set(VINLI_CLIENT_SECRET=clients[finding.value][1])
        elif there := re.search(r"Set (VINLI_PKCE|PUBLIC_URL)=(\S+)", todo):
            self._set(**{there[1]: there[2].rstrip(".")})
        elif "VINLI_CLIENT_SECRET" in todo:
            self._set(VINLI_CLIENT_SECRET=clients[self._client_id()][1])
        else:
            assert "Developer Portal" in todo, (finding.code, todo)
            clients[ours][2] = finding.value

    def _client_id(self):
        return self.variables.get("VINLI_CLIENT_ID", OURS)

    def _exchange(self, code):
        if code == "client_id_and_secret_exchanged":
            first, second = self.variables["VINLI_CLIENT_SECRET"], self.variables["VINLI_CLIENT_ID"]
            self._set(VINLI_CLIENT_ID=first, VINLI_CLIENT_SECRET=second)
            return
        self._set(
            VINLI_CLIENT_ID=self.variables.get("VINLI_WEB_CLIENT_ID", WEB),
            VINLI_WEB_CLIENT_ID=self._client_id(),
        )

    def _set(self, **variables):
        self.variables |= variables
