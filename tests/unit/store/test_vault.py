"""The vault: what is sealed opens where it belongs, with a key that is configured, and nowhere else."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.vault import Unreadable, Vault

OLD, NEW = "the old secret key of the tests ....", "the new secret key of the tests ...."


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plain=st.binary(max_size=200), name=st.text(st.characters(codec="utf-8"), max_size=50))
def test_what_was_sealed_opens_under_its_name(plain, name):
    vault = Vault(NEW)
    assert vault.open(vault.seal(plain, name), name) == plain


def test_sealing_twice_gives_different_bytes():
    vault = Vault(NEW)
    assert vault.seal(b"plain", "name") != vault.seal(b"plain", "name")


def test_nothing_of_the_content_or_the_name_shows():
    sealed = Vault(NEW).seal(b"plain text", "the name")
    assert b"plain" not in sealed
    assert b"name" not in sealed
    assert NEW.encode() not in sealed


def test_it_does_not_open_under_another_name():
    vault = Vault(NEW)
    with pytest.raises(Unreadable):
        vault.open(vault.seal(b"plain", "session:a"), "session:b")


def test_no_byte_can_be_changed():
    vault = Vault(NEW)
    sealed = vault.seal(b"plain", "name")
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1
        with pytest.raises(Unreadable):
            vault.open(bytes(changed), "name")


def test_it_cannot_be_shortened():
    vault = Vault(NEW)
    sealed = vault.seal(b"plain", "name")
    for length in range(len(sealed)):
        with pytest.raises(Unreadable):
            vault.open(sealed[:length], "name")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=300))
def test_any_other_bytes_are_unreadable(anything):
    with pytest.raises(Unreadable):
        Vault(NEW).open(anything, "name")


def test_a_fallback_opens_what_an_older_key_sealed_and_the_new_key_seals():
    sealed = Vault(OLD).seal(b"plain", "name")
    rotated = Vault(NEW, [OLD])
    assert rotated.open(sealed, "name") == b"plain"
    assert Vault(NEW).open(rotated.seal(b"plain", "name"), "name") == b"plain"


def test_a_retired_key_opens_nothing():
    with pytest.raises(Unreadable, match="not configured"):
        Vault(NEW).open(Vault(OLD).seal(b"plain", "name"), "name")


def test_the_same_secret_twice_is_one_key():
    vault = Vault(NEW, [NEW, OLD])
    assert vault.open(Vault(NEW).seal(b"plain", "name"), "name") == b"plain"
    assert repr(vault) == "<Vault with 2 keys>"


def test_its_repr_and_its_errors_show_neither_keys_nor_content():
    vault = Vault(NEW, [OLD])
    with pytest.raises(Unreadable) as caught:
        vault.open(vault.seal(b"plain", "name")[:-1], "name")
    for shown in (repr(vault), str(vault), str(caught.value)):
        assert NEW not in shown
        assert OLD not in shown
        assert "plain" not in shown
