"""The partner APIs, built from the settings with one factory each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from providers.http.transport import Transport
from providers.partners.anyline import AnylineClient
from providers.partners.aspose import AsposeClient
from providers.partners.ayyeka import AyyekaClient
from providers.partners.instyle import InstyleClient
from providers.partners.partner import Partner
from providers.tokens.records import TokenCache
from settings import Settings
from wiring import anyline, aspose, ayyeka, instyle
from wiring.sources import Sources


@dataclass(frozen=True)
class Partners:
    """All partners in order, and their clients; the client is None if a partner is not set up."""

    by_name: Mapping[str, Partner]
    anyline: AnylineClient | None
    ayyeka: AyyekaClient | None
    aspose: AsposeClient | None
    instyle: InstyleClient | None


def build_partners(settings: Settings, transport: Transport, cache: TokenCache | None) -> Partners:
    """Build the partners and allow their origins in the transport. Does no I/O."""
    sources = Sources(transport, cache)
    anyline_partner, anyline_client = anyline.build(settings, sources)
    ayyeka_partner, ayyeka_client = ayyeka.build(settings, sources)
    aspose_partner, aspose_client = aspose.build(settings, sources)
    instyle_partner, instyle_client = instyle.build(settings, sources)
    partners = (anyline_partner, ayyeka_partner, aspose_partner, instyle_partner)
    return Partners(
        by_name={partner.name: partner for partner in partners},
        anyline=anyline_client,
        ayyeka=ayyeka_client,
        aspose=aspose_client,
        instyle=instyle_client,
    )
