import pytest

from sandbox.container import build_sandbox
from sandbox.options import Options
from sandbox.personas.behaviour import DEFAULT_BEHAVIOUR
from sandbox.personas.magic_drivers import ACCOUNTS, MAGIC_DRIVERS, behaviour_of, magic_driver
from sandbox.server.recorder import Recorder
from sandbox.world.clock import Clock
from sandbox.world.devices import FIRST_PRIVATE_RANK, NEWEST_MS, owner_of
from sandbox.world.fleet import Fleet
from sandbox.world.people import People
from sandbox.world.seeds import NumberedIds, Seed
from sandbox.world.special_accounts import FIRST_SPECIAL_NUMBER as FIRST_NUMBER
from sandbox.world.vehicles import Vehicles

LARGEST_FLEET = 1_000_000
NUMBERS = range(FIRST_NUMBER, FIRST_NUMBER + len(MAGIC_DRIVERS))


@pytest.fixture
def people():
    return People(Seed(1), extra=0, accounts=ACCOUNTS)


@pytest.fixture
def fleet():
    return Fleet(Seed(1), 4, Clock(lambda: 1_800_000_000), ACCOUNTS)


@pytest.mark.parametrize("number", [0, 1, 9_999, FIRST_NUMBER - 1, FIRST_NUMBER + len(MAGIC_DRIVERS)])
def test_everybody_else_gets_what_is_usual(number):
    assert magic_driver(number) is None
    assert behaviour_of(number) is DEFAULT_BEHAVIOUR


def test_every_magic_driver_differs_from_the_usual_and_from_the_others():
    behaviours = [driver.behaviour for driver in MAGIC_DRIVERS]
    assert DEFAULT_BEHAVIOUR not in behaviours
    assert all(behaviours.count(behaviour) == 1 for behaviour in behaviours)


def test_they_sign_in_with_the_password_of_all(people):
    for number, magic in zip(NUMBERS, MAGIC_DRIVERS, strict=True):
        assert people.sign_in(f" {magic.email.upper()}", people.password) == people.driver(number)
        assert people.sign_in(magic.email, "wrong") is None
        assert people.driver(number).email == magic.email


@pytest.mark.parametrize("email", ["nobody@magic.example.com", "denies@example.com", "@magic.example.com"])
def test_others_of_their_domain_do_not_exist(people, email):
    assert people.sign_in(email, people.password) is None


def test_numbers_and_ranks_are_none_of_a_fleet(people):
    assert owner_of(LARGEST_FLEET) < FIRST_NUMBER
    assert FIRST_PRIVATE_RANK > LARGEST_FLEET
    assert len({people.driver(number).id for number in [*range(100), *NUMBERS]}) == 100 + len(MAGIC_DRIVERS)


def test_their_devices_are_found_and_are_in_no_list_of_the_app(fleet):
    listed = fleet.page(0, 100)
    for number in NUMBERS:
        devices = fleet.of_driver(number)
        assert len(devices) == behaviour_of(number).devices
        assert all(fleet.find(device.id) == device for device in devices)
        assert all(device.is_private and device.owner == number for device in devices)
        assert not set(devices) & set(listed)
        ages = [NEWEST_MS - device.created_ms for device in devices]
        assert ages == sorted(set(ages))
    assert (fleet.total(), len(listed)) == (4, 4)
    assert not any(device.is_private for device in listed)


def test_no_device_is_found_where_none_is(fleet):
    ids = NumberedIds(Seed(1), "devices")
    last = fleet.of_driver(NUMBERS[-1])[-1].rank
    for rank in (FIRST_PRIVATE_RANK + 1, last + 1, NumberedIds.LARGEST):
        assert fleet.find(ids.of(rank)) is None
    assert fleet.find(ids.of(last)) is not None


def test_a_device_added_for_a_magic_driver_is_one_of_the_app(fleet):
    added = fleet.add(fleet.id_for_case("VNL999"), "mine", FIRST_NUMBER)
    assert fleet.of_driver(FIRST_NUMBER)[0] == added
    assert fleet.page(0, 1) == [added]
    assert not added.is_private


def test_every_first_device_has_one_vehicle_that_is_known(fleet):
    vehicles = Vehicles(Seed(1), fleet, ACCOUNTS)
    for number in NUMBERS:
        for device in fleet.of_driver(number)[:1]:
            [vehicle] = vehicles.of_device(device)
            assert vehicle.model
            assert vehicles.find(vehicle.id) == vehicle


def test_a_slow_token_endpoint_holds_its_answer_back_for_20_seconds():
    box = build_sandbox(Options(), "http://127.0.0.1:9000", Recorder(), Clock())
    disruption = behaviour_of(
        box.vinli.people.by_email("slow-token@magic.example.com").number
    ).token_disruption
    assert (disruption.delay_ms, disruption.status, disruption.close) == (20_000, None, False)
