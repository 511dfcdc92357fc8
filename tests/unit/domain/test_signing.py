from domain.signing import Signer

OLD, NEW = "old-" * 10, "new-" * 10


def test_what_was_signed_is_read_back_with_its_time():
    signer = Signer(NEW)
    text, signed_at = signer.read(signer.sign("attempt", "state"), "state")
    assert text == "attempt"
    assert signed_at > 1_700_000_000


def test_a_value_is_good_for_its_purpose_alone():
    signer = Signer(NEW)
    assert signer.read(signer.sign("attempt", "state"), "csrf") is None


def test_older_keys_verify_and_the_newest_signs():
    signed_before = Signer(OLD).sign("attempt", "state")
    rotated = Signer(NEW, [OLD])
    assert rotated.read(signed_before, "state")
    assert Signer(NEW).read(rotated.sign("attempt", "state"), "state")
    assert Signer(NEW).read(signed_before, "state") is None


def test_damaged_values_are_nothing():
    signer = Signer(NEW)
    signed = signer.sign("attempt", "state")
    for damaged in ("", "x", signed[:-1], signed.replace(".", "", 1), "\ud800", "a" * 5000):
        assert signer.read(damaged, "state") is None
