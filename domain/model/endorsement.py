"""One person's word on what they saw: signatures, verifications, requests, waivers and accepted risks."""

from datetime import datetime

from pydantic import Field

from domain.model.values import PersonId, Record, TextRef, Utc


class Endorsement(Record):
    """Somebody's word, which stands for what they saw and for nothing that became of it since."""

    basis: dict[str, str] = Field(
        default={}, description="what they saw: the digest of each claim, by its name in `lifecycle.claims`"
    )


class Signature(Endorsement):
    """A team's word that a text, its items and the incidents that it covers are as they should be."""

    team: str
    by: PersonId
    at: Utc


class Evidence(Record):
    """What shows that an item does what it promised: a copy kept in the records, and where it came from."""

    digest: str | None = Field(default=None, description="of the copy; none while none is kept")
    link: TextRef | None = Field(default=None, description="where it was found")


class Verification(Endorsement):
    """Somebody saw for themselves that a done item does what it promised."""

    by: PersonId
    at: Utc
    evidence: tuple[Evidence, ...]
    note: TextRef | None = None
    stands_for: tuple[PersonId, ...] = Field(
        default=(), description="who could be the same person as they: see `Standing.stands_for`"
    )

    @property
    def hands(self) -> tuple[PersonId, ...]:
        """Who counts as the one person who verified it."""
        return (self.by, *self.stands_for)


class Waiver(Endorsement):
    """Lifts one rule for one subject until a date; then the blocker is back. An accepted risk is one too."""

    rule: str
    subject: str
    until: Utc
    asked_by: PersonId
    granted_by: tuple[PersonId, ...] = Field(description="one for the waiver, one more for each renewal")

    @property
    def id(self) -> str:
        """Rule and subject together: there is one waiver for each pair."""
        return waiver_id(self.rule, self.subject)

    def holds(self, now: datetime) -> bool:
        """Whether it still lifts its blocker at `now` (UTC)."""
        return self.until > now


def waiver_id(rule: str, subject: str) -> str:
    """The key under which a review keeps the waiver of `rule` for `subject`."""
    return f"{rule}/{subject}"
