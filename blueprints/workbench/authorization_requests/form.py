"""The form for authorization requests: its fields, their errors, and the request that they make.

The authorization endpoint is always the configured one. Each parameter occurs once in the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from flask import url_for
from werkzeug.datastructures import MultiDict

from blueprints.workbench.authorization_requests.checks import (
    LINE_FIELDS,
    errors_of,
    is_private,
    without_controls,
)
from domain.text.curl import Variable, curl_line
from settings import Settings

ABOUT = {
    "response_type": "code asks for an authorization code in the query (RFC 6749, section 4.1.1); token for an access "
    "token in the fragment, the implicit flow (section 4.2.1).",
    "client_id": "The id of the OAuth client, one per platform in the Developer Portal. It is not the App ID "
    "(RFC 6749, section 2.2; Vinli docs, general/authentication).",
    "redirect_uri": "Where the browser is sent back to. Vinli registers one for each client and wants exactly that; "
    "where it differs, the error stays in the body of Vinli’s page (RFC 6749, section 3.1.2; Vinli docs).",
    "scope": "What is asked for, in words separated by blanks. Vinli documents no scopes, so it is usually left empty "
    "(RFC 6749, section 3.3).",
    "state": "Comes back unchanged and ties the answer to this browser. Vinli’s documents do not mention it, so "
    "whether it comes back is worth trying out (RFC 6749, sections 4.1.1 and 10.12).",
    "code_challenge": "The SHA-256 of a secret that only the one who started can show when the code is exchanged "
    "(PKCE, RFC 7636, section 4.3). Vinli’s documents do not mention it.",
    "code_challenge_method": "S256: the challenge is a hash of the verifier (RFC 7636, section 4.3).",
}
ABOUT_EXTRA = "One of the extra parameters. A server ignores those it does not know (RFC 6749, section 3.1)."


@dataclass(frozen=True)
class Parameter:
    """One parameter of a request and its purpose."""

    name: str
    value: str
    about: str


@dataclass(frozen=True)
class RequestForm:
    """The typed-in texts, safe to show again. `errors` holds error texts by field.

    If `state` is empty, one is made. `extra` holds lines of `name=value`.
    """

    client_id: str
    redirect_uri: str
    response_type: str = "code"
    scope: str = ""
    pkce: bool = True
    extra: str = ""
    state: str = field(default="", repr=False)
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def for_connect(cls, settings: Settings) -> RequestForm:
        """Return the request that /connect sends."""
        return cls(settings.vinli_client_id, settings.redirect_uri, pkce=settings.vinli_pkce)

    @classmethod
    def for_workbench(cls, settings: Settings) -> RequestForm:
        """Return a request of the workbench's own client; of the connect flow's client if there is none."""
        if settings.vinli_workbench_client_id is None:
            return cls.for_connect(settings)
        return cls(
            settings.vinli_workbench_client_id, settings.workbench_redirect_uri, pkce=settings.vinli_pkce
        )

    @classmethod
    def of_link(cls, values: MultiDict[str, str], default: RequestForm) -> RequestForm:
        """Read the fields from a link to the form; missing fields are taken from `default`.

        The state is never taken from the link, because the person who sent the link would know it.
        """
        return cls._of({**_texts_of(default), **_given(values), "state": ""}, values)

    @classmethod
    def of_fields(cls, values: MultiDict[str, str], *, begins_run: bool = False) -> RequestForm:
        """Read a submitted form. ``begins_run`` is False if the request is only tested."""
        texts = {**dict.fromkeys(_texts_of(cls("", "")), ""), **_given(values)}
        return cls._of(texts, values, begins_run=begins_run)

    @classmethod
    def _of(
        cls, texts: dict[str, str], values: MultiDict[str, str], *, begins_run: bool = False
    ) -> RequestForm:
        # Browsers send line ends as CR LF (WHATWG HTML, form submission).
        texts["extra"] = texts["extra"].replace("\r\n", "\n")
        errors = errors_of(texts, begins_run=begins_run) | {
            name: "This came more than once." for name in texts if len(values.getlist(name)) > 1
        }
        shown = {name: without_controls(text) for name, text in texts.items()}
        pkce = shown.pop("pkce") == "on"
        return cls(**shown, pkce=pkce, errors=errors)

    @property
    def uses_pkce(self) -> bool:
        """Tell if a challenge is sent. The implicit flow has no code to protect, so it sends none."""
        return self.pkce and self.response_type == "code"

    @property
    def extra_pairs(self) -> list[tuple[str, str]]:
        lines = (line for line in self.extra.split("\n") if line.strip())
        return [(name.strip(), value) for name, _, value in (line.partition("=") for line in lines)]

    def parameters(self, state: str, code_challenge: str | None) -> list[Parameter]:
        """Return the parameters in their order in the address."""
        pairs = [
            ("response_type", self.response_type),
            ("client_id", self.client_id),
            ("redirect_uri", self.redirect_uri),
            ("state", state),
        ]
        pairs += [("scope", self.scope)] if self.scope else []
        if code_challenge is not None:
            pairs += [("code_challenge", code_challenge), ("code_challenge_method", "S256")]
        pairs += self.extra_pairs
        return [Parameter(name, value, ABOUT.get(name, ABOUT_EXTRA)) for name, value in pairs]

    def url(self, settings: Settings, state: str, code_challenge: str | None) -> str:
        """Return the address of the authorization endpoint with the parameters, for a browser."""
        pairs = [(part.name, part.value) for part in self.parameters(state, code_challenge)]
        return f"{settings.vinli_auth_url}/oauth/authorization/new?{urlencode(pairs, errors='replace')}"

    def link(self, settings: Settings) -> str:
        """Return a link to the filled-in form, without the state and without private parameters.

        Secret parameters and user info cannot occur here, because they are errors of the form.
        """
        extra = "\n".join(f"{name}={value}" for name, value in self.extra_pairs if not is_private(name))
        texts = {**_texts_of(self), "extra": extra}
        del texts["state"]
        filled = {name: text for name, text in texts.items() if text}
        return settings.public_url + url_for("workbench_requests.compose") + "?" + urlencode(filled)

    def hidden_fields(self) -> dict[str, str]:
        """Return the fields for another form of the workbench."""
        return _texts_of(self)


def token_curl(settings: Settings, form: RequestForm) -> str | None:
    """Return the token request as a curl command with variables for secrets; None in the implicit flow."""
    if form.response_type != "code":
        return None
    verifier = {"code_verifier": Variable("CODE_VERIFIER")} if form.uses_pkce else {}
    return curl_line(
        "POST",
        f"{settings.vinli_auth_url}/oauth/token",
        {"Accept": "application/json"},
        None,
        user=(form.client_id, Variable(_secret_of(settings, form.client_id))),
        form={
            "grant_type": "authorization_code",
            "code": Variable("CODE"),
            "redirect_uri": form.redirect_uri,
            **verifier,
        },
    )


def _secret_of(settings: Settings, client_id: str) -> str:
    """Return the name of the variable for a client's secret; a general name for a client that is not ours."""
    known = {
        settings.vinli_workbench_client_id: "VINLI_WORKBENCH_CLIENT_SECRET",
        settings.vinli_client_id: "VINLI_CLIENT_SECRET",
    }
    return known.get(client_id, "CLIENT_SECRET")


def _texts_of(form: RequestForm) -> dict[str, str]:
    names = ("client_id", "redirect_uri", "response_type", "scope", "extra", "state")
    return {name: getattr(form, name) for name in names} | {"pkce": "on" if form.pkce else "off"}


def _given(values: MultiDict[str, str]) -> dict[str, str]:
    return {name: values[name] for name in (*LINE_FIELDS, "extra") if name in values}
