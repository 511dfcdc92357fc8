from datetime import UTC, datetime

import pytest

from providers.errors import Forbidden, InvalidResponse
from providers.http.auth import BearerAuth
from providers.partners.ayyeka import AyyekaClient, Site
from tests.support.servers import http, json_reply

# As the Quickstart page of developer.ayyeka.com shows one.
SITE = {
    "id": 16828,
    "creation_date": "2020-11-19T18:29:42Z",
    "display_name": "Nausori pump",
    "status": "Active",
    "longitude": "178.082886",
    "latitude": "-18.093644",
    "account_organization_id": 13,
}


@pytest.fixture
def sites(serve, make_transport):
    def list_sites(reply):
        server = serve(lambda _: reply)
        return AyyekaClient(make_transport(), server.origin, BearerAuth("token")).sites()

    return list_sites


def test_sites_are_listed(sites):
    (site,) = sites(json_reply([SITE]))
    assert site == Site(
        id=16828,
        name="Nausori pump",
        status="Active",
        latitude="-18.093644",
        longitude="178.082886",
        created_at=datetime(2020, 11, 19, 18, 29, 42, tzinfo=UTC),
    )
    assert site.position == (-18.093644, 178.082886)


def test_no_sites_are_no_error(sites):
    assert sites(json_reply([])) == []


def test_a_long_list_is_read_whole(sites):
    listed = sites(json_reply([SITE | {"id": number, "x": "y" * 4_000} for number in range(1_500)]))
    assert [site.id for site in listed] == list(range(1_500))


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [("", ""), (None, None), ("Suva", "Fiji"), ("91", "0"), ("0", "-180.5"), ("nan", "0"), ("0", "inf")],
)
def test_a_site_may_have_no_position(latitude, longitude):
    site = Site.from_json(SITE | {"latitude": latitude, "longitude": longitude})
    assert site.position is None


def test_a_site_needs_no_more_than_an_id_and_a_name():
    assert Site.from_json({"id": 1, "display_name": ""}).status is None


def test_a_time_without_a_zone_is_in_utc():
    site = Site.from_json(SITE | {"creation_date": "2020-11-19T18:29:42"})
    assert site.created_at == datetime(2020, 11, 19, 18, 29, 42, tzinfo=UTC)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "16828"},
        {"id": True},
        {"id": None},
        {"display_name": None},
        {"display_name": "x" * 501},
        {"status": 1},
        {"latitude": 12.5},
        {"creation_date": "yesterday"},
    ],
)
def test_one_odd_site_is_one_row(sites, change):
    good, odd, last = sites(json_reply([SITE, SITE | change, SITE]))
    assert good == last
    wire_names = {"display_name": "name", "creation_date": "created_at"}
    for name, value in change.items():
        read = getattr(odd, wire_names.get(name, name))
        assert read in (None, str(value))


@pytest.mark.parametrize("entry", [None, 1, "x", [], {}, {"display_name": "a \ud83d"}])
def test_an_entry_that_is_no_site_is_a_row_without_an_id(sites, entry):
    good, odd = sites(json_reply([SITE, entry]))
    assert (good.id, odd.id) == (SITE["id"], None)


@pytest.mark.parametrize(
    "reply", [json_reply({"sites": [SITE]}), json_reply(None), http(200, b"[]", content_type="text/html")]
)
def test_what_is_no_list_of_sites_is_invalid(sites, reply):
    with pytest.raises(InvalidResponse):
        sites(reply)


def test_a_refusal_keeps_its_class(sites):
    with pytest.raises(Forbidden):
        sites(json_reply({"message": "incorrect credentials", "request_id": "uGv69FKl"}, 403))
