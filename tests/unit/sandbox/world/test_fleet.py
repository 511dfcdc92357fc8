import itertools

import pytest

from sandbox.world.clock import Clock
from sandbox.world.devices import owner_of, ranks_of
from sandbox.world.fleet import Fleet
from sandbox.world.seeds import Seed
from sandbox.world.vehicles import Vehicles, count_at, has_vin_only
from sandbox.world.vins import check_digit

NOW = 1_800_000_000
MINE = "821374c0-d6d8-41e3-9c1a-0800200c9a66"
OTHER = "67e1e940-d6da-41e3-9c1a-0800200c9a66"


def fleet_of(size, seed=1):
    return Fleet(Seed(seed), size, Clock(lambda: NOW))


def names(devices):
    return [device.name for device in devices]


def test_the_same_seed_gives_the_same_fleet_whatever_its_size():
    assert fleet_of(4).page(0, 4) == fleet_of(100_000).page(0, 4)
    assert fleet_of(4, seed=2).page(0, 4) != fleet_of(4, seed=1).page(0, 4)


def test_the_first_driver_has_three_devices_one_without_a_name_and_the_second_one():
    fleet = fleet_of(4)
    assert names(fleet.of_driver(0))[0] == "Mystery Machine"
    assert [name is None for name in names(fleet.of_driver(0))] == [False, False, True]
    assert len(fleet.of_driver(1)) == 1
    assert fleet.of_driver(2) == []


def test_owners_and_their_devices_agree():
    assert [owner_of(rank) for rank in range(6)] == [0, 0, 0, 1, 2, 3]
    assert all(owner_of(rank) == driver for driver in range(50) for rank in ranks_of(driver))


def test_devices_are_listed_newest_first_and_no_two_at_once():
    created = [device.created_ms for device in fleet_of(500).page(0, 500)]
    assert all(newer > older for newer, older in itertools.pairwise(created))


def test_ids_and_chips_are_unique():
    devices = fleet_of(5000).page(0, 5000)
    assert len({device.id for device in devices}) == 5000
    assert len({device.chip_id for device in devices}) == 5000
    assert all(len(device.chip_id) == 12 for device in devices)


@pytest.mark.parametrize("offset", [0, 1, 99_990, 99_999, 100_000, 10**12])
def test_a_page_costs_its_own_length_alone(offset, monkeypatch):
    fleet = fleet_of(100_000)
    made = []
    at = fleet._seeded.at
    monkeypatch.setattr(fleet._seeded, "at", lambda rank: made.append(rank) or at(rank))
    page = fleet.page(offset, 5)
    assert len(page) == len(made) == max(0, min(5, 100_000 - offset))


def test_a_large_fleet_keeps_nothing():
    fleet = fleet_of(1_000_000)
    fleet.page(500_000, 100)
    assert not fleet._added
    assert not fleet._removed


def test_pages_put_together_are_the_list_in_either_direction():
    fleet = fleet_of(23)
    whole = fleet.page(0, 100)
    assert [d for offset in range(0, 30, 5) for d in fleet.page(offset, 5)] == whole
    assert [d for offset in range(0, 30, 5) for d in fleet.page(offset, 5, newest_first=False)] == whole[::-1]


def test_every_device_is_found_by_its_id():
    fleet = fleet_of(50)
    assert all(fleet.find(device.id) == device for device in fleet.page(0, 50))
    assert fleet.find(MINE) is None
    assert fleet_of(49).find(fleet.page(49, 1)[0].id) is None


def test_an_added_device_comes_first_and_is_added_once():
    fleet = fleet_of(4)
    added = fleet.add(MINE, "Beach car", 0)
    assert fleet.add(MINE, "another name", 1) == added
    assert fleet.total() == 5
    assert fleet.page(0, 2)[0] == added == fleet.of_driver(0)[0]
    assert added.created_ms == NOW * 1000


def test_the_last_added_comes_first():
    fleet = fleet_of(1)
    fleet.add(MINE, "older", None)
    fleet.add(OTHER, "newer", None)
    assert names(fleet.page(0, 5)) == ["newer", "older", "Mystery Machine"]
    assert names(fleet.page(1, 1)) == ["older"]


@pytest.mark.parametrize("removed", [[0], [4], [1, 2, 3], [0, 1, 2, 3, 4], [3, 9], [9]])
def test_removed_devices_leave_no_gap(removed):
    fleet = fleet_of(10)
    before = fleet.page(0, 10)
    for rank in removed:
        fleet.remove(before[rank])
    left = [device for rank, device in enumerate(before) if rank not in removed]
    assert fleet.total() == len(left)
    for offset in range(11):
        assert fleet.page(offset, 3) == left[offset : offset + 3]
    assert all(fleet.find(before[rank].id) is None for rank in removed)


def test_a_removed_device_can_be_added_again():
    fleet = fleet_of(3)
    first = fleet.page(0, 1)[0]
    fleet.remove(first)
    again = fleet.add(first.id, None, None)
    assert fleet.find(first.id) == again
    fleet.remove(again)
    assert fleet.find(first.id) is None


def test_every_vin_checks_itself_and_every_vehicle_is_found_by_its_id():
    fleet = fleet_of(400)
    vehicles = Vehicles(Seed(1), fleet)
    for device in fleet.page(0, 400):
        for vehicle in vehicles.of_device(device):
            assert vehicle.vin[8] == check_digit(vehicle.vin)
            assert vehicles.find(vehicle.id) == vehicle
            assert device.created_ms < vehicle.created_ms


def test_all_kinds_of_history_occur():
    assert {count_at(rank) for rank in range(100)} == {0, 1, 2}
    assert any(has_vin_only(rank) for rank in range(100))


def test_the_two_drivers_cars_are_all_known_and_one_device_has_moved():
    fleet = fleet_of(4)
    vehicles = Vehicles(Seed(1), fleet)
    histories = [vehicles.of_device(device) for device in fleet.page(0, 4)]
    assert [len(history) for history in histories] == [1, 2, 1, 1]
    assert all(vehicle.model for history in histories for vehicle in history)


def test_a_history_is_newest_first():
    fleet = fleet_of(200)
    vehicles = Vehicles(Seed(1), fleet)
    moved = [history for d in fleet.page(0, 200) if len(history := vehicles.of_device(d)) == 2]
    assert moved
    assert all(latest.created_ms > former.created_ms for latest, former in moved)


def test_a_vehicle_goes_with_its_device():
    fleet = fleet_of(4)
    vehicles = Vehicles(Seed(1), fleet)
    device = fleet.page(0, 1)[0]
    vehicle = vehicles.of_device(device)[0]
    fleet.remove(device)
    assert vehicles.find(vehicle.id) is None
    assert vehicles.of_device(fleet.add(MINE, None, None)) == []
