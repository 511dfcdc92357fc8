"""The readings of a tyre's sidewall as labels and texts."""

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
    """Return the readings of a tyre as pairs of label and text, the most wanted first."""
    known = ((label, getattr(read, name)) for name, label in TIRE_LABELS.items())
    others = (text.partition(": ") for text in read.others)
    return [(label, text) for label, text in known if text] + [(name, text) for name, _, text in others]
