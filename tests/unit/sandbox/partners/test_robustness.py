"""Whatever comes, the partners answer: no input ends in an error of ours."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.partners.anyline.images import is_picture
from sandbox.partners.aspose.documents import as_docx, as_pdf
from sandbox.partners.aspose.html_blocks import blocks_of
from tests.support.partner_calls import TARGET, PartnerCalls, bearer

RANDOM = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
CALLS = PartnerCalls()
FOLDER, FILE = "/v4.0/words/storage/folder/", "/v4.0/words/storage/file/"
PATHS = (
    ("POST", "/oauth/token"),
    ("POST", "/v2/tiresidewall"),
    ("POST", "/auth/token"),
    ("GET", "/v2.0/site"),
    ("POST", "/connect/token"),
    ("GET", FOLDER),
    ("PUT", FILE + "x"),
    ("PUT", "/v4.0/words/convert?format=pdf"),
    ("POST", "/cognito/"),
    ("GET", "/instyle/images"),
    ("POST", "/instyle/images"),
    ("POST", "/_sandbox/partners/secret"),
    ("POST", "/_sandbox/partners/revoke"),
)
KINDS = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x", "")
NAMES = st.sampled_from(
    ["client_id", "client_secret", "audience", "grant_type", "scope", "image", "id", "file", "url", "ClientId",
     "AuthFlow", "AuthParameters", "USERNAME", "PASSWORD", "SECRET_HASH", "REFRESH_TOKEN", "SCOPES", "", "é"]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(
        (
            *CALLS.variables.values(),
            "client_credentials",
            "USER_PASSWORD_AUTH",
            "REFRESH_TOKEN_AUTH",
            "\ud800",
        )
    ),
    st.text(max_size=40),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner),
    max_leaves=12,
)
HEADER = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]))


@pytest.fixture(scope="module")
def tokens():
    return {
        "anyline": CALLS.anyline_token().json["access_token"],
        "ayyeka": CALLS.ayyeka_token().json["access_token"],
        "aspose": CALLS.aspose_token().json["access_token"],
    }


def assert_answered(response):
    assert response.status_code < 500, response.text


@RANDOM
@given(value=JSON)
def test_any_json(tokens, value):
    body = json.dumps(value)
    for _, path in (pair for pair in PATHS if pair[0] == "POST" and "_sandbox" not in pair[1]):
        for kind in ("application/json", "application/x-amz-json-1.1"):
            headers = {
                "X-Amz-Target": TARGET,
                **bearer(tokens["anyline"]),
                "x-api-key": CALLS["INSTYLE_API_KEY"],
            }
            assert_answered(CALLS.send("POST", path, data=body, content_type=kind, headers=headers))


@RANDOM
@given(value=JSON)
def test_any_json_for_the_control_interface(value):
    calls = PartnerCalls()
    for path in ("secret", "revoke"):
        assert_answered(calls.send("POST", f"/_sandbox/partners/{path}", json=value))


@RANDOM
@given(body=st.binary(max_size=200), header=HEADER, key=HEADER)
def test_any_body_and_any_headers(body, header, key):
    for method, path in PATHS:
        for kind in KINDS:
            headers = {"Authorization": header, "x-api-key": key, "x-selected-customer": key}
            assert_answered(CALLS.send(method, path, data=body, content_type=kind, headers=headers))


@RANDOM
@given(pairs=st.lists(st.tuples(NAMES, VALUES.filter(lambda text: "\ud800" not in text)), max_size=8))
def test_any_form(pairs):
    fields = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    for path in ("/oauth/token", "/auth/token", "/connect/token"):
        assert_answered(CALLS.send("POST", path, data=fields))


@RANDOM
@given(path=st.text(st.characters(exclude_categories=["Cs"]), max_size=40), query=VALUES)
def test_any_path_in_a_storage(tokens, path, query):
    headers = bearer(tokens["aspose"])
    queries = {name: query.replace("\ud800", "") for name in ("storageName", "storage", "outPath", "format")}
    for base in (FOLDER, FILE):
        assert_answered(CALLS.send("GET", base + quote(path), headers=headers, query_string=queries))
        assert_answered(CALLS.send("GET", base + quote(path, safe=""), headers=headers))


@RANDOM
@given(content=st.binary(max_size=300))
def test_any_picture(tokens, content):
    beginnings = (b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"RIFF1234WEBP")
    for beginning in beginnings:
        image = beginning + content
        assert is_picture(image) in (True, False)
        body = json.dumps({"image": base64.b64encode(image).decode()})
        assert_answered(CALLS.send("POST", "/v2/tiresidewall", data=body, headers=bearer(tokens["anyline"])))


@RANDOM
@given(page=st.text(max_size=300) | st.lists(st.sampled_from("<>/!-\"'&#;a \x00p h1 td\n")).map("".join))
def test_any_page(page):
    blocks = blocks_of(page)
    assert as_docx(blocks).startswith(b"PK")
    assert as_pdf(blocks).startswith(b"%PDF-")
