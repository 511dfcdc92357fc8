"""The vehicle report: what is in the document, where it goes, and what is said when Aspose does not make it."""

from __future__ import annotations

import pytest

from tests.support.browser import heading
from tests.support.fake_vinli import DEVICE_ID, DEVICES, device
from tests.support.pages import Page
from tests.support.servers import Server, http, json_reply

pytestmark = pytest.mark.contract

DEVICE = f"{DEVICE_ID}1"
PAGE = f"/operator/devices/{DEVICE}"
VIN = "1FMCU0GX1LG447879"
HOSTILE = "<script>alert(1)</script><img src=x>"


class Aspose:
    """Gives tokens, makes documents and stores them; ``answers[path]`` replaces an answer."""

    def __init__(self):
        self.answers = {}
        self._server = Server(self._respond)
        self.origin = self._server.origin
        self.close = self._server.close

    def received(self, start):
        return [request for request in self._server.received if request.path.startswith(start)]

    @property
    def html(self):
        """The document that came last to be converted, out of its form."""
        return (
            self.received("/v4.0/words/convert")[-1]
            .body.partition(b"\r\n\r\n")[2]
            .rpartition(b"\r\n--")[0]
            .decode()
        )

    def _respond(self, request):
        if request.path in self.answers:
            return self.answers[request.path]
        if request.path == "/connect/token":
            return json_reply({"access_token": "aspose-token", "token_type": "Bearer", "expires_in": 86400})
        if request.path == "/v4.0/words/convert":
            start = b"%PDF-1.7" if request.query["format"] == "pdf" else b"PK\x03\x04"
            return http(200, start, content_type="application/octet-stream")
        return json_reply({"Uploaded": [request.path.rpartition("/")[2]], "Errors": []})


@pytest.fixture
def aspose():
    upstream = Aspose()
    yield upstream
    upstream.close()


@pytest.fixture
def operator(local_site, vinli, aspose):
    vehicle = {
        "id": "00000000-0000-4000-9000-000000000001",
        "vin": VIN,
        "make": HOSTILE,
        "model": "Escape & Co",
        "year": "2020",
    }
    vinli.answers[f"{DEVICES}/{DEVICE}"] = json_reply({"device": device(1, name=HOSTILE)})
    vinli.answers[f"{DEVICES}/{DEVICE}/vehicles/_latest"] = json_reply({"vehicle": vehicle})
    site = local_site(
        vinli.origin,
        ASPOSE_CLIENT_ID="client",
        ASPOSE_CLIENT_SECRET="secret-of-aspose",
        ASPOSE_URL=aspose.origin,
    )
    with site.browser() as browser:
        browser.sign_in_as_operator()
        yield browser


def make(browser, page=PAGE, **fields):
    return browser.submit(browser.get(page), "/partners/aspose/report", **fields)


def test_a_document_is_downloaded_with_what_is_known(operator, aspose):
    response = make(operator, format="pdf", to="download")
    assert response.content == b"%PDF-1.7"
    assert response.headers["Content-Type"] == "application/pdf"
    name = response.headers["Content-Disposition"].removeprefix("attachment; filename=")
    assert name.startswith(f"vehicle-report-{DEVICE}-")
    assert name.endswith(".pdf")
    assert response.headers["Cache-Control"] == "no-store"
    text = Page(aspose.html).text
    for known in ("2020", "Escape & Co", DEVICE, "CHIP1", "2 January 2026, 03:04 UTC"):
        assert known in text, known


def test_names_cannot_put_anything_into_the_document(operator, aspose):
    make(operator, to="download")
    assert "<script" not in aspose.html
    assert "<img" not in aspose.html
    assert HOSTILE in Page(aspose.html).text


def test_the_vin_is_whole_only_where_the_page_showed_it_whole(operator, aspose):
    make(operator, to="download")
    assert VIN not in aspose.html
    assert VIN[-4:] in aspose.html
    make(operator, f"{PAGE}?vin=show", to="download")
    assert VIN in aspose.html


def test_a_document_is_stored_where_the_page_says(operator, aspose):
    response = make(operator, format="docx", to="storage")
    assert response.status_code == 200
    [stored] = aspose.received("/v4.0/words/storage/file/")
    path = "/" + stored.path.removeprefix("/v4.0/words/storage/file/")
    assert path in Page(response.text).text
    assert path.endswith(".docx")
    assert b"PK\x03\x04" in stored.body


@pytest.mark.parametrize(
    ("path", "answer", "title"),
    [
        ("/v4.0/words/convert", http(503), "Aspose has a problem"),
        (
            "/v4.0/words/convert",
            http(200, b"<html>", content_type="text/html"),
            "We cannot use Aspose’s answer",
        ),
        (
            "/connect/token",
            json_reply({"error": "invalid_client"}, 400),
            "Aspose gave no token",
        ),
    ],
)
def test_what_goes_wrong_is_told_on_a_page_and_nothing_is_downloaded(path, answer, title, operator, aspose):
    aspose.answers[path] = answer
    response = make(operator, to="download")
    assert response.status_code in {502, 503}
    assert heading(response) == "Vehicle report"
    assert title in response.text
    assert "Content-Disposition" not in response.headers
    assert "secret-of-aspose" not in response.text
    assert PAGE in Page(response.text).links


@pytest.mark.parametrize("device_id", ["", "x", "../x", "7f0e8d1c-0000-4000-8000-0000000000ff", HOSTILE])
def test_there_is_no_report_on_what_is_no_device(device_id, operator, aspose, vinli):
    vinli.answers[f"{DEVICES}/7f0e8d1c-0000-4000-8000-0000000000ff"] = http(404)
    assert make(operator, device_id=device_id).status_code == 404
    assert aspose.received("/") == []
