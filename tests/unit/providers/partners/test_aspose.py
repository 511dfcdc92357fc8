from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import HTTP

import pytest

from providers.errors import InvalidResponse, NotFound, Refused
from providers.http.auth import BearerAuth
from providers.partners.aspose import MAX_DOCUMENT_BYTES, AsposeClient, StoredFile
from tests.support.servers import http, json_reply

FILE = {
    "Name": "report.docx",
    "IsFolder": False,
    "ModifiedDate": "2024-03-05T09:30:00+00:00",
    "Size": 1234,
    "Path": "/reports/report.docx",
}
UPLOADED = json_reply({"Uploaded": ["report.pdf"], "Errors": []})


@pytest.fixture
def client(serve, make_transport):
    def make(reply, storage=None):
        server = serve(lambda _: reply)
        return AsposeClient(make_transport(), server.origin, BearerAuth("token"), storage), server.received

    return make


def document(body):
    return http(200, body, content_type="application/octet-stream")


def parts_of(request):
    """Return a multipart form's parts by name, as the standard library reads them."""
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    form = message_from_bytes(head + request.body, policy=HTTP)
    return {
        part.get_param("name", header="content-disposition"): (
            part.get_filename(),
            part.get_content_type(),
            part.get_payload(decode=True),
        )
        for part in form.iter_parts()
    }


# Files


def test_a_folder_is_listed(client):
    files = client(json_reply({"Value": [FILE, FILE | {"Name": "old", "IsFolder": True, "Size": 0}]}))[
        0
    ].files()
    assert files[0] == StoredFile(
        name="report.docx",
        path="/reports/report.docx",
        is_folder=False,
        size=1234,
        modified_at=datetime(2024, 3, 5, 9, 30, tzinfo=UTC),
    )
    assert files[1].is_folder


@pytest.mark.parametrize(
    ("folder", "target"),
    [
        ("/", "/v4.0/words/storage/folder/"),
        ("", "/v4.0/words/storage/folder/"),
        ("/reports/", "/v4.0/words/storage/folder/reports"),
        ("//a//b", "/v4.0/words/storage/folder/a/b"),
        ("/Folder 1/ü?#%2e", "/v4.0/words/storage/folder/Folder%201/%C3%BC%3F%23%252e"),
    ],
)
def test_a_folder_stands_in_the_path(client, folder, target):
    aspose, received = client(json_reply({"Value": []}))
    assert aspose.files(folder) == []
    assert received[0].target == target


def test_the_storage_of_the_settings_is_used_where_a_call_names_none(client):
    aspose, received = client(json_reply({"Value": []}), "Reports")
    aspose.files()
    aspose.files(storage="Other & more")
    assert [request.query for request in received] == [
        {"storageName": "Reports"},
        {"storageName": "Other & more"},
    ]


@pytest.mark.parametrize("path", ["..", "/../connect/token", "a/../../b", "./a", "a/.", "a" * 1001])
def test_no_path_leads_out_of_the_storage(client, path):
    aspose, received = client(json_reply({"Value": []}))
    with pytest.raises(NotFound):
        aspose.files(path)
    with pytest.raises(NotFound):
        aspose.store(path, b"")
    assert received == []


@pytest.mark.parametrize(
    ("entry", "read"),
    [
        ("report.docx", {"name": None}),
        (None, {"name": None}),
        (FILE | {"Name": None}, {"name": None}),
        (FILE | {"Name": "x" * 2001}, {"name": None}),
        (FILE | {"Name": "a \ud83d"}, {"name": "a \ufffd"}),
        (FILE | {"IsFolder": "no"}, {"is_folder": False}),
        (FILE | {"Size": -1}, {"size": 0}),
        (FILE | {"Size": 2**60}, {"size": 0}),
        (FILE | {"ModifiedDate": "/Date(1)/"}, {"modified_at": None}),
    ],
)
def test_one_odd_file_is_one_row(client, entry, read):
    good, odd = client(json_reply({"Value": [FILE, entry]}))[0].files()
    assert good.name == FILE["Name"]
    assert {name: getattr(odd, name) for name in read} == read


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"Value": None},
        {"Value": {}},
    ],
)
def test_what_is_no_list_of_files_is_invalid(client, body):
    with pytest.raises(InvalidResponse):
        client(json_reply(body))[0].files()


def test_a_folder_that_is_not_there_is_not_found(client):
    answer = json_reply({"RequestId": "1", "Error": {"Code": "errorItemNotFound"}}, 404)
    with pytest.raises(NotFound):
        client(answer)[0].files("/none")


def test_a_time_without_a_zone_is_in_utc():
    file = StoredFile.from_json(FILE | {"ModifiedDate": "2024-03-05T09:30:00"})
    assert file.modified_at == datetime(2024, 3, 5, 9, 30, tzinfo=UTC)


# Documents


@pytest.mark.parametrize(("kind", "body"), [("docx", b"PK\x03\x04..."), ("pdf", b"%PDF-1.7 ...")])
def test_a_document_is_converted(client, kind, body):
    aspose, received = client(document(body))
    assert aspose.convert(b"<h1>Report</h1>", kind) == body
    (request,) = received
    assert f"{request.method} {request.target}" == f"PUT /v4.0/words/convert?format={kind}"
    assert request.headers["accept"] == "application/octet-stream"
    assert request.headers["authorization"] == "Bearer token"
    assert parts_of(request) == {"document": ("report.html", "text/html", b"<h1>Report</h1>")}


def test_a_document_may_be_larger_than_other_answers(client):
    body = b"%PDF-" + b"x" * (8 * 1024 * 1024)
    assert client(document(body))[0].convert(b"<p>", "pdf") == body


def test_a_document_may_not_be_endless(client):
    with pytest.raises(InvalidResponse, match="too large"):
        client(document(b"%PDF-" + b"x" * MAX_DOCUMENT_BYTES))[0].convert(b"<p>", "pdf")


@pytest.mark.parametrize("body", [b"", b"<html>", b"PK\x03\x04"])
def test_what_is_no_document_is_invalid(client, body):
    with pytest.raises(InvalidResponse, match="pdf"):
        client(document(body))[0].convert(b"<p>", "pdf")


# Storing


def test_a_file_is_stored_under_its_path(client):
    aspose, received = client(UPLOADED, "Reports")
    content = b"%PDF-\r\n--boundary\x00\xff"
    aspose.store("/vehicle reports/report.pdf", content)
    (request,) = received
    assert request.method == "PUT"
    assert request.target == "/v4.0/words/storage/file/vehicle%20reports/report.pdf?storageName=Reports"
    assert parts_of(request) == {"fileContent": ("report.pdf", "application/octet-stream", content)}


def test_a_file_that_was_not_taken_is_an_error(client):
    answer = json_reply({"Uploaded": [], "Errors": [{"Code": "errorQuota"}]})
    with pytest.raises(Refused, match="not stored"):
        client(answer)[0].store("/report.pdf", b"")


@pytest.mark.parametrize("reply", [json_reply([]), json_reply({}), http(200, b"", content_type=None)])
def test_an_answer_that_does_not_say_is_invalid(client, reply):
    with pytest.raises(InvalidResponse):
        client(reply)[0].store("/report.pdf", b"")
