"""The doctor on one redirect URI: each way to register a wrong one is a finding of its own."""

from __future__ import annotations

import pytest

from domain.doctor.redirect_uris import Case, uri_findings
from domain.doctor.report import Severity

HERE = "http://127.0.0.1:8000"
CALLBACK = f"{HERE}/connect/callback"
IMPLICIT = f"{HERE}/implicit/callback"
CASE = Case(
    CALLBACK, "the-client-id", HERE, {"implicit flow": IMPLICIT, "workbench": f"{HERE}/workbench/catch"}
)

REGISTERED = {
    f"{CALLBACK}/": ["trailing_slash"],
    IMPLICIT: ["redirect_uris_swapped"],
    f"{HERE}/workbench/catch": ["redirect_uris_swapped"],
    "https://127.0.0.1:8000/connect/callback": ["scheme_http_https"],
    "http://127.0.0.1/connect/callback": ["port_missing"],
    "http://127.0.0.1:8000//connect/callback": ["doubled_slash"],
    "http://127.0.0.1:8000/connect%2Fcallback": ["encoded_character"],
    "http://127.0.0.1:8000/connect/c%61llback": ["needless_encoding"],
    "http://127.0.0.1:8000/connect/./callback": ["dot_segments"],
    f"{CALLBACK}?flow=code": ["query_parameter_added"],
    f"{CALLBACK}?": ["empty_query"],
    f"{CALLBACK}#": ["fragment"],
    f"{CALLBACK}/*": ["wildcard"],
    f" {CALLBACK}": ["surrounding_blanks"],
    f"{CALLBACK}\r\n": ["invisible_characters"],
    f"\u200b{CALLBACK}": ["invisible_characters"],
    "http://me@127.0.0.1:8000/connect/callback": ["userinfo"],
    "http://127.0.0.1:8000\\connect/callback": ["backslash"],
    "127.0.0.1:8000/connect/callback": ["not_absolute"],
    "javascript:alert(document.cookie)": ["script_scheme"],
    "li.vin.cars://connect/callback": ["custom_scheme"],
    "http://127.0.0.1:80x/connect/callback": ["bad_port"],
    "http://localhost:8000/Connect/Callback/": ["loopback_name", "path_case", "trailing_slash"],
    "https://cars.example.com/connect/callback": ["other_host"],
    "http://cars.example.com/connect/callback": ["other_host", "plain_http"],
}


@pytest.mark.parametrize("registered", REGISTERED)
def test_each_way_to_register_the_wrong_redirect_uri_is_named(registered):
    found = uri_findings(CASE, registered)
    assert sorted(one.code for one in found) == REGISTERED[registered]
    for one in found:
        assert one.severity is Severity.PROBLEM
        assert one.todo
        assert ("Sent", CALLBACK) in one.facts or one.code == "redirect_uris_swapped"
