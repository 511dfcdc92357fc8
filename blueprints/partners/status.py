"""Partners with the states of their tokens, as the pages show them. The objects hold no secrets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import url_for

from blueprints.web.services import services
from domain.partners.problems import cause_of
from providers.partners.partner import Partner, Role
from providers.tokens.records import TokenState


@dataclass(frozen=True)
class TokenView:
    """The state of a role's token. `todo` is the advice for `problem`."""

    valid_until: datetime | None
    fetched_at: datetime | None
    fetches_today: int
    next_try_at: datetime | None
    problem: str | None
    todo: tuple[str, ...]

    @property
    def summary(self) -> str:
        if self.valid_until is not None:
            return "valid" if self.problem is None else "valid, renewal fails"
        return "failing" if self.problem else "not asked for yet"

    @classmethod
    def of(cls, partner: Partner, state: TokenState) -> TokenView:
        problem = state.problem
        return cls(
            state.valid_until,
            state.fetched_at,
            state.fetches_today,
            state.next_try_at,
            cause_of(problem) if problem else None,
            services().partner_problems.remedy(partner, problem) if problem else (),
        )


@dataclass(frozen=True)
class RoleView:
    """A role; `token` is None if it needs no token."""

    role: Role
    token: TokenView | None

    @property
    def name(self) -> str:
        return self.role.name

    @property
    def about(self) -> str:
        return self.role.about

    @property
    def token_summary(self) -> str:
        return self.token.summary if self.token else "no token needed"


@dataclass(frozen=True)
class PartnerView:
    """A partner with its roles. Creating one reads the tokens' states from the store and calls no remote system."""

    partner: Partner
    roles: tuple[RoleView, ...]

    @classmethod
    def of(cls, partner: Partner) -> PartnerView:
        roles = tuple(
            RoleView(role, TokenView.of(partner, role.source.state()) if role.source else None)
            for role in partner.roles.values()
        )
        return cls(partner, roles)

    @property
    def url(self) -> str:
        return url_for("partners.partner", name=self.partner.name)
