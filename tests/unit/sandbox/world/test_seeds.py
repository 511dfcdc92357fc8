import re

import pytest

from sandbox.world.seeds import NumberedIds, Seed

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_the_same_seed_gives_the_same_values():
    assert Seed(7).text("secret", 20) == Seed(7).text("secret", 20)
    assert Seed(7).uuid("app") == Seed(7).uuid("app")


def test_another_seed_or_label_gives_others():
    values = {Seed(1).uuid("app"), Seed(2).uuid("app"), Seed(-1).uuid("app"), Seed(1).uuid("client")}
    assert len(values) == 4


def test_secrets_are_letters_and_digits_of_the_length_asked_for():
    assert re.fullmatch(r"[A-Za-z0-9]{32}", Seed(1).text("secret", 32))


@pytest.mark.parametrize("number", [0, 1, 99_999, 2**31, NumberedIds.LARGEST])
def test_an_id_is_a_uuid_that_leads_back_to_its_number(number):
    ids = NumberedIds(Seed(1), "devices")
    assert UUID.fullmatch(ids.of(number))
    assert ids.number(ids.of(number)) == number


def test_ids_of_neighbours_and_of_other_kinds_have_nothing_in_common():
    devices, vehicles = NumberedIds(Seed(1), "devices"), NumberedIds(Seed(1), "vehicles")
    made = [devices.of(0), devices.of(1), vehicles.of(0)]
    assert len({part for made_id in made for part in made_id.split("-")}) == 15
    assert vehicles.number(devices.of(0)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "x",
        "821374c0-d6d8-41e3-9c1a-0800200c9a66",
        "0" * 36,
        "٣٣٣٣٣٣٣٣-d6d8-41e3-9c1a-0800200c9a66",
        "1_0-2",
    ],
)
def test_an_id_that_nobody_made_leads_nowhere(text):
    assert NumberedIds(Seed(1), "devices").number(text) is None


def test_an_altered_id_leads_nowhere():
    ids = NumberedIds(Seed(1), "devices")
    made = ids.of(5)
    altered = ("0" if made[0] != "0" else "1") + made[1:]
    assert ids.number(altered) is None
    assert ids.number(made.upper()) is None
