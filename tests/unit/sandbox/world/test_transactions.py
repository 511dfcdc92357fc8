import pytest

from sandbox.world.clock import Clock
from sandbox.world.transactions import Transactions

NOW_MS = 1_800_000_000_000


@pytest.fixture
def transactions():
    return Transactions(Clock(lambda: NOW_MS / 1000))


@pytest.mark.parametrize(
    ("status", "counts"), [(200, True), (204, True), (404, True), (302, False), (500, False), (503, False)]
)
def test_answers_with_2xx_and_4xx_count(transactions, status, counts):
    transactions.record("GET", "/x", status, "platform")
    assert transactions.all_time == counts


def test_the_record_is_bounded_while_the_count_goes_on(transactions):
    for _ in range(3000):
        transactions.record("GET", "/" + "x" * 10_000, 200, "platform")
    calls = transactions.within(0, NOW_MS)
    assert len(calls) == 2000
    assert transactions.all_time == 3000
    assert len(calls[0].path) == 500


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("platform", "platform"),
        ("events", "event"),
        ("rules", "rule"),
        ("trips", "trip"),
        ("safety", "safety"),
    ],
)
def test_services_are_named_as_in_the_docs(transactions, service, name):
    transactions.record("GET", "/x", 200, service)
    assert transactions.within(0, NOW_MS)[0].service == f"vinli-{name}-service"
