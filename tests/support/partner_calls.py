"""Calls to the partners of a sandbox in this process: one method for each request in their documents."""

import io
import json

from sandbox.app import create_app
from sandbox.container import build_sandbox
from sandbox.options import Options
from sandbox.server.recorder import Recorder
from sandbox.world.clock import Clock

ORIGIN = "http://127.0.0.1:9000"
NOW = 1_800_000_000
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55") + b"rest"
TARGET = "AWSCognitoIdentityProviderService.InitiateAuth"


class PartnerCalls:
    """Call the sandbox's partners. ``variables`` are those that the sandbox prints.

    Every method returns Flask's test response unless its docstring or a comment says otherwise.
    """

    def __init__(self, **options):
        self.box = build_sandbox(Options(**options), ORIGIN, Recorder(), Clock(lambda: NOW))
        self.partners = self.box.partners
        self.client = create_app(self.box).test_client()
        self.variables = self.partners.credentials.as_settings()

    def __getitem__(self, variable):
        return self.variables[variable]

    def send(self, method, path, **options):
        return self.client.open(path, method=method, base_url=options.pop("base_url", ORIGIN), **options)

    # --- Anyline

    def anyline_fields(self, **changes):
        fields = {
            "client_id": self["ANYLINE_CLIENT_ID"],
            "client_secret": self["ANYLINE_CLIENT_SECRET"],
            "audience": self["ANYLINE_AUDIENCE"],
            "grant_type": "client_credentials",
            "scope": self["ANYLINE_SCOPE"],
        } | changes
        return {name: value for name, value in fields.items() if value is not None}

    def anyline_token(self, **changes):
        return self.send("POST", "/oauth/token", json=self.anyline_fields(**changes))

    # --- Ayyeka

    def ayyeka_token(self, auth=None, **fields):
        auth = auth or (self["AYYEKA_KEY"], self["AYYEKA_SECRET"])
        return self.send("POST", "/auth/token", auth=auth, data={"grant_type": "client_credentials"} | fields)

    # --- Aspose

    def aspose_fields(self, **changes):
        fields = {
            "grant_type": "client_credentials",
            "client_id": self["ASPOSE_CLIENT_ID"],
            "client_secret": self["ASPOSE_CLIENT_SECRET"],
        } | changes
        return {name: value for name, value in fields.items() if value is not None}

    def aspose_token(self, **changes):
        return self.send("POST", "/connect/token", data=self.aspose_fields(**changes))

    def aspose(self, method, path, part=None, content=b"", **options):
        """Call Aspose with a token; ``part`` is the name of the file part that holds ``content``."""
        headers = bearer(self.aspose_token().json["access_token"])
        if part:
            options["data"] = {part: (io.BytesIO(content), "report.html")}
        return self.send(method, path, headers=headers, **options)

    # --- instyle.ai

    # Calls to Cognito return a status and a body.

    def cognito(self, flow="USER_PASSWORD_AUTH", client_id=None, headers=None, **parameters):
        body = {
            "ClientId": client_id or self["INSTYLE_CLIENT_ID"],
            "AuthFlow": flow,
            "AuthParameters": parameters,
        }
        sent = {"X-Amz-Target": TARGET, "Content-Type": "application/x-amz-json-1.1"} | (headers or {})
        response = self.send("POST", "/cognito/", data=json.dumps(body), headers=sent)
        assert response.headers["Content-Type"] == "application/x-amz-json-1.1"
        return response.status_code, json.loads(response.text)

    def sign_in(self, user="INSTYLE_", **changes):
        parameters = {
            "USERNAME": self[user + "USERNAME"],
            "PASSWORD": self[user + "PASSWORD"],
            "SECRET_HASH": self[user + "SECRET_HASH"],
            "SCOPES": "OPENID",
        } | changes
        return self.cognito(**{name: value for name, value in parameters.items() if value is not None})

    def tokens(self, user="INSTYLE_", **changes):
        status, body = self.sign_in(user, **changes)
        assert status == 200, body
        return body["AuthenticationResult"]

    def images(self, method="GET", **options):
        return self.send(method, "/instyle/images", **options)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}
