"""The same sign-in from Authlib's documentation: the baseline of `bench login`.

It uses Authlib's Flask client ("Flask OAuth Client" in its documentation: register, authorize_redirect,
authorize_access_token, then a call with the token), and Flask-Session on cachelib's files, the successor of its file
system default. PKCE is on, as in our application. Settings come from the environment. REQUESTS_CA_BUNDLE, a variable of
requests, names the authority to trust.
"""

import os

from authlib.integrations.flask_client import OAuth
from cachelib.file import FileSystemCache
from flask import Flask, Response, redirect, session
from flask.typing import ResponseReturnValue
from flask_session import Session

app = Flask(__name__)
app.config.update(
    SECRET_KEY=os.environ["SECRET_KEY"],
    SESSION_TYPE="cachelib",
    SESSION_CACHELIB=FileSystemCache(cache_dir=os.environ["SESSION_DIRECTORY"], threshold=500),
)
Session(app)

oauth = OAuth(app)
oauth.register(
    name="vinli",
    client_id=os.environ["VINLI_CLIENT_ID"],
    client_secret=os.environ["VINLI_CLIENT_SECRET"],
    access_token_url=os.environ["VINLI_AUTH_URL"] + "/oauth/token",
    authorize_url=os.environ["VINLI_AUTH_URL"] + "/oauth/authorization/new",
    api_base_url=os.environ["VINLI_AUTH_URL"] + "/",
    client_kwargs={"code_challenge_method": "S256"},
)


@app.get("/healthz")
def healthz() -> ResponseReturnValue:
    return "ok"


@app.get("/connect")
def connect() -> ResponseReturnValue:
    answer: Response = oauth.vinli.authorize_redirect(os.environ["PUBLIC_URL"] + "/connect/callback")
    return answer


@app.get("/connect/callback")
def callback() -> ResponseReturnValue:
    token = oauth.vinli.authorize_access_token()
    user = oauth.vinli.get("api/v1/users/_current", token=token).json()["user"]
    session["user"] = user
    session["token"] = token
    return redirect("/garage")


@app.get("/garage")
def garage() -> ResponseReturnValue:
    return session["user"]["email"] if "user" in session else ("Connect first", 401)
