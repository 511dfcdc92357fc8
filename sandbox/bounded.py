"""A dictionary that cannot grow without end, for everything the sandbox remembers."""

from collections import OrderedDict
from typing import Generic, TypeVar

MOST_KEPT = 50_000
V = TypeVar("V")


class Bounded(OrderedDict[str, V], Generic[V]):
    """A dictionary that drops its oldest entry when it grows past MOST_KEPT."""

    def __setitem__(self, key: str, value: V) -> None:
        super().__setitem__(key, value)
        if len(self) > MOST_KEPT:
            self.popitem(last=False)
