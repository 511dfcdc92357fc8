"""The problems of the workbench."""

from __future__ import annotations

from domain.problems import Action, Problem

COMPOSE = Action("Compose a request", "/workbench/compose", primary=True)

CODE_SPENT = Problem(
    "code_spent",
    400,
    "This code cannot be exchanged any more",
    "Its request was not composed here, is more than an hour old, or was exchanged before.",
    ("Compose the request again and follow it.",),
    (COMPOSE,),
)
FORM_TOO_LONG = Problem(
    "form_too_long",
    413,
    "This form is too long",
    "What was sent here as a form is longer than any answer of an authorization server.",
)
CODE_TOO_LONG = Problem(
    "code_too_long",
    400,
    "This is not an authorization code",
    "It is longer than 16,384 characters, which the connect flow refuses too.",
    (),
    (COMPOSE,),
)
NO_SECRET = Problem(
    "no_secret",
    400,
    "The client’s secret is missing",
    "This installation has none for this client and redirect URI, and none that can be used was typed in.",
    ("Go back, and type in the secret of the client that the code was given to.",),
    (COMPOSE,),
)
UNUSABLE_CLIENT = Problem(
    "unusable_client",
    400,
    "HTTP Basic cannot carry this client",
    "Its id or its secret holds a control character, which no header can carry (RFC 7617 section 2).",
    (),
    (COMPOSE,),
)
NO_TRACE = Problem(
    "no_trace",
    404,
    "This trace is gone",
    "Traces are kept for a day at most, and give way to newer ones.",
    (),
    (Action("All traces", "/workbench/traces", primary=True),),
)
