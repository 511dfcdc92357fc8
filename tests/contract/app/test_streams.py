"""Long lists on their way to the operator: rows as they arrive, an honest end, and no work for nobody."""

from __future__ import annotations

import csv
import io
import socket
import time

import pytest
import requests

from tests.support.browser import problem_code
from tests.support.fake_vinli import DEVICES
from tests.support.sites import running_site

pytestmark = pytest.mark.contract

TOTAL = 20_000
PAGES = TOTAL // 100
TIMEOUT_SECONDS = 20


@pytest.fixture(scope="module")
def long_site():
    with running_site("--devices", str(TOTAL), "--quiet", VINLI_CONCURRENCY="2", UPSTREAM_SLOTS="1") as site:
        yield site


@pytest.fixture
def site(long_site):
    long_site.forget()
    yield long_site
    long_site.forget()


@pytest.fixture
def operator(site):
    with site.browser() as browser:
        browser.sign_in_as_operator()
        yield browser


def read(response) -> tuple[str, bool]:
    """Return the text of a streamed answer, and whether it came to its proper end."""
    pieces = []
    try:
        for piece in response.iter_content(4096):
            pieces.append(piece)
    except requests.exceptions.ChunkedEncodingError:
        return b"".join(pieces).decode("utf-8-sig"), False
    return b"".join(pieces).decode("utf-8-sig"), True


def until_true(condition):
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("waited in vain")


def test_a_whole_list_is_complete_and_each_device_is_there_once(operator):
    response = operator.get("/operator/devices.csv", stream=True)
    assert response.headers["X-Accel-Buffering"] == "no"
    text, is_whole = read(response)
    assert is_whole
    ids = [row["id"] for row in csv.DictReader(io.StringIO(text, newline=""))]
    assert len(ids) == len(set(ids)) == TOTAL


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 400},
        {"status": 200, "body": "[]", "content_type": "application/json"},
        {"status": 302, "headers": {"Location": "/"}},
    ],
)
def test_a_csv_that_fails_midway_is_cut_off(fault, site, operator):
    site.fault(DEVICES, query={"offset": "10000"}, **fault)
    response = operator.get("/operator/devices.csv", stream=True)
    assert response.status_code == 200
    text, is_whole = read(response)
    assert not is_whole
    assert 1 <= text.count("\n") <= 10_001
    assert "error" not in text.lower()


def test_a_csv_that_fails_midway_is_one_line_in_the_log(site, operator):
    site.fault(DEVICES, query={"offset": "10000"}, status=400)
    before = len(site.app.log())
    read(operator.get("/operator/devices.csv", stream=True))
    until_true(lambda: "list broke off" in site.app.log()[before:])
    lines = [line for line in site.app.log()[before:].splitlines() if "list broke off" in line]
    assert len(lines) == 1
    assert "reference=" in lines[0]
    assert "Traceback" not in site.app.log()[before:]


def over_http_1_0(site, cookie):
    """Return status and body of the CSV for a client or proxy that knows no chunks."""
    with socket.create_connection(("127.0.0.1", site.app.port), timeout=TIMEOUT_SECONDS) as connection:
        host = f"127.0.0.1:{site.app.port}"
        connection.sendall(
            f"GET /operator/devices.csv HTTP/1.0\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n".encode()
        )
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


def test_a_broken_csv_does_not_look_whole_without_chunks_either(site, operator):
    cookie = "; ".join(f"{c.name}={c.value}" for c in operator.session.cookies)
    status, body = over_http_1_0(site, cookie)
    assert (status, body.count(b"\n")) == (200, 1 + TOTAL)
    site.fault(DEVICES, query={"offset": "10000"}, status=400)
    status, body = over_http_1_0(site, cookie)
    assert status == 502
    assert b"id,name" not in body


@pytest.mark.parametrize("query", ["all=1", "q=a"])
def test_a_page_that_fails_midway_says_so_and_is_cut_off(query, site, operator):
    site.fault(DEVICES, query={"offset": "10000"}, status=400)
    text, is_whole = read(operator.get(f"/operator/devices?{query}", stream=True))
    assert not is_whole
    assert "This list is incomplete." in text
    assert "The list is complete" not in text
    assert "The whole list was searched" not in text


def test_the_first_rows_are_here_before_the_rest_was_asked_for(site, operator):
    site.fault(DEVICES, query={"offset": "100"}, delay_ms=1500)
    with operator.get("/operator/devices.csv", stream=True) as response:
        assert response.raw.readline().startswith(b"\xef\xbb\xbfid,name")
        assert response.raw.readline().count(b",") == 4
        assert site.calls("GET", DEVICES) < 10


@pytest.mark.parametrize(
    "path", ["/operator/devices.csv", "/operator/devices?all=1", "/operator/devices?q=zzz"]
)
def test_a_reader_who_leaves_stops_the_work_and_frees_the_slot(path, site, operator):
    site.fault(DEVICES, delay_ms=40)
    response = operator.get(path, stream=True)
    next(response.iter_content(64))
    response.close()
    seen = []

    def is_quiet():
        seen.append(site.calls("GET", DEVICES))
        return len(seen) > 8 and len(set(seen[-8:])) == 1

    until_true(is_quiet)
    assert seen[-1] < PAGES
    site.forget()
    until_true(lambda: operator.get("/operator/devices").status_code == 200)


def test_a_list_under_way_holds_its_slot_and_a_second_is_told_to_wait(site, operator):
    site.fault(DEVICES, delay_ms=40)
    with operator.get("/operator/devices.csv", stream=True) as response:
        next(response.iter_content(64))
        second = operator.get("/operator/devices.csv")
        assert (second.status_code, problem_code(second)) == (503, "saturated")
        assert operator.get("/healthz").status_code == 200
    site.forget()
    until_true(lambda: operator.get("/operator/devices").status_code == 200)


def test_a_list_that_fails_at_its_first_page_gives_the_slot_back(site, operator):
    for _ in range(3):
        site.fault(DEVICES, status=400, times=1)
        assert operator.get("/operator/devices.csv").status_code == 502
    assert operator.get("/operator/devices").status_code == 200


def test_head_streams_nothing(site, operator):
    response = operator.request("HEAD", "/operator/devices.csv")
    assert response.content == b""
    until_true(lambda: operator.get("/operator/devices").status_code == 200)
