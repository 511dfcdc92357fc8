"""How requests arrive: through proxies that count, name and encrypt in their own ways."""

from __future__ import annotations

from contextlib import ExitStack
from urllib.parse import quote

import pytest

from blueprints.web import operators
from blueprints.web.visitors import limits
from tests.support.browser import problem_code, seen
from tests.support.fake_vinli import TOKEN
from tests.support.operator_links import follow_link, link_of

pytestmark = pytest.mark.functional

CARS = "https://cars.example.com"


@pytest.fixture(autouse=True)
def quick_turns(monkeypatch):
    monkeypatch.setattr(limits, "SLOW_SECONDS", 0.0)


def sign_in(site, header, *, password="operators-own-password", **options):
    with site.browser(**options) as browser:
        named = {"X-Forwarded-For": header} if isinstance(header, str) else header
        browser.headers = named or {}
        return browser.sign_in_as_operator(password)


def lock(site, header, **options):
    """Try twenty wrong passwords and return the statuses."""
    return [sign_in(site, header, password="wrong", **options).status_code for _ in range(20)]


@pytest.mark.parametrize("form", ["{}:{}", '"{}:{}"', "[::ffff:{}]:{}"])
def test_a_port_behind_an_address_does_not_make_all_visitors_one(form, local_site, vinli):
    site = local_site(vinli.origin, TRUSTED_PROXIES="1", RATE_LIMIT_SIGN_IN="5/day")
    assert 429 in lock(site, form.format("203.0.113.7", 41234))
    assert sign_in(site, form.format("198.51.100.4", 55000)).status_code == 303


# How requests arrive that do not tell visitors apart: TRUSTED_PROXIES, the header, the address of the connection.
SHARED = [
    ("0", None, ""),
    ("0", "203.0.113.7", "127.0.0.1"),
    ("0", "203.0.113.7", ""),
    ("2", "203.0.113.7", "10.0.0.1"),
    ("1", "203.0.113.7, 10.0.0.2", "10.0.0.1"),
    ("1", "unknown", "127.0.0.1"),
    ("1", "_hidden", "127.0.0.1"),
    ("1", "", "127.0.0.1"),
    ("1", ",", "127.0.0.1"),
    ("1", "unknown,", "127.0.0.1"),
    ("1", None, "127.0.0.1"),
    ("1", None, "192.0.2.1"),
    ("2", "203.0.113.7", "192.0.2.1"),
    ("0", {"X-Forwarded-Proto": "https"}, "127.0.0.1"),
    ("0", {"X-Real-IP": "203.0.113.7"}, "10.0.0.1"),
    ("0", {"Forwarded": "proto=https"}, "127.0.0.1"),
    ("1", {"X-Forwarded-Proto": "https"}, "127.0.0.1"),
    ("1", {"X-Forwarded-Proto": "https", "X-Real-IP": "203.0.113.7"}, "127.0.0.1"),
    ("1", {"X-Forwarded-For": "", "X-Forwarded-Proto": "https"}, "127.0.0.1"),
    ("1", {"Forwarded": 'proto=https;host="127.0.0.1:8000"'}, "127.0.0.1"),
    ("1", {"Forwarded": 'for="'}, "127.0.0.1"),
    ("1", {"Forwarded": "for=unknown;proto=https"}, "127.0.0.1"),
    ("2", {"Forwarded": "for=203.0.113.7, proto=https"}, "10.0.0.1"),
]


@pytest.mark.parametrize(("trusted", "header", "address"), SHARED)
def test_nobody_is_locked_out_by_others_if_visitors_cannot_be_told_apart(
    trusted, header, address, local_site, vinli, caplog
):
    site = local_site(vinli.origin, TRUSTED_PROXIES=trusted, RATE_LIMIT_SIGN_IN="5/day")
    assert set(lock(site, header, address=address)) == {403}
    assert sign_in(site, header, address=address).status_code == 303
    told = [record for record in caplog.records if record.getMessage() == "visitors share one address"]
    assert len(told) == 1
    assert "TRUSTED_PROXIES" in told[0].fields["todo"] or "X-Forwarded-For" in told[0].fields["todo"]


# Headers that name the visitor, in a place where another header alone is not enough.
NAMED = [
    ("1", "203.0.113.{},"),
    ("1", ", ,203.0.113.{}, ,"),
    ("1", {"Forwarded": "for=203.0.113.{}", "X-Forwarded-Proto": "https"}),
    ("1", {"Forwarded": "for=203.0.113.{}", "X-Forwarded-For": ""}),
    ("1", {"Forwarded": "For=203.0.113.{};Proto=https", "X-Forwarded-Host": "127.0.0.1:8000"}),
    ("1", {"Forwarded": 'for="x, for="203.0.113.{}:4711"'}),
    ("2", {"Forwarded": "for=203.0.113.{}, for=10.0.0.2;proto=https", "X-Forwarded-Proto": "https, http"}),
    ("1", {"X-Forwarded-For": "1" * 5000 + ", 203.0.113.{}"}),
    ("1", '", 203.0.113.{}'),
    ("1", {"Forwarded": 'for=6.6.6.6;x=\\";k=, for=203.0.113.{};proto=https'}),
    ("1", {"Forwarded": 'for=6.6.6.6;y="\\\\";x=";k=, for=203.0.113.{};proto=https'}),
]


@pytest.mark.parametrize(("trusted", "headers"), NAMED)
def test_a_visitor_whom_a_proxy_names_is_told_from_others(trusted, headers, local_site, vinli, caplog):
    site = local_site(vinli.origin, TRUSTED_PROXIES=trusted, RATE_LIMIT_SIGN_IN="5/day")
    whole = {"X-Forwarded-For": headers} if isinstance(headers, str) else headers

    def of(visitor):
        return {name: value.replace("{}", visitor) for name, value in whole.items()}

    assert 429 in lock(site, of("7"), address="10.0.0.1")
    assert sign_in(site, of("8"), address="10.0.0.1").status_code == 303
    assert not [record for record in caplog.records if record.getMessage() == "visitors share one address"]


@pytest.fixture
def crowded(local_site, vinli):
    """A site whose visitors cannot be told apart, and strangers who hold every place in the queue."""
    with ExitStack() as strangers:
        for _ in range(limits.SLOW_QUEUE):
            strangers.enter_context(limits._strangers.waiting())
        yield local_site(vinli.origin)


def sign_out(browser):
    page = browser.get("/operator/devices")
    assert browser.submit(page, "/operator/sign-out").status_code == 303


def test_strangers_who_guess_without_end_keep_out_no_browser_that_the_operator_used_before(crowded):
    with crowded.browser(address="") as browser:
        assert seen(browser.sign_in_as_operator()) == (429, "sign_in_slowed")
        assert follow_link(browser, link_of(crowded)).status_code == 303, "a link does not wait"
        for _ in range(3):
            sign_out(browser)
            assert browser.sign_in_as_operator("wrong").status_code == 403
            assert browser.sign_in_as_operator().status_code == 303


def test_a_browser_is_not_known_for_ever(crowded, monkeypatch):
    monkeypatch.setattr(operators, "KNOWN_SECONDS", 60)
    with crowded.browser(address="") as browser:
        follow_link(browser, link_of(crowded))
        sign_out(browser)
        crowded.clock.advance(61)
        assert seen(browser.sign_in_as_operator()) == (429, "sign_in_slowed")


@pytest.mark.parametrize("value", ["", "known", "x" * 3000, "\u00e9"])
def test_a_mark_that_was_not_signed_here_gives_no_place_of_its_own(value, crowded):
    with crowded.browser(address="") as browser:
        mark = {"Cookie": f"vinli_connect_operator_browser={value}".encode()}
        browser.headers = mark
        assert browser.get("/operator").status_code == 200
        browser.headers = {}
        browser.session.cookies.set("vinli_connect_operator_browser", quote(value))
        assert seen(browser.sign_in_as_operator()) == (429, "sign_in_slowed")


def test_browsers_that_are_known_wait_for_one_another(crowded):
    with crowded.browser(address="") as browser, ExitStack() as others:
        follow_link(browser, link_of(crowded))
        sign_out(browser)
        for _ in range(limits.SLOW_QUEUE):
            others.enter_context(limits._known.waiting())
        assert seen(browser.sign_in_as_operator()) == (429, "sign_in_slowed")


def test_who_can_be_told_apart_does_not_wait(crowded):
    assert sign_in(crowded, None).status_code == 303


@pytest.mark.parametrize("address", ["", "127.0.0.1"])
def test_other_visitors_can_start_if_a_stranger_reaches_the_limit(address, local_site, vinli):
    site = local_site(vinli.origin, TRUSTED_PROXIES="1", RATE_LIMIT_CONNECT="3/day")
    with site.browser(address=address) as stranger:
        stranger.headers = {"X-Forwarded-For": "unknown"}
        assert [stranger.get("/connect").status_code for _ in range(30)] == [302] * 30


# --- the host


@pytest.mark.parametrize(
    ("trusted", "headers"),
    [
        ("1", {"Host": "cars.test", "X-Forwarded-Port": "8443", "X-Forwarded-Proto": "https"}),
        ("1", {"Host": "app:8000", "X-Forwarded-Host": "cars.test:8443", "X-Forwarded-Proto": "https"}),
        (
            "1",
            {
                "Host": "app:8000",
                "X-Forwarded-Host": "evil.test, cars.test:8443",
                "X-Forwarded-Proto": "https",
            },
        ),
        ("2", {"Host": "app", "X-Forwarded-Host": "cars.test:8443, b", "X-Forwarded-Proto": "https, http"}),
        ("1", {"Host": "app:8000", "Forwarded": 'for=203.0.113.7;host="cars.test:8443";proto=https'}),
    ],
)
def test_a_site_on_a_port_works_behind_a_proxy(trusted, headers, local_site, vinli):
    with local_site(
        vinli.origin, PUBLIC_URL="https://cars.test:8443", TRUSTED_PROXIES=trusted
    ).browser() as browser:
        browser.headers = headers
        browser.connect_at_once()
        assert browser.get("/garage").status_code == 200


def test_wrong_address_shows_what_arrived_and_does_not_lead_in_a_circle(local_site, vinli):
    with local_site(
        vinli.origin, PUBLIC_URL="https://cars.test:8443", TRUSTED_PROXIES="1"
    ).browser() as browser:
        page = browser.get(
            "/", headers={"Host": "app:8000", "X-Forwarded-Host": "b.test", "X-Forwarded-Port": "80"}
        )
    assert seen(page) == (400, "wrong_address")
    for line in (
        "Host: app:8000",
        "X-Forwarded-Host: b.test",
        "X-Forwarded-Port: 80",
        "flask --app app doctor",
    ):
        assert line in page.text
    assert 'href="https://cars.test:8443' not in page.text


STRANGE_HOSTS = (
    *(
        "evil..test",
        "a" * 64,
        "a" * 64 + ".test",
        ".",
        "..",
        "-",
        "xn--",
        "xn--a",
        "[::1",
        "[::1]:x",
        "a b",
        "a/b",
    ),
    *("é.test", "evil.test:99999999", "127.0.0.1:8000:1", "*", "%00", "user@evil.test", "\xff"),
)


@pytest.mark.parametrize("host", STRANGE_HOSTS)
@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host"])
def test_no_strange_host_breaks_a_page(header, host, local_site, vinli, caplog):
    with local_site(vinli.origin, TRUSTED_PROXIES="1").browser() as browser:
        for path in ("/", "/connect", "/nowhere", "/operator"):
            assert seen(browser.get(path, headers={header: host.encode("latin-1")})) == (400, "wrong_address")
        assert browser.get("/healthz", headers={header: host.encode("latin-1")}).status_code == 200
    assert not [record for record in caplog.records if record.exc_info]


# --- plain http


def http_browser(site):
    """Return a browser that comes by plain http, although PUBLIC_URL says https."""
    browser = site.browser()
    browser.session.mount("http://", browser.session.get_adapter(site.origin))
    browser.origin = site.origin.replace("https://", "http://")
    return browser


@pytest.mark.parametrize(
    "path",
    [
        *("/connect?next=/garage", "/implicit", "/operator", "/", "/garage", "/garage?a=b%0D%0AX:y&c=%FF"),
        *("/connect%0A", "/%0D%0AX:y", "/garage/devices/%FF", "/a%3Fb?c=d%3F", "//evil.example/%22"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-Proto": "http"}])
def test_a_visit_by_http_is_led_to_https_before_anything_starts(path, headers, local_site, vinli):
    site = local_site(vinli.origin, PUBLIC_URL=CARS, TRUSTED_PROXIES="1")
    with http_browser(site) as browser:
        answer = browser.get(path, headers=headers)
        assert (answer.status_code, answer.headers["Location"]) == (303, CARS + path)
        assert "attempt_" not in str(browser.session.cookies)


def test_a_password_sent_by_http_is_not_looked_at(local_site, vinli):
    site = local_site(vinli.origin, PUBLIC_URL=CARS)
    with http_browser(site) as browser:
        answer = browser.post("/operator", password="operators-own-password")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"{CARS}/operator")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Proto": "https"},
        {"X-Forwarded-Proto": "http, https"},
        {"X-Forwarded-Proto": "https, http"},
        {"X-Forwarded-Proto": "HTTPS"},
        {"Forwarded": "proto=https"},
        {"Sec-Fetch-Site": "none"},
    ],
)
@pytest.mark.parametrize("trusted", ["0", "1"])
def test_a_visit_that_may_be_by_https_is_not_led_in_a_circle(headers, trusted, local_site, vinli):
    site = local_site(vinli.origin, PUBLIC_URL=CARS, TRUSTED_PROXIES=trusted)
    with http_browser(site) as browser:
        assert browser.get("/operator", headers=headers).status_code == 200


def test_a_proxy_that_hides_https_costs_one_redirect_and_no_more(local_site, vinli):
    site = local_site(vinli.origin, PUBLIC_URL=CARS)
    with http_browser(site) as browser:
        assert browser.get("/operator").status_code == 303
        assert browser.get("/operator").status_code == 200
        assert browser.get("/connect").status_code == 302
        assert vinli.received(TOKEN) == []


@pytest.mark.parametrize(
    ("trusted", "headers"),
    [
        ("0", {"X-Forwarded-Proto": "http"}),
        ("1", {"X-Forwarded-Proto": "http"}),
        ("1", {"X-Forwarded-Proto": "HTTP", "X-Forwarded-For": "203.0.113.7"}),
        ("1", {"Forwarded": "for=203.0.113.7;proto=http"}),
        ("2", {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "http, https"}),
        ("2", {"X-Forwarded-For": "203.0.113.7, 10.0.0.2", "X-Forwarded-Proto": "http, https"}),
        ("2", {"Forwarded": "for=203.0.113.7;proto=http, for=10.0.0.2;proto=https"}),
        ("3", {"X-Forwarded-Proto": "http, http, https"}),
    ],
)
def test_what_a_proxy_calls_http_is_led_to_https_and_else_gets_a_page(trusted, headers, local_site, vinli):
    site = local_site(vinli.origin, PUBLIC_URL=CARS, TRUSTED_PROXIES=trusted)
    with http_browser(site) as browser:
        assert browser.get("/operator", headers=headers).status_code == 303
        for path in ("/operator", "/connect", "/implicit", "/garage", "/"):
            page = browser.get(path, headers=headers)
            assert seen(page) == (400, "came_by_http"), path
            assert 'type="password"' not in page.text
            assert f'href="{CARS}/"' in page.text
            assert "X-Forwarded-Proto" in page.text
        refused = browser.session.post(
            f"{browser.origin}/operator", data={"password": "operators-own-password"}, headers=headers
        )
        assert seen(refused) == (400, "came_by_http")
        told = browser.get("/garage", headers={**headers, "Accept": "application/json"})
        assert (told.status_code, told.json()["error"]["code"]) == (400, "bad_request")
        assert browser.get("/healthz", headers=headers).status_code == 200
    assert vinli.received(TOKEN) == []


def test_probes_and_files_are_not_led_elsewhere(local_site, vinli):
    with http_browser(local_site(vinli.origin, PUBLIC_URL=CARS)) as browser:
        assert browser.get("/healthz").status_code == 200
        assert browser.get("/static/css/tokens.css").status_code == 200


def test_a_site_without_https_leads_nobody_to_it(local, vinli):
    with local.browser() as browser:
        assert browser.get("/operator", headers={"X-Forwarded-Proto": "http"}).status_code == 200
        assert problem_code(browser.get("/", headers={"Host": "evil.test"})) == "wrong_address"
