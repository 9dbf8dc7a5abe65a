"""What is known of somebody who acts: their roles, their teams, and for a token what it may be used for."""

from pydantic import Field

from domain.model.taxonomy import Role, Scope
from domain.model.values import Line, PersonId, Record


class Standing(Record):
    """What somebody is taken for while they say one thing. It goes with an input, and is not recorded as a whole."""

    roles: tuple[Role, ...] = ()
    teams: tuple[Line, ...] = ()
    scopes: tuple[Scope, ...] | None = Field(
        default=None, description="of the token that they use; none for who is signed in, whom nothing narrows"
    )
    stands_for: tuple[PersonId, ...] = Field(
        default=(), description="those whose tokens they made, and who made theirs: one person could be all of them"
    )


NOBODY = Standing()
"""Who is not signed in where there is a sign-in."""
