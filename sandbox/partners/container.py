"""What the partners know: everything their views share, built once for a sandbox."""

from dataclasses import dataclass

from sandbox.api.addresses import Addresses
from sandbox.partners.aspose.storages import Storages
from sandbox.partners.credentials import Credentials
from sandbox.partners.instyle.pictures import Pictures
from sandbox.partners.instyle.refresh_tokens import RefreshTokens
from sandbox.partners.jwts import Jwts
from sandbox.world.clock import Clock
from sandbox.world.seeds import Seed


@dataclass(frozen=True)
class Partners:
    """The collaborators of the partners' views."""

    seed: Seed
    clock: Clock
    credentials: Credentials
    jwts: Jwts
    refresh_tokens: RefreshTokens
    storages: Storages
    pictures: Pictures

    def revoke(self, partner: str | None) -> int:
        """Revoke all tokens of one partner, or of all for None; return the number of access and id tokens."""
        if partner in (None, "instyle"):
            self.refresh_tokens.revoke()
        return self.jwts.revoke(partner)


def build_partners(seed: Seed, addresses: Addresses, clock: Clock, longest_lifetime: int | None) -> Partners:
    """Return the partners of one sandbox; ``longest_lifetime`` caps the lifetime of tokens, in seconds."""
    credentials = Credentials(seed, addresses)
    return Partners(
        seed=seed,
        clock=clock,
        credentials=credentials,
        jwts=Jwts(clock, longest_lifetime),
        refresh_tokens=RefreshTokens(clock),
        storages=Storages(seed, clock, credentials["ASPOSE_STORAGE"]),
        pictures=Pictures(credentials["INSTYLE_CUSTOMER"], credentials["INSTYLE_API_BASE_URL"]),
    )
