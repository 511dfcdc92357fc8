import io
import zipfile

import pytest

from sandbox.partners.aspose import storages
from sandbox.partners.aspose.storages import BadPath, normal_path
from tests.support.partner_calls import NOW, PartnerCalls, bearer

HTML = "<!doctype html><title>t</title><h1>Report</h1><p>Über 30 € &amp; mehr</p>".encode()
FOLDER, FILE = "/v4.0/words/storage/folder/", "/v4.0/words/storage/file/"
CONVERT = "/v4.0/words/convert"


@pytest.fixture
def calls():
    return PartnerCalls()


def names(calls, folder="", **query):
    response = calls.aspose("GET", FOLDER + folder, query_string=query)
    assert response.status_code == 200, response.text
    return [entry["Name"] for entry in response.json["Value"]]


# --- tokens


def test_the_document_s_request_gets_a_token(calls):
    response = calls.aspose_token()
    assert response.status_code == 200
    answer = response.json
    assert answer.pop("access_token").count(".") == 2
    assert answer == {"expires_in": 86400, "token_type": "Bearer"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "wrong"}, "invalid_client"),
        ({"client_secret": None}, "invalid_client"),
        ({"client_id": None}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "unsupported_grant_type"),
        ({"client_id": ["x", "x"]}, "invalid_request"),
    ],
)
def test_what_the_document_does_not_describe_is_refused(calls, changes, error):
    response = calls.aspose_token(**changes)
    assert (response.status_code, response.json["error"]) == (400, error)


def test_json_and_basic_and_queries_are_refused(calls):
    fields, path = calls.aspose_fields(), "/connect/token"
    assert calls.send("POST", path, json=fields).status_code == 400
    assert calls.send("POST", path, query_string=fields).status_code == 400
    assert (
        calls.send("POST", path, data={"grant_type": "client_credentials"}, query_string=fields).status_code
        == 400
    )
    auth = (calls["ASPOSE_CLIENT_ID"], calls["ASPOSE_CLIENT_SECRET"])
    assert calls.send("POST", path, data={"grant_type": "client_credentials"}, auth=auth).status_code == 400
    assert calls.send("POST", path, data=fields, auth=auth).status_code == 400


def test_a_refusal_has_the_shape_of_the_sdk_s_errors(calls):
    response = calls.send("GET", FOLDER, headers=bearer("x"))
    assert response.status_code == 401
    assert set(response.json) == {"RequestId", "Error"}
    assert set(response.json["Error"]) == {"Code", "Message", "Description", "DateTime", "InnerError"}


def test_a_token_for_another_audience_is_refused(calls):
    token = calls.partners.jwts.issue("aspose", 60, {"aud": "https://example.com"})
    assert calls.send("GET", FOLDER, headers=bearer(token)).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", FOLDER), ("GET", FILE + "x"), ("PUT", FILE + "x"), ("PUT", CONVERT + "?format=pdf")],
)
def test_every_call_wants_a_token(calls, method, path):
    response = calls.send(method, path)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


# --- storage


def test_a_folder_is_listed_in_the_sdk_s_shape(calls):
    entries = calls.aspose("GET", FOLDER).json["Value"]
    assert [entry["Name"] for entry in entries] == [
        "Archive",
        "Templates",
        "fleet-overview.pdf",
        "handbook.docx",
    ]
    assert [entry["IsFolder"] for entry in entries] == [True, True, False, False]
    assert entries[0].keys() == {"Name", "IsFolder", "ModifiedDate", "Size", "Path"}
    assert entries[0]["Size"] == 0 < entries[2]["Size"]
    assert entries[2]["Path"] == "/fleet-overview.pdf"
    assert names(calls, "Archive/2023") == names(calls, "Archive/2023/") == ["fleet-overview.pdf"]
    assert calls.aspose("GET", FOLDER.rstrip("/")).json["Value"] == entries
    assert PartnerCalls().aspose("GET", FOLDER).json["Value"] == entries


def test_the_storage_may_be_named_and_has_to_exist(calls):
    assert names(calls, storageName="Reports") == names(calls)
    assert names(calls, storageName="Archive") == []
    for path in (FOLDER, FILE + "handbook.docx"):
        assert calls.aspose("GET", path, query_string={"storageName": "nowhere"}).status_code == 404
        assert calls.aspose("GET", path, query_string={"storageName": "reports"}).status_code == 404


def test_a_file_comes_back_as_it_was_sent(calls):
    content = bytes(range(256)) * 10
    response = calls.aspose("PUT", FILE + "made/Über uns.bin", "fileContent", content)
    assert (response.status_code, response.json) == (200, {"Uploaded": ["Über uns.bin"], "Errors": []})
    assert calls.aspose("GET", FILE + "made/Über uns.bin").data == content
    assert "made" in names(calls)
    entry = calls.aspose("GET", FOLDER + "made").json["Value"][0]
    assert (entry["Size"], entry["Path"]) == (2560, "/made/Über uns.bin")
    assert entry["ModifiedDate"] == "2027-01-15T08:00:00+00:00"  # NOW
    assert calls.aspose("PUT", FILE + "made/Über uns.bin", "fileContent", b"new").status_code == 200
    assert calls.aspose("GET", FILE + "made/Über uns.bin").data == b"new"


def test_storages_do_not_mix(calls):
    there = {"storageName": "Archive"}
    assert calls.aspose("PUT", FILE + "a.txt", "fileContent", b"a", query_string=there).status_code == 200
    assert calls.aspose("GET", FILE + "a.txt").status_code == 404
    assert calls.aspose("GET", FILE + "a.txt", query_string=there).data == b"a"


@pytest.mark.parametrize("path", ["../a", "a/../b", "./a", "a\\b", "a\x01b", "a%00b", "x" * 501])
def test_paths_that_lead_elsewhere_are_refused(calls, path):
    assert calls.aspose("PUT", FILE + path, "fileContent", b"x").status_code in (400, 404)
    assert calls.aspose("GET", FOLDER + path).status_code in (400, 404)
    assert len(names(calls)) == 4


def test_a_name_is_a_file_or_a_folder(calls):
    for path in ("Archive", "handbook.docx/inside.txt"):
        assert calls.aspose("PUT", FILE + path, "fileContent", b"x").status_code == 400
    assert calls.aspose("GET", FILE + "Archive").status_code == 404
    assert calls.aspose("GET", FOLDER + "handbook.docx").status_code == 404


@pytest.mark.parametrize("part", ["file", "fileContents", "filecontent"])
def test_the_part_s_name_is_the_sdk_s(calls, part):
    expected = 200 if part == "filecontent" else 400
    assert calls.aspose("PUT", FILE + "x", part, b"x").status_code == expected


def test_a_body_that_is_no_part_is_refused(calls):
    for options in (
        {},
        {"data": b"x"},
        {"data": b"x", "content_type": "application/octet-stream"},
        {"data": b"x", "content_type": "multipart/form-data"},
        {"data": b"--x\r\nno end", "content_type": "multipart/form-data; boundary=x"},
        {"data": {"fileContent": "a field and no file"}, "content_type": "multipart/form-data"},
        {"data": {"fileContent": [(io.BytesIO(b"a"), "a"), (io.BytesIO(b"b"), "b")]}},
    ):
        assert calls.aspose("PUT", FILE + "x", **options).status_code == 400
    assert len(names(calls)) == 4


def test_a_storage_is_bounded(calls, monkeypatch):
    monkeypatch.setattr(storages, "MOST_FILES", 6)
    statuses = [calls.aspose("PUT", f"{FILE}{n}", "fileContent", b"x").status_code for n in range(3)]
    assert statuses == [200, 200, 413]
    assert calls.aspose("PUT", FILE + "0", "fileContent", b"y").status_code == 200
    monkeypatch.setattr(storages, "MOST_BYTES", 10_000)
    assert calls.aspose("PUT", FILE + "0", "fileContent", b"y" * 10_000).status_code == 413
    assert calls.aspose("GET", FILE + "0").data == b"y"


def test_paths_are_normal():
    assert normal_path("") == normal_path("//") == "/"
    assert normal_path("a//b/") == "/a/b"
    with pytest.raises(BadPath):
        normal_path("a/../b")


# --- conversion


@pytest.mark.parametrize("part", ["document", "Document"])
def test_html_becomes_a_word_document(calls, part):
    response = calls.aspose("PUT", CONVERT, part, HTML, query_string={"format": "docx"})
    assert response.status_code == 200
    with zipfile.ZipFile(io.BytesIO(response.data)) as package:
        assert package.testzip() is None
        assert "Über 30 € &amp; mehr" in package.read("word/document.xml").decode()


def test_html_becomes_a_pdf(calls):
    response = calls.aspose("PUT", CONVERT, "document", HTML, query_string={"format": "pdf"})
    assert response.status_code == 200
    assert response.data.startswith(b"%PDF-")
    assert "(Über 30 € & mehr)".encode("cp1252") in response.data


def test_the_result_may_be_kept(calls):
    query = {"format": "pdf", "outPath": "/made/report.pdf", "storage": "Archive"}
    response = calls.aspose("PUT", CONVERT, "document", HTML, query_string=query)
    assert (response.status_code, response.data) == (200, b"")
    kept = calls.aspose("GET", FILE + "made/report.pdf", query_string={"storageName": "Archive"})
    assert kept.data.startswith(b"%PDF-")
    for changes, status in (
        ({"storage": "nowhere"}, 404),
        ({"outPath": "../x"}, 400),
        ({"outPath": ""}, 400),
    ):
        query_string = query | changes
        response = calls.aspose("PUT", CONVERT, "document", HTML, query_string=query_string)
        assert response.status_code == status


@pytest.mark.parametrize("query", [{}, {"format": ""}, {"format": "xps"}, {"format": "../pdf"}])
def test_other_formats_are_refused(calls, query):
    assert calls.aspose("PUT", CONVERT, "document", HTML, query_string=query).status_code == 400


@pytest.mark.parametrize(
    "content", [b"", b"no markup", b"PK\x03\x04\xff\xfe", b"%PDF-1.4\n\xe2\xe3", b"\xff\xfe<\x00"]
)
def test_other_documents_are_refused(calls, content):
    response = calls.aspose("PUT", CONVERT, "document", content, query_string={"format": "pdf"})
    assert (response.status_code, response.json["Error"]["Code"]) == (400, "UnsupportedDocument")


def test_times_follow_the_clock_of_the_sandbox(calls):
    assert NOW == 1_800_000_000
    response = calls.aspose("GET", FILE + "nothing")
    assert response.json["Error"]["DateTime"] == "2027-01-15T08:00:00+00:00"


def test_an_unknown_path_is_answered_as_json(calls):
    for path in ("/v4.0/words/nothing", "/connect/token", "/v2.0/nothing", "/instyle/nothing", "/cognito"):
        response = calls.send("GET", path)
        assert response.status_code in (404, 405)
        assert response.is_json
