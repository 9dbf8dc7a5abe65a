"""Which roles people have in a review, and by which names a narrative may call them.

Names stay in the audit log; in a narrative a role is on offer in the place of each. Where a text names somebody is for
`domain.drafts.blame` to find, and taking the offer is for people.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from domain.model.catalogue import Catalogue
from domain.model.review import Review
from domain.model.values import PersonId

COLLEAGUE = "a colleague"
"""Whom the records or the catalogue know, and of whom this review says nothing."""


def roles_in(review: Review) -> dict[PersonId, str]:
    """The role of everybody whom a review knows. Of several the one counts that says most of what they did then."""
    roles = {item.spec.owner: f"the owner of {id}" for id, item in review.items.items() if item.spec.owner}
    roles |= {signature.by: f"the signer for {team}" for team, signature in review.signatures.items()}
    if review.submission is not None:
        roles[review.submission.by] = "the author of the draft"
    incidents = review.incidents.values()
    roles |= {incident.lead: "the team lead" for incident in incidents if incident.lead}
    if review.owner is not None:
        roles[review.owner] = "the owner of the review"
    return roles | {incident.responder: "the on-call engineer" for incident in incidents if incident.responder}


def roles_by_name(
    review: Review, catalogue: Catalogue, handles: Mapping[PersonId, str], others: Iterable[str] = ()
) -> dict[str, str]:
    """By each name that somebody may have in a narrative, their role.

    `handles` are those of the people of the review; `others` are handles of whom the records know no more than that.
    """
    roles = dict.fromkeys((*others, *catalogue.people), COLLEAGUE)
    roles |= {team.lead: f"the lead of {team.title}" for team in catalogue.teams.values()}
    roles |= {handles[person]: role for person, role in roles_in(review).items() if person in handles}
    return {name: role for handle, role in roles.items() for name in _names(handle, catalogue)}


def _names(handle: str, catalogue: Catalogue) -> Iterator[str]:
    """A handle, the accounts that the catalogue has for it, and the name that an address is made of, as Ann Two."""
    yield handle
    person = catalogue.people.get(handle)
    if person is not None:
        yield from filter(None, (person.github, person.jira, person.pagerduty))
    words = re.split(r"[._-]", handle.partition("@")[0]) if "@" in handle else []
    if len(words) > 1 and all(len(word) > 1 and word.isalpha() for word in words):
        yield " ".join(word.capitalize() for word in words)
