import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from sandbox.api.origins import is_from_our_page, is_loopback, is_this_machine


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:9000"}, False),
        ({"Origin": "http://127.0.0.1:9000"}, True),
        ({"Origin": "http://127.0.0.1:8000"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "https://evil.example"}, False),
    ],
)
def test_forms_of_other_sites_are_told_apart(headers, is_ours):
    environ = EnvironBuilder(base_url="http://127.0.0.1:9000", method="POST", headers=headers).get_environ()
    assert is_from_our_page(Request(environ)) is is_ours


@pytest.mark.parametrize(
    ("host", "loopback", "this_machine"),
    [
        ("127.0.0.1", True, True),
        ("127.9.9.9", True, True),
        ("::1", True, True),
        ("localhost", True, True),
        ("auth.localhost", False, True),
        ("localhost.evil.example", False, False),
        ("192.0.2.1", False, False),
        ("evil.example", False, False),
        ("", False, False),
    ],
)
def test_hosts_of_this_machine(host, loopback, this_machine):
    assert is_loopback(host) is loopback
    assert is_this_machine(host) is this_machine
