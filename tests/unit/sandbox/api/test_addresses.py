import pytest

from sandbox.api.addresses import Addresses, service_of
from sandbox.oauth.redirect_uris import form_target, origin_of


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


@pytest.mark.parametrize(
    ("redirect_uri", "target"),
    [
        ("http://127.0.0.1:8000/connect/callback", "http://127.0.0.1:8000"),
        ("https://example.com/cb?x=1", "https://example.com"),
        ("http://[::1]:8000/cb", "http:"),
        ("myapp://", "myapp:"),
        ("li.vin.auth://done", "li.vin.auth:"),
    ],
)
def test_forms_may_lead_to_where_a_redirect_uri_is(redirect_uri, target):
    assert form_target(redirect_uri) == target


def test_a_custom_scheme_has_no_origin():
    assert origin_of("myapp://x") is None
