"""What the web app is made of: everything that it needs is handed to it, and nothing is looked up anywhere else."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

from domain.lifecycle.inputs import Input
from domain.lifecycle.permissions import sight, visible
from domain.lifecycle.view import Answer
from domain.model.catalogue import Catalogue
from domain.model.policy import Policy
from domain.model.principal import Standing
from domain.model.review import Review
from domain.people.memberships import Memberships
from integrations.openid import Begun
from records.read_model.search import Found, Narrowed
from records.read_model.tokenizer import Query
from records.store import Records
from runtime.settings import IncidentSettings, PagerDutySettings, SignInSettings, TrackerSettings, WebSettings
from workflows.door import AwayError, Outbox, Wishes


class ReviewDoor(Protocol):
    """The way to the reviews (`workflows.door.Door`)."""

    async def command(self, review_id: str, input: Input) -> Answer:
        """Carry a command to a review, and its answer back. Raises `AwayError`."""
        ...

    async def send_outgoing(self, outbox: Outbox) -> int:
        """Send what the inbox holds. Raises `AwayError`."""
        ...

    async def start_looks(self, wishes: Wishes) -> None:
        """Have the issues looked at that somebody wished to. Raises `AwayError`."""
        ...


class IdentityProvider(Protocol):
    """Who can say who somebody is (`integrations.openid.OpenIdProvider`)."""

    issuer: str

    async def begin(self, redirect_uri: str) -> Begun:
        """Send somebody there. Raises `integrations.openid.ProviderError`."""
        ...

    async def finish(self, redirect_uri: str, code: str, nonce: str, verifier: str) -> dict[str, Any]:
        """What it says of who came back. Raises `integrations.openid.ProviderError`."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class WebDeps:
    """The parts. `door` may be none, and set later, while the engine is away: all that needs no engine works without.

    `engine_answers` tells whether the engine can be reached now; where it is none, having a door counts.
    Without a `provider` nobody has to sign in, and only this machine may be served.
    """

    records: Records
    policy: Policy
    catalogue: Catalogue
    door: ReviewDoor | None = None
    engine_answers: Callable[[], Awaitable[bool]] | None = None
    pagerduty: PagerDutySettings = field(default_factory=PagerDutySettings)
    incidents: IncidentSettings = field(default_factory=IncidentSettings)
    trackers: TrackerSettings = field(default_factory=TrackerSettings)
    web: WebSettings = field(default_factory=WebSettings)
    sign_in: SignInSettings = field(default_factory=SignInSettings)
    provider: IdentityProvider | None = None
    now: Callable[[], datetime] = _now
    close_patience: timedelta = timedelta(seconds=30)

    @cached_property
    def memberships(self) -> Memberships:
        """What claims and handles give, by the settings."""
        return Memberships.model_validate(self.sign_in.memberships())

    def find(self, review_id: str, standing: Standing | None) -> Review | None:
        """A review as it is now; none for one that somebody may not see, or an id that no review can have."""
        review = self.records.reviews.find(review_id) if review_id.isprintable() else None
        return review if review is not None and visible(standing, review) else None

    def unseen(self, standing: Standing | None, ids: Iterable[str | None]) -> frozenset[str]:
        """Which of these reviews somebody may not see."""
        return self.records.reviews.unseen(sight(standing), (id for id in ids if id is not None))

    def alike(self, standing: Standing | None, review: Review, shared: Collection[str], limit: int) -> Sequence[Review]:
        """At most `limit` earlier reviews with any of these traits that somebody may see, the newest first."""
        return [one for one in self.records.reviews.alike(review, shared, limit) if visible(standing, one)]

    def ending_in(self, id: str, standing: Standing | None) -> Sequence[str]:
        """Ids of reviews that somebody may see, of which `id` is the part that their source gave."""
        return self.records.reviews.ending_in(sight(standing), f":{id}")

    def search(self, standing: Standing | None, query: Query, narrowed: Narrowed, limit: int, offset: int) -> Found:
        """The reviews that somebody may see and that match, the best first, `limit` of them from `offset` on."""
        return self.records.search.find(sight(standing), query, narrowed, limit, offset)

    async def say(self, review_id: str, input: Input) -> Answer:
        """Say a command to a review. Raises `AwayError` where no answer came."""
        if self.door is None:
            raise AwayError("The engine is not connected; ask again with the same id.")
        return await self.door.command(review_id, input)
