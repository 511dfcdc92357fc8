"""What was read of a tyre, in words."""

from __future__ import annotations

from providers.partners.anyline import TireSidewall

TIRE_LABELS = {
    "make": "Make",
    "model": "Model",
    "size": "Size",
    "load_index": "Load index",
    "speed_rating": "Speed rating",
    "dot": "DOT number",
    "production_date": "Made",
}


def tire_readings(read: TireSidewall) -> list[tuple[str, str]]:
    """Return what was read of a tyre as labels and texts, in the order in which people ask for it."""
    known = ((label, getattr(read, name)) for name, label in TIRE_LABELS.items())
    others = (text.partition(": ") for text in read.others)
    return [(label, text) for label, text in known if text] + [(name, text) for name, _, text in others]
