"""The devices of special accounts. Only their drivers see them; they are in no list of the app.

They are computed from their rank, as seeded devices are. Their ranks are higher than those of any fleet.
"""

from functools import lru_cache

from sandbox.world.devices import FIRST_PRIVATE_RANK, HOUR_MS, NEWEST_MS, Device, name_of
from sandbox.world.hostile_names import DEVICE_NAMES
from sandbox.world.seeds import NumberedIds, Seed
from sandbox.world.special_accounts import FIRST_SPECIAL_NUMBER, SpecialAccounts

# Ranks reserved for each account. ``vehicles.count_at`` and ``vehicles.has_vin_only`` repeat every 143 ranks, so with a
# multiple of 143 the first device of every account has exactly one vehicle, with all its data.
RANKS_EACH = 143 * 70


class PrivateDevices:
    """Finds private devices by driver and by rank."""

    def __init__(self, seed: Seed, accounts: SpecialAccounts) -> None:
        self._seed = seed
        self._accounts = accounts
        self._ids = NumberedIds(seed, "devices")
        self.of_driver = lru_cache(self._of_driver)  # number: int -> tuple of Device

    def at(self, rank: int) -> Device | None:
        """Return the device at ``rank`` (FIRST_PRIVATE_RANK or above), or None when no account has it."""
        place, nth = divmod(rank - FIRST_PRIVATE_RANK, RANKS_EACH)
        number = FIRST_SPECIAL_NUMBER + place
        account = self._accounts.find(number)
        return self._made(number, nth) if account and nth < account.devices else None

    def _of_driver(self, number: int) -> tuple[Device, ...]:
        """Return a driver's devices, newest first; none for a driver without a special account."""
        account = self._accounts.find(number)
        return tuple(self._made(number, nth) for nth in range(account.devices if account else 0))

    def _made(self, number: int, nth: int) -> Device:
        rank = FIRST_PRIVATE_RANK + (number - FIRST_SPECIAL_NUMBER) * RANKS_EACH + nth
        facts = self._seed.digest(f"device {rank}", 16)
        is_hostile = self._accounts.has_hostile_names(number)
        name = DEVICE_NAMES[nth % len(DEVICE_NAMES)] if is_hostile else name_of(facts)
        created_ms = NEWEST_MS - nth * HOUR_MS - int.from_bytes(facts[7:10]) % HOUR_MS
        return Device(self._ids.of(rank), name, "VV" + facts[:5].hex().upper(), created_ms, rank, number)
