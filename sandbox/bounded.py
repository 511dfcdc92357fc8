"""A dictionary with a size limit, used for everything that the sandbox remembers for its clients."""

from collections import OrderedDict
from typing import Generic, TypeVar

MOST_KEPT = 50_000
V = TypeVar("V")


class BoundedDict(OrderedDict[str, V], Generic[V]):
    """A dictionary that drops its oldest entry when it grows past MOST_KEPT."""

    def __setitem__(self, key: str, value: V) -> None:
        super().__setitem__(key, value)
        if len(self) > MOST_KEPT:
            self.popitem(last=False)
