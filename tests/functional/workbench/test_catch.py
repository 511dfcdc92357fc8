"""The catch page and the exchange: what came back is shown and inert, and a code goes where it belongs alone."""

from __future__ import annotations

import base64
import json
import re
import socket
from urllib.parse import quote, urlencode, urlsplit

import pytest

from tests.support.browser import heading, query_of, seen
from tests.support.fake_vinli import ACCESS_TOKEN, TOKEN, USER
from tests.support.pages import Page, assert_is_sound
from tests.support.servers import http, json_reply

pytestmark = pytest.mark.functional

CATCH = "/workbench/catch"
SPENT = (400, "code_spent")
CLIENT = {"VINLI_WORKBENCH_CLIENT_ID": "the-bench", "VINLI_WORKBENCH_CLIENT_SECRET": "the-bench-secret"}


@pytest.fixture
def local(local_site, vinli):
    return local_site(vinli.origin, **CLIENT)


@pytest.fixture
def operator(local):
    with local.browser() as operator:
        operator.sign_in_as_operator()
        yield operator


def text_of(response):
    return " ".join(Page(response.text).text.split())


def begin(operator, **fields):
    """Compose a request; return its state."""
    return query_of(operator.composed_url(**fields))["state"]


def catch(operator, **query):
    return operator.get(f"{CATCH}?{urlencode(query)}")


def exchange(operator, caught, **fields):
    return operator.submit(caught, "/workbench/exchange", **fields)


def jwt(**claims):
    pieces = ({"alg": "none"}, claims)
    return ".".join(
        [
            *(base64.urlsafe_b64encode(json.dumps(piece).encode()).decode().rstrip("=") for piece in pieces),
            "sig",
        ]
    )


# --- what came back


def test_an_empty_catch_says_what_to_register(local, operator):
    page = operator.get(CATCH)
    assert seen(page) == (200, "Catch")
    assert f"{local.origin}/workbench/catch" in page.text
    assert "the-bench" in page.text


def test_each_parameter_is_explained_and_the_code_is_shortened(operator):
    code = "a-code-that-is-long-enough-to-hide"
    page = catch(operator, code=code, state=begin(operator), surprise="yes")
    text = text_of(page)
    assert f"a-co… ({len(code)} characters)" in text
    for words in (
        "The authorization code.",
        "What the request carried",
        "Not among the parameters of OAuth 2",
    ):
        assert words in text
    assert "3 parameters in the query" in text


def test_the_page_tells_how_long_the_request_took(local, operator):
    state = begin(operator)
    local.clock.advance(42)
    assert "42 seconds after the request was made" in text_of(catch(operator, code="c", state=state))


def state_summary(page):
    return re.search(r'notice__title">(?:<svg.*?</svg>)?([^<]+)', page.text, re.S)[1].strip()


def test_the_state_is_judged(local, operator):
    state = begin(operator)
    assert state_summary(catch(operator, code="c", state=state)) == "The state is right"
    assert state_summary(catch(operator, code="c", state=state)) == "The state is right, for the second time"
    assert state_summary(catch(operator, code="c")) == "No state came back"
    assert state_summary(catch(operator, code="c", state="made-up")) == "This state was not made here"
    assert state_summary(catch(operator, code="c", state=state + "x")) == "This state was not made here"
    assert state_summary(operator.get(f"{CATCH}?state={state}&state=other")) == "Two states came back"
    connect_state, _ = operator.attempt()
    assert (
        state_summary(catch(operator, code="c", state=connect_state))
        == "This state belongs to the connect flow"
    )
    local.clock.advance(3601)
    assert state_summary(catch(operator, code="c", state=state)) == "This state has expired"


def test_a_state_that_was_typed_in_is_known(operator):
    assert begin(operator, state="my-own-long-state") == "my-own-long-state"
    assert state_summary(catch(operator, code="c", state="my-own-long-state")) == "The state is right"


def test_a_state_of_the_workbench_is_useless_at_the_callback(operator, vinli):
    state = begin(operator)
    page = operator.get(f"/connect/callback?state={state}&code=c")
    assert seen(page) == (400, "state_unknown")
    assert vinli.received(TOKEN) == []


def test_a_repeated_parameter_is_pointed_at(operator):
    page = operator.get(f"{CATCH}?code=a&code=b&state={begin(operator)}")
    assert page.text.count("comes more than once") == 2
    assert "Exchange it for tokens" not in page.text


def test_a_token_that_is_a_jwt_is_decoded(operator):
    text = text_of(catch(operator, id_token=jwt(sub="driver-7", name="<b>Ada</b>")))
    assert "id_token is a JSON Web Token" in text
    assert '"sub": "driver-7"' in text
    assert "<b>Ada</b>" in text


@pytest.mark.parametrize("token", ["a.b.c", "eyJ9.eyJ9.x", "..", "a" * 9000 + ".b.c", "W10.W10.x", "é.é.é"])
def test_what_only_looks_like_a_jwt_is_not(token, operator):
    page = catch(operator, id_token=token)
    assert page.status_code == 200
    assert "JSON Web Token" not in page.text


HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": "\"' onmouseover=alert(1) x='",
    "line breaks": "a\r\nSet-Cookie: evil=1\r\n\r\n<h1>",
    "NUL": "a\0b",
    "direction": "abc\u202etxt.exe\u2066",
    "template": "{{ 7*7 }}{% raw %}",
    "script address": "javascript:alert(1)",
    "long": "x" * 7000,
    "invisible": "a\u200b\ufeffb\u00ad",
    "combining": "e" + "\u0301" * 500,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_parameters_are_inert(name, operator):
    value = HOSTILE[name]
    for where in ("value", "name", "error", "code", "state"):
        pairs = {value: "x"} if where == "name" else {"other" if where == "value" else where: value}
        for page in (
            catch(operator, **pairs),
            operator.post(CATCH, posted=urlencode(pairs)),
            operator.post(CATCH, address=f"https://x.example/?{urlencode(pairs)}#{urlencode(pairs)}"),
        ):
            assert page.status_code == 200, where
            assert_is_sound(page.text)
            assert "<script>alert" not in page.text, where
            assert "49" not in heading(page), where
            assert "evil" not in str(page.cookies), where
            text = Page(page.text).text
            for character in "\0\u202e\u2066\u200b\ufeff":
                assert character not in text, where


@pytest.mark.parametrize(
    "query", ["%", "%FF=%FE", "a=%ED%A0%80", "&&&=", "=&=", "a" * 7000, "%00=%00", "code"]
)
def test_damaged_queries_are_shown_as_far_as_they_go(query, operator):
    page = operator.get(f"{CATCH}?{query}")
    assert page.status_code == 200
    assert_is_sound(page.text)


def test_a_thousand_parameters_are_not_all_shown(operator):
    page = operator.post(CATCH, posted="&".join(f"p{number}=1" for number in range(1000)))
    assert "940 more are not shown" in page.text


@pytest.mark.parametrize("field", ["posted", "address", "code"])
def test_a_megabyte_is_refused(field, operator):
    page = operator.request("POST", CATCH, data={field: "x" * 1_000_000})
    assert seen(page) == (413, "too_large")


# --- forms, and addresses that are pasted


def test_a_form_of_another_site_is_shown_after_one_step(local, operator):
    state = begin(operator)
    with local.browser() as without_cookies:
        bridge = without_cookies.request(
            "POST",
            CATCH,
            data={"code": "<c>", "state": state},
            headers={"Origin": "https://auth.example", "Sec-Fetch-Site": "cross-site"},
        )
    assert seen(bridge) == (200, "A form came back")
    page = operator.submit(bridge, CATCH)
    assert state_summary(page) == "The state is right"
    assert "in a form post" in text_of(page)


def test_what_a_form_held_is_for_the_operator_alone(local):
    with local.browser() as stranger:
        bridge = stranger.request("POST", CATCH, data={"code": "c"})
        page = stranger.submit(bridge, CATCH)
        assert seen(page) == (401, "Operator sign-in")
        assert seen(stranger.post(CATCH, address="?code=c")) == (401, "Operator sign-in")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://cars.example.com/cb?code=abc&x=1", {"code", "x"}),
        ("http://127.0.0.1:8000/cb#access_token=abc&token_type=bearer", {"access_token", "token_type"}),
        ("?error=access_denied", {"error"}),
        ("code=abc&state=x", {"code", "state"}),
        ("myApp://?code=abc", {"code"}),
        ("https://x.example/?a=1#b=2", {"a", "b"}),
        ("https://[broken/?code=abc", {"code"}),
        ("  https://x.example/?code=a\r\nbc ", {"code"}),
    ],
)
def test_an_address_that_is_pasted_is_taken_apart(address, shown, operator):
    page = operator.post(CATCH, address=address)
    assert set(re.findall(r"<dt><code><bdi>([^<]+)</bdi>", page.text)) - {""} == shown


@pytest.mark.parametrize("address", ["", "hello", "https://x.example/", "\0"])
def test_an_address_without_parameters_is_said_to_have_none(address, operator):
    assert "There is no parameter in it" in operator.post(CATCH, address=address).text


# --- the exchange


def test_the_code_is_exchanged_with_the_client_that_asked_for_it(local, operator, vinli):
    caught = catch(operator, code="the-code-of-this-run", state=begin(operator))
    page = exchange(operator, caught)
    assert seen(page) == (200, "Token response")
    (asked,) = vinli.received(TOKEN)
    assert base64.b64decode(asked.headers["authorization"].split()[1]) == b"the-bench:the-bench-secret"
    assert asked.form["code"] == "the-code-of-this-run"
    assert asked.form["redirect_uri"] == f"{local.origin}/workbench/catch"
    assert len(asked.form["code_verifier"]) >= 43
    assert ACCESS_TOKEN not in page.text
    assert f"an-a… ({len(ACCESS_TOKEN)} characters)" in text_of(page)
    assert "The token belongs to Ada" in text_of(page)
    assert not operator.is_connected(), "nobody is signed in by it"


def test_a_code_is_exchanged_once(operator, vinli):
    caught = catch(operator, code="c", state=begin(operator))
    exchange(operator, caught)
    assert seen(exchange(operator, caught)) == SPENT
    assert len(vinli.received(TOKEN)) == 1


@pytest.mark.parametrize("changes", [{"state": "made-up"}, {"state": ""}, {"code": ""}, {"state": "é"}])
def test_nothing_is_exchanged_that_was_not_begun_here(changes, operator, vinli):
    caught = catch(operator, code="c", state=begin(operator))
    assert seen(exchange(operator, caught, **changes)) == SPENT
    assert vinli.received(TOKEN) == []


def test_a_state_of_the_connect_flow_exchanges_nothing_here(operator, vinli):
    caught = catch(operator, code="c", state=begin(operator))
    state, _ = operator.attempt()
    assert seen(exchange(operator, caught, state=state)) == SPENT
    assert vinli.received(TOKEN) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"client_id": "somebody-elses"},
        {"redirect_uri": "https://elsewhere.example/cb"},
        {"client_id": "the-client-id", "redirect_uri": "https://elsewhere.example/cb"},
        {"client_id": "3f9f2f06-1111-4222-8333-abcdefabcdef"},
    ],
)
def test_our_secret_is_never_used_for_another_client_or_redirect_uri(fields, operator, vinli):
    caught = catch(operator, code="c", state=begin(operator, **fields))
    assert "Secret of the client" in caught.text
    assert exchange(operator, caught).status_code == 400
    assert vinli.received(TOKEN) == []
    page = exchange(operator, caught, client_secret="typed-in-secret")
    (asked,) = vinli.received(TOKEN)
    assert base64.b64decode(asked.headers["authorization"].split()[1]).endswith(b":typed-in-secret")
    assert "typed-in-secret" not in page.text


@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"client_secret": "a\r\nb"}, "unusable_client"),
        ({"client_secret": "x" * 600}, "no_secret"),
        ({"client_secret": " "}, "no_secret"),
        ({"code": "x" * 17_000, "client_secret": "s"}, "code_too_long"),
    ],
)
def test_what_cannot_be_exchanged_is_said_and_spends_nothing(fields, title, operator, vinli):
    caught = catch(operator, code="c", state=begin(operator, client_id="another"))
    assert seen(exchange(operator, caught, **fields)) == (400, title)
    assert vinli.received(TOKEN) == []
    exchange(operator, caught, client_secret="the-right-one")
    assert len(vinli.received(TOKEN)) == 1


def test_a_form_that_cannot_be_sent_on_is_refused_at_once(local):
    with local.browser() as stranger:
        page = stranger.request("POST", CATCH, data={"code": "x" * 20_000})
    assert seen(page) == (413, "form_too_long")


def test_every_page_at_the_catch_address_wipes_it(local_site, vinli):
    with local_site(vinli.origin, RATE_LIMIT_CONNECT="2/day").browser() as operator:
        pages = [operator.get(f"{CATCH}?code=c")]
        operator.sign_in_as_operator()
        pages += [operator.get(f"{CATCH}?code=c") for _ in range(2)]
    assert [page.status_code for page in pages] == [401, 200, 429]
    for page in pages:
        assert page.text.index("js/fragment.js") < page.text.index("<title>")


SPELLINGS = (
    "refresh_Token",
    "token",
    "client_secret",
    "device_code",
    "apiKey",
    "Password",
    "client_assertion",
)


@pytest.mark.parametrize(
    ("name", "wrap"),
    [
        *((name, str) for name in SPELLINGS),
        ("refresh_Token", lambda secret: [secret]),
        ("apiKey", lambda secret: {"x": secret}),
    ],
)
def test_a_secret_is_cut_short_however_it_is_called(name, wrap, operator, vinli):
    vinli.answers[TOKEN] = json_reply({"access_token": "t" * 20, name: wrap("a-secret-of-the-answer")})
    page = exchange(operator, catch(operator, code="c", state=begin(operator)))
    assert "a-secret-of-the-answer" not in page.text
    assert name in page.text


def test_a_run_that_came_back_is_not_said_to_be_away(operator):
    catch(operator, code="c", state=begin(operator))
    text = text_of(operator.get("/workbench/traces"))
    assert "Came back, and is not concluded" in text
    assert "Nobody came back" not in text


FAILURES = {
    "refused": (
        json_reply({"error": "invalid_grant", "error_description": "too old"}, 400),
        "invalid_grant: too old",
    ),
    "a page": (http(200, b"<h1>x</h1>", content_type="text/html"), "does not say it is JSON"),
    "token type": (
        json_reply({"access_token": "t" * 20, "token_type": "JWT"}),
        'token_type is "JWT", not bearer',
    ),
    "a list": (json_reply([1]), "not an object"),
    "down": (http(503), "The server failed"),
    "elsewhere": (http(302, Location="https://evil.example/"), "redirect"),
    "markup": (
        json_reply({"error": "<b>", "error_description": "<script>alert(1)</script>"}, 400),
        "<script>alert(1)",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_an_exchange_that_fails_says_why(name, operator, vinli):
    vinli.answers[TOKEN], words = FAILURES[name]
    page = exchange(operator, catch(operator, code="c", state=begin(operator)))
    assert seen(page) == (200, "Token response")
    assert "Token request failed" in text_of(page)
    assert words in text_of(page)
    assert "<script>alert" not in page.text


def test_the_fields_of_a_refused_token_response_are_shown_all_the_same(operator, vinli):
    vinli.answers[TOKEN] = json_reply({"access_token": "t" * 20, "token_type": "JWT", "expires_in": 5})
    text = text_of(exchange(operator, catch(operator, code="c", state=begin(operator))))
    assert "token_type JWT" in text
    assert "t" * 20 not in text


def test_a_server_that_throws_everything_back_shows_no_secret(operator, vinli):
    def blab(request):
        said = request.body.decode() + " " + request.headers["authorization"]
        return json_reply({"access_token": "tok" * 10, "scope": said, "note": [said], said[:70]: said}, 200)

    vinli.answers[TOKEN] = blab
    page = exchange(operator, catch(operator, code="the-code-of-this-run", state=begin(operator)))
    (asked,) = vinli.received(TOKEN)
    secrets = ("the-code-of-this-run", asked.form["code_verifier"], "the-bench-secret", "tok" * 10)
    for secret in (*secrets, asked.headers["authorization"].split()[1]):
        assert secret not in page.text


def test_a_hostile_token_response_is_inert(operator, vinli):
    hostile = {f"{value[:60]}{number}": value for number, value in enumerate(HOSTILE.values())}
    user = {"id": "1", "email": "x@y.z", "firstName": HOSTILE["markup"], "lastName": HOSTILE["direction"]}
    vinli.answers[TOKEN] = json_reply(
        {
            "access_token": jwt(**{HOSTILE["markup"]: HOSTILE["direction"]}),
            **{k: v for k, v in hostile.items() if "\0" not in k},
        }
    )
    vinli.answers[USER] = json_reply({"user": user})
    page = exchange(operator, catch(operator, code="c", state=begin(operator)))
    assert page.status_code == 200
    assert "\u202e" not in Page(page.text).text
    assert "<script>alert" not in page.text


def test_a_token_response_of_a_megabyte_is_refused(operator, vinli):
    vinli.answers[TOKEN] = json_reply({"access_token": "t", "padding": "x" * 1_000_000})
    page = exchange(operator, catch(operator, code="c", state=begin(operator)))
    assert "Token request failed" in text_of(page)


# --- the state of a fragment


def judge(operator, state, *names):
    token = Page(operator.get(CATCH).text).form(CATCH)
    assert token
    csrf = re.search(r'data-csrf-token="([^"]+)"', operator.get(CATCH).text)[1]
    return operator.request(
        "POST", "/workbench/verdict", data={"state": state, "names": names}, headers={"X-CSRF-Token": csrf}
    )


def test_the_state_of_a_fragment_is_judged_and_its_names_are_kept(local, operator):
    state = begin(operator, response_type="token")
    local.clock.advance(3)
    answer = judge(operator, state, "access_token", "state", "<b>", "made-up").json()
    assert answer == {
        "good": True,
        "title": "The state is right",
        "words": "It is that of a request that was composed here.",
        "seconds": 3,
    }
    (link,) = [link for link in Page(operator.get("/workbench/traces").text).links if "/traces/" in link]
    trace = operator.get(f"{link}.json").json()
    assert trace["outcome"] == "worked"
    assert set(trace["steps"][1]["sent"]) == {"access_token", "state"}


@pytest.mark.parametrize("state", ["", "x", "é", "\0", "x" * 5000])
def test_a_strange_state_is_judged_too(state, operator):
    assert judge(operator, state).json()["good"] is False


# --- magic drivers


def test_without_a_sandbox_there_are_no_magic_drivers(local_site):
    site = local_site("http://127.0.0.1:9", VINLI_AUTH_URL="https://auth.vin.li")
    with site.browser() as operator:
        operator.sign_in_as_operator()
        assert operator.get("/workbench/drivers").status_code == 404


def test_an_emulator_that_knows_no_magic_drivers_is_a_page(operator):
    page = operator.get("/workbench/drivers")
    assert page.status_code == 200
    assert "This server has no magic drivers" in page.text


@pytest.mark.parametrize(
    "body", [{}, {"drivers": 1, "password": "x"}, {"drivers": [{}], "password": "x"}, [], {"drivers": []}]
)
def test_a_strange_list_of_magic_drivers_is_a_page(body, operator, vinli):
    vinli.answers["/_sandbox/magic-drivers"] = json_reply(body)
    assert operator.get("/workbench/drivers").status_code == 502


def test_a_magic_driver_that_nobody_here_knows_is_listed_without_a_promise(operator, vinli):
    driver = {"name": "new", "email": "<b>@x", "title": "T", "what": "W"}
    vinli.answers["/_sandbox/magic-drivers"] = json_reply({"password": "p", "drivers": [driver]})
    page = operator.get("/workbench/drivers")
    assert page.status_code == 200
    assert "Not known here" in page.text


# --- who may be called


def test_nobody_but_the_configured_origins_is_called_whatever_is_typed(local, operator, vinli, monkeypatch):
    called = []
    connect = socket.socket.connect_ex

    def watched(self, address):
        called.append(address)
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect_ex", watched)
    monkeypatch.setattr(socket, "getaddrinfo", _only(vinli.origin, socket.getaddrinfo))
    elsewhere = "https://evil.example:6666/x"
    vinli.answers["/oauth/authorization/new"] = http(302, Location=elsewhere)
    vinli.answers["/api/v1/clients"] = json_reply(
        {"clients": [{"id": "the-client-id", "type": "server", "data": {"redirectUri": elsewhere}}]}
    )
    operator.get(f"/workbench?registered={quote(elsewhere)}&registered_implicit={quote(elsewhere)}")
    fields = {
        "client_id": "evil.example/client",
        "redirect_uri": elsewhere,
        "response_type": "code",
        "pkce": "on",
        "scope": elsewhere,
    }
    for path in ("/workbench/compose", "/workbench/preflight"):
        page = operator.submit(operator.get(path), path, **fields, extra=f"a={elsewhere}", variants="on")
        assert page.status_code == 200
    state = begin(operator, redirect_uri=elsewhere, client_id="x")
    for page in (
        catch(operator, code="c", state=state, iss=elsewhere, error_uri=elsewhere),
        operator.post(CATCH, address=f"{elsewhere}?code=c&state={state}"),
    ):
        assert page.status_code == 200
    exchange(operator, page, client_secret="s")
    operator.get("/workbench/drivers")
    operator.get("/workbench/traces")
    host, port = urlsplit(vinli.origin).hostname, urlsplit(vinli.origin).port
    assert len(called) > 3
    assert {address for address in called if not isinstance(address, str)} == {(host, port)}
    assert {request.path for request in vinli.received()} >= {
        "/oauth/authorization/new",
        TOKEN,
        "/api/v1/clients",
    }


def _only(origin, getaddrinfo):
    def resolve(host, *arguments, **options):
        assert host in {"127.0.0.1", urlsplit(origin).hostname}, f"{host} was looked up"
        return getaddrinfo(host, *arguments, **options)

    return resolve


def test_the_catch_page_is_rate_limited(local_site, vinli):
    with local_site(vinli.origin, RATE_LIMIT_CONNECT="3/day").browser() as operator:
        operator.sign_in_as_operator()
        statuses = [operator.get(CATCH).status_code for _ in range(5)]
    assert statuses[:3] == [200] * 3
    assert 429 in statuses


def test_after_signing_in_the_operator_is_back_where_they_wanted(local):
    with local.browser() as operator:
        form = operator.get("/workbench/traces?reference=x")
        landed = operator.submit(form, "/operator", password="operators-own-password")
        assert landed.headers["Location"] == "/workbench/traces"
