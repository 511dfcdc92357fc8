import pytest

from sandbox.api.addresses import Addresses, service_of


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("platform.localhost:9000", "platform"),
        ("platform-dev.vin.li", "platform"),
        ("PLATFORM.vin.li", "platform"),
        ("auth.vin.li", "auth"),
        ("my.vin.li", "auth"),
        ("behavior.vin.li", "behavioral"),
        ("trip.localhost:1", "trips"),
        ("distances.vin.li", "distance"),
        ("127.0.0.1:9000", None),
        ("localhost:9000", None),
        ("[::1]:9000", None),
        ("my-laptop:9000", None),
        ("dev", None),
        ("example.com", None),
        ("platforms.vin.li", None),
        ("", None),
    ],
)
def test_a_host_names_a_service_by_its_first_label(host, service):
    assert service_of(host) == service


def test_one_origin_serves_all_or_each_has_its_own():
    assert Addresses("http://127.0.0.1:9000").origin("trips") == "http://127.0.0.1:9000"
    apart = Addresses("https://{service}.localhost:9443")
    assert apart.origin("trips") == "https://trips.localhost:9443"
    assert apart.is_secure
