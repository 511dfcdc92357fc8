"""Addresses that show an error page again, with its reference and without what the first address held.

The address holds the problem itself, signed. So nothing is stored, and an error page can be shown again while the store
is down.
"""

from __future__ import annotations

import json
from dataclasses import asdict

from flask import request, url_for

from blueprints.web.policies import current_policy
from blueprints.web.services import services
from domain.problems import Action, Problem

PURPOSE = "kept-problem"
# Seconds; traces are kept as long.
MAX_AGE = 86_400
# Characters. Proxies and browsers take more, but such an address would be no better than the first one.
MAX_LENGTH = 2_000


def address_without_secrets(problem: Problem, reference: str) -> str | None:
    """Return an address that shows this page again; None if the present one holds nothing that has to be hidden."""
    if request.method != "GET" or not current_policy().hides_address:
        return None
    kept = services().signer.sign(json.dumps([reference, asdict(problem)]), PURPOSE)
    return url_for("problems.again", kept=kept) if len(kept) <= MAX_LENGTH else None


def read_kept(kept: str) -> tuple[str, Problem] | None:
    """Return the reference and the problem of an address; None if it was not made here, or long ago."""
    found = services().signer.read(kept, PURPOSE) if len(kept) <= MAX_LENGTH else None
    if found is None or services().clock() - found[1] > MAX_AGE:
        return None
    try:
        reference, fields = json.loads(found[0])
        fields["actions"] = tuple(Action(**action) for action in fields["actions"])
        fields["todo"], fields["cause"] = tuple(fields["todo"]), tuple(fields["cause"])
        return str(reference), Problem(**fields)
    except (TypeError, ValueError, KeyError):
        return None  # another version of this application signed it
