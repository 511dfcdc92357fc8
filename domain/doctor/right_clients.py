"""Which OAuth client a setting should name, as advice for a person."""

from __future__ import annotations

from domain.doctor.client_evidence import Checkup, Role, shown
from domain.redirect_uris.comparing import PORTAL


def right_client(checkup: Checkup, role: Role) -> tuple[str, str]:
    """Return the advice to name the right client, and its id; "" if it is not known or there is none yet."""
    secret = f", and {role.secret_variable} to its secret" if role.secret_variable else ""
    kind = role.client_type.title()
    if checkup.clients() is None:
        return (
            f"Set {role.variable} to the id of the client with the redirect URI {role.redirect_uri} in {PORTAL}"
            f"{secret}. "
            f"If no client of the type {kind} has it, add one there.",
            "",
        )
    if holder := checkup.holder_of(role):
        right = shown(holder.id)
        return (
            f"Set {role.variable} to {right}, which has the redirect URI {role.redirect_uri}{secret}.",
            right,
        )
    todo = (
        f"In {PORTAL}, add a client of the type {kind} with the redirect URI "
        f"{role.redirect_uri}. Set {role.variable} to its id{secret}."
    )
    if misfit := checkup.misfit_of(role):
        todo += f" The client {shown(misfit.id)} has this redirect URI, but is of the type {misfit.type}."
    return todo, ""
