import pytest

from sandbox.world.people import People
from sandbox.world.seeds import Seed


@pytest.fixture
def people():
    return People(Seed(1), extra=3)


def test_two_drivers_and_as_many_as_asked_for(people):
    emails = [people.driver(number).email for number in range(people.count)]
    assert emails == ["driver@example.com", *(f"driver{n}@example.com" for n in range(2, 6))]


def test_the_same_seed_gives_the_same_people(people):
    assert people.driver(0) == People(Seed(1), extra=0).driver(0)
    assert people.password == People(Seed(1), extra=0).password
    assert people.driver(0).id != People(Seed(2), extra=0).driver(0).id


@pytest.mark.parametrize(("email", "number"), [("driver@example.com", 0), (" Driver5@EXAMPLE.com ", 4)])
def test_a_driver_signs_in_with_the_password_of_all(people, email, number):
    assert people.sign_in(email, people.password).number == number


@pytest.mark.parametrize(
    "email",
    ["", "driver6@example.com", "driver1@example.com", "driver0@example.com", "driver02@example.com", "x"],
)
def test_others_do_not_exist(people, email):
    assert people.sign_in(email, people.password) is None


@pytest.mark.parametrize("password", ["", "wrong", "mäple", "\x00"])
def test_a_wrong_password_signs_nobody_in(people, password):
    assert people.sign_in("driver@example.com", password) is None
