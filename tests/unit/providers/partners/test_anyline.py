import pytest

from providers.errors import InvalidResponse, Refused, TimedOut
from providers.http.auth import BearerAuth
from providers.partners.anyline import AnylineClient, TireSidewall
from tests.support.servers import http, json_reply

# The names are those of Anyline's mobile SDK; the Cloud API's own answer is not public.
ANSWER = {
    "tireSizeResult": {
        "text": {"text": "205/55R16 91V", "confidence": 97},
        "width": {"text": "205", "confidence": 98},
        "loadIndex": {"text": "91", "confidence": 97},
        "speedRating": {"text": "V", "confidence": 97},
    },
    "tinResult": {
        "text": "DOT1M3L4PYR2321",
        "resultPrettified": "DOT 1M3 L4PYR 2321",
        "productionDate": "2021/06",
    },
    "tireMakeResult": {"text": "Michelin"},
    "tireModelResult": {"text": "Primacy 4"},
}


@pytest.fixture
def read(serve, make_transport):
    def read(reply, **options):
        server = serve(lambda _: reply)
        client = AnylineClient(make_transport(), server.origin, BearerAuth("token"))
        return client.read_tire_sidewall(b"image", **options)

    return read


def test_what_was_read_comes_under_our_names(read):
    assert read(json_reply(ANSWER)) == TireSidewall(
        size="205/55R16 91V",
        load_index="91",
        speed_rating="V",
        dot="DOT 1M3 L4PYR 2321",
        production_date="2021/06",
        make="Michelin",
        model="Primacy 4",
    )


@pytest.mark.parametrize(
    "answer",
    [
        {"size": "205/55R16"},
        {"result": {"tireSize": {"value": "205/55R16"}}},
        {"data": [{"tire_size": "205/55R16"}]},
        {"tireSizeResult": {"prettifiedString": {"text": "205/55R16"}, "text": {"text": "20555R16"}}},
        ANSWER | {"tireSizeResult": {"text": {"text": "205/55R16"}}, "tinResult": None},
    ],
)
def test_a_size_is_found_wherever_it_stands(answer):
    assert TireSidewall.from_json(answer).size == "205/55R16"


def test_what_is_called_otherwise_is_shown_as_it_came():
    read = TireSidewall.from_json({"Reifen": {"Breite": 205, "confidence": 3}, "ok": True, "leer": " "})
    assert read == TireSidewall(others=("Reifen.Breite: 205",))


def test_nothing_read_is_no_error(read):
    assert read(json_reply({})) == TireSidewall()
    assert read(json_reply({"tireSizeResult": None, "tinResult": {}})) == TireSidewall()


def test_texts_and_their_number_are_bounded():
    read = TireSidewall.from_json({"make": "x" * 5_000})
    assert len(read.make) == 200
    many = TireSidewall.from_json({f"n{number}" * 200: "x" * 999 for number in range(500)})
    assert len(many.others) == 40
    assert all(len(text) < 500 for text in many.others)
    deep = {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": "too deep"}}}}}}}}
    assert TireSidewall.from_json(deep) == TireSidewall()


@pytest.mark.parametrize(
    "reply",
    [
        json_reply([ANSWER]),
        json_reply("205/55R16"),
        http(200, b"<html>", content_type="text/html"),
        http(200, b'{"size":"a","size":"b"}'),
    ],
)
def test_what_is_no_reading_is_invalid(read, reply):
    with pytest.raises(InvalidResponse) as caught:
        read(reply)
    assert caught.value.provider == "anyline"


def test_a_picture_that_is_refused_says_so(read):
    with pytest.raises(Refused) as caught:
        read(json_reply({"error": "invalid_image"}, 400))
    assert caught.value.error == "invalid_image"


def test_no_time_left_sends_nothing(read):
    with pytest.raises(TimedOut):
        read(json_reply(ANSWER), deadline=0)
