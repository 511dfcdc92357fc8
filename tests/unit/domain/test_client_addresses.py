"""The sender of a request, from what proxies write (RFC 7239, section 6)."""

import pytest

from domain.client_addresses import (
    as_x_forwarded,
    client_of,
    forwarded_values,
    node_address,
    with_x_forwarded,
)
from domain.own_host import is_own_host

CARS = "https://cars.test:8443"


@pytest.mark.parametrize(
    ("node", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:41234", "203.0.113.7"),
        ("203.0.113.7:_port", "203.0.113.7"),
        (' "203.0.113.7:41234" ', "203.0.113.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ('"[2001:db8::1]:4711"', "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:80", "fe80::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("[::ffff:203.0.113.7]:80", "203.0.113.7"),
        *(
            (text, None)
            for text in ("unknown", "_hidden", "", "x", "203.0.113", "[::1", "1.2.3.4.5:6", "\0", "-")
        ),
    ],
)
def test_every_form_of_a_node_is_read(node, address):
    found = node_address(node)
    assert (found and str(found)) == address


def test_forwarded_says_the_same_as_the_older_headers():
    header = 'for="[2001:db8::1]:4711";proto=https;host="cars.test:8443", For=203.0.113.7;by=_x;Proto=http'
    assert forwarded_values(header, "for") == ["[2001:db8::1]:4711", "203.0.113.7"]
    assert as_x_forwarded(header) == {
        "X-Forwarded-For": "[2001:db8::1]:4711, 203.0.113.7",
        "X-Forwarded-Proto": "https, http",
        "X-Forwarded-Host": "cars.test:8443, ",
    }
    assert as_x_forwarded("") == as_x_forwarded(";;,=,") == {}


@pytest.mark.parametrize(
    ("remote", "forwarded_for", "trusted", "key"),
    [
        ("203.0.113.7", None, 0, "203.0.113.7"),
        ("127.0.0.1", None, 0, "127.0.0.1"),
        ("203.0.113.7:41234", "203.0.113.7:41234", 1, "203.0.113.7"),
        ("2001:db8:1:2::7", None, 0, "2001:db8:1:2::/64"),
        ("203.0.113.7", "10.0.0.9, 203.0.113.7", 1, "203.0.113.7"),
        ("203.0.113.7", "10.0.0.9", 0, "203.0.113.7"),
        ("10.0.0.7", "10.0.0.7", 1, "10.0.0.7"),
        ("", None, 0, "shared"),
        ("", "203.0.113.7", 0, "shared"),
        ("unknown", "unknown", 1, "shared"),
        ("_hidden", "_hidden", 1, "shared"),
        ("127.0.0.1", "203.0.113.7", 0, "shared"),
        ("127.0.0.1", "", 0, "shared"),
        ("10.0.0.2", "203.0.113.7, 10.0.0.2", 1, "shared"),
        ("10.0.0.2", "203.0.113.7", 2, "shared"),
        ("198.51.100.2", "203.0.113.7", 2, "shared"),
        ("198.51.100.2", None, 1, "shared"),
        ("198.51.100.2", " , ", 1, "shared"),
    ],
)
def test_visitors_are_told_apart_where_they_can_be(remote, forwarded_for, trusted, key):
    forwarded = {} if forwarded_for is None else {"X-Forwarded-For": forwarded_for}
    assert client_of(remote, forwarded, trusted).key == key


@pytest.mark.parametrize(
    ("remote", "forwarded", "is_shared"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("10.0.0.7", {}, False),
        ("203.0.113.7", {}, False),
        ("10.0.0.7", {"Via": "1.1 x"}, True),
    ],
)
def test_whoever_reaches_a_public_site_from_its_own_machine_is_a_proxy(remote, forwarded, is_shared):
    assert client_of(remote, forwarded, 0, is_public=True).is_shared is is_shared
    assert client_of("127.0.0.1", {}, 0).is_shared is False


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ('", 203.0.113.7', "unknown, 203.0.113.7"),
        ('"203.0.113.7:80"', "203.0.113.7:80"),
        ('a"b, c\\d, e', "unknown, unknown, e"),
        ('""', "unknown"),
    ],
)
def test_no_quote_makes_another_reader_count_other_values(header, values):
    assert with_x_forwarded({"X-Forwarded-For": header}) == {"X-Forwarded-For": values}
    assert with_x_forwarded({"X-Forwarded-Proto": "HTTPS"}) == {"X-Forwarded-Proto": "https"}


def test_each_older_header_that_is_missing_is_taken_from_forwarded():
    forwarded = "for=203.0.113.7;proto=https;host=cars.test"
    assert with_x_forwarded({"Forwarded": forwarded, "X-Forwarded-Proto": "http"}) == {
        "Forwarded": forwarded,
        "X-Forwarded-For": "203.0.113.7",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "cars.test",
    }
    assert with_x_forwarded({"X-Forwarded-For": " , a,,b "})["X-Forwarded-For"] == "a, b"
    assert with_x_forwarded({"X-Forwarded-For": ","}) == {}
    assert with_x_forwarded({}) == {}


@pytest.mark.parametrize(
    ("header", "values"),
    [
        ('for="', []),
        ('for="x, for=203.0.113.7', ["203.0.113.7"]),
        ('for="[2001:db8::1]:80", for=b', ["[2001:db8::1]:80", "b"]),
        ('for="a\\"b", for=c', ['a"b', "c"]),
        ("x" * 5000 + ", for=203.0.113.7", ["203.0.113.7"]),
        ('for=6.6.6.6;x=\\";k=, for=203.0.113.7;proto=https', ["203.0.113.7"]),
        ('for=6.6.6.6;x="\\\\";x=";k=, for=203.0.113.7;proto=https', ["203.0.113.7"]),
        ('for=6.6.6.6;y="\\\\", for=203.0.113.7', ["6.6.6.6", "203.0.113.7"]),
        ('for=6.6.6.6;x=", for="[2001:db8::7]:80"', ["[2001:db8::7]:80"]),
        ("for=6.6.6.6;k=, for=203.0.113.7", ["6.6.6.6", "203.0.113.7"]),
        ('for=6.6.6.6;host="a, for=203.0.113.7"', ["6.6.6.6"]),
        ("for=203.0.113.7:4711;by=_x, for = 10.0.0.2 ; proto = http", ["203.0.113.7:4711", "10.0.0.2"]),
        (" , for=203.0.113.7, ,", ["203.0.113.7"]),
        ("proto=https, for=203.0.113.7", ["", "203.0.113.7"]),
        ("for=203.0.113.7, garbage", []),
        ("," * 5000, []),
        ("=" * 5000, []),
        ('"' * 5000, []),
    ],
)
def test_what_a_visitor_wrote_into_forwarded_hides_nothing_that_proxies_add(header, values):
    assert forwarded_values(header, "for") == values


@pytest.mark.parametrize(
    ("public_url", "trusted", "host", "forwarded", "is_own"),
    [
        (CARS, 0, "cars.test:8443", {}, True),
        (CARS, 0, "cars.test", {}, False),
        (CARS, 1, "cars.test", {}, True),
        (CARS, 1, "cars.test", {"X-Forwarded-Port": "8443"}, True),
        (CARS, 1, "cars.test:8000", {"X-Forwarded-Port": "8443"}, True),
        (CARS, 1, "cars.test:8000", {"X-Forwarded-Port": "443, 8443"}, True),
        (CARS, 1, "cars.test:8000", {}, False),
        (CARS, 0, "cars.test:8000", {"X-Forwarded-Port": "8443"}, False),
        (CARS, 1, "app:8000", {"X-Forwarded-Host": "cars.test:8443"}, True),
        (CARS, 1, "app:8000", {"X-Forwarded-Host": "CARS.test"}, True),
        (CARS, 1, "cars.test", {"X-Forwarded-Host": "evil.test"}, False),
        (CARS, 1, "app", {"X-Forwarded-Host": "evil.test, cars.test"}, True),
        (CARS, 2, "app", {"X-Forwarded-Host": "cars.test, app.internal"}, True),
        (CARS, 2, "app", {"X-Forwarded-Host": "evil.test, cars.test"}, False),
        (CARS, 2, "app", {"X-Forwarded-Host": "cars.test"}, True),
        (CARS, 1, "app", {"Forwarded": 'host="cars.test:8443";proto=https'}, True),
        (CARS, 0, "app", {"X-Forwarded-Host": "cars.test"}, False),
        ("https://cars.test", 0, "cars.test:443", {}, True),
        ("https://cars.test", 0, "cars.test:80", {}, False),
        ("http://[::1]:8000", 0, "[::1]:8000", {}, True),
        ("http://[::1]:8000", 0, "[::1]", {}, False),
        *(
            ("https://cars.test", 1, host, {}, False)
            for host in ("", "cars.test.evil", "evil..test", ":", "[", "a:b:c")
        ),
    ],
)
def test_a_host_is_compared_with_public_url(public_url, trusted, host, forwarded, is_own):
    assert is_own_host(public_url, trusted, host, forwarded) is is_own
