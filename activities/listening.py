"""Comments on issues that speak to us, as facts for their reviews."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from domain.lifecycle.inputs import CommentSaid, ExtendDue, Input, VerifyItem
from domain.model.endorsement import Evidence
from domain.model.principal import Standing
from domain.model.taxonomy import Door
from domain.model.values import PersonId, TextRef, digest_of, end_of
from domain.trackers.comment_commands import NotUnderstood, Said, said
from domain.trackers.ports import Comment

UNKNOWN = "Nobody here is known by your account: have it named under people in catalogue.yaml."


class PeopleBook(Protocol):
    """Where handles and texts are kept apart."""

    def id_of(self, handle: str) -> PersonId:
        """The opaque id of the person with this handle."""
        ...

    def keep(self, text: str, review_id: str | None = None) -> TextRef:
        """Keep a text; what comes back stands for it."""
        ...


class Listening:
    """Makes facts of comments. `handle_of` tells whose an account is in a tracker; none for one that is not known.

    `standing_of` tells what a person may do; none where nobody has to sign in.
    """

    def __init__(
        self,
        people: PeopleBook,
        handle_of: Callable[[str, str], str | None],
        standing_of: Callable[[PersonId], Standing | None] = lambda person: None,
    ) -> None:
        self._people = people
        self._handle_of = handle_of
        self._standing_of = standing_of

    def facts(self, tracker: str, review_id: str, item: str, comments: Iterable[Comment]) -> Iterable[Input]:
        """A fact for each comment that speaks to us and is not ours; the same comment gives the same fact, once.

        It is known by its author, the moment in which it was written, and which of theirs in that moment it is: an edit
        changes its text, and a transfer of its issue its id.
        """
        met = Counter[tuple[str, datetime]]()
        for comment in comments:
            which = comment.author, comment.at
            met[which] += 1
            if comment.ours:
                continue
            wanted, wrong = _understood(comment.text)
            if wanted is None and wrong is None:
                continue
            handle = self._handle_of(comment.author, tracker)
            if handle is None:
                wrong = UNKNOWN
            wants = None if wanted is None or wrong is not None else self._command(wanted, review_id, item)
            by = self._people.id_of(handle) if handle else tracker
            yield Input(
                id=f"comment:{digest_of([review_id, item, comment.author, comment.at.isoformat(), met[which]])}",
                by=by,
                door=Door.TRACKER,
                standing=self._standing_of(by) if handle else None,
                at=comment.at,
                body=CommentSaid(item=item, comment=comment.id, wants=wants, wrong=wrong),
            )

    def _command(self, wanted: Said, review_id: str, item: str) -> ExtendDue | VerifyItem | None:
        """What is wanted as the command that it is anywhere else; none where it is only a question."""
        said_why = self._people.keep(wanted.reason, review_id) if wanted.reason else None
        if wanted.until is not None and said_why is not None:
            return ExtendDue(item=item, until=end_of(wanted.until), reason=said_why)
        if wanted.address:
            evidence = Evidence(link=self._people.keep(wanted.address, review_id))
            return VerifyItem(item=item, evidence=(evidence,), note=said_why)
        return None


def _understood(text: str) -> tuple[Said | None, str | None]:
    """What a comment asks for, or why it is not understood; neither where it does not speak to us."""
    try:
        return said(text), None
    except NotUnderstood as error:
        return None, str(error)
