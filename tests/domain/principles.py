"""The principles of GATE as functions over what an input made of a review: for the property machine, and all lives."""

from datetime import datetime

from domain.lifecycle import inputs
from domain.lifecycle.closure_rules import RULES, Blocker, findings
from domain.model.review import Review
from domain.model.taxonomy import ItemStatus, Mode, Stage

SEEN_BEFORE_SIGNING = (inputs.SubmitDraft, inputs.SignForTeam, inputs.VerifyItem)
"""What clears by being what the rules ask for: a text that is signed after it, a signature, a verification."""


def strictly(review: Review, now: datetime) -> list[Blocker]:
    """What would block under the strict reading: every rule in its newest version blocks, and nothing is waived."""
    if review.policy is None or review.stage in (None, Stage.EXCLUDED, Stage.ARCHIVED, Stage.DISMISSED):
        return []
    strict = {max(name for name in RULES if name.startswith(f"{rule}@")): Mode.BLOCK for rule in _SHORT}
    profiles = tuple(profile.model_copy(update={"rules": strict}) for profile in review.policy.profiles)
    policy = review.policy.model_copy(update={"profiles": profiles})
    found = findings(review.model_copy(update={"policy": policy}), now)
    return [blocker for blocker in found if not blocker.only_warns]


_SHORT = {name.partition("@")[0] for name in RULES}


def eased(before: Review, after: Review, body: object, now: datetime) -> list[str]:
    """What one person's command cleared, and nothing shows for it (GATE, principle 3).

    Something shows for it: a signature still to come, something else that blocks for the same subject, or work that
    was promised and blocks by itself until it is done. What an approval clears, a second person has agreed to; a
    dismissal stands with its reason, and takes two where it is grave; what was only proposed is decided by taking it
    back.
    """
    if isinstance(body, (*SEEN_BEFORE_SIGNING, inputs.Approve)) or after.stage in (Stage.DISMISSED, Stage.ARCHIVED):
        return []
    were, left = strictly(before, now), strictly(after, now)
    if any(b.rule == "sign_off" for b in left):
        return []
    earlier, ids = {b.id for b in were}, {b.id for b in left}
    instead = {b.subject for b in left if b.id not in earlier}
    cleared = [b for b in were if b.id not in ids and b.subject not in instead]
    cleared = [b for b in cleared if b.subject not in before.items or _accepted(before, b.subject)]
    blocks_by_itself = any(_accepted(after, b.subject) and not _accepted(before, b.subject) for b in left)
    return [b.id for b in cleared if b.rule != "prevention" or not blocks_by_itself]


def _accepted(review: Review, id: str) -> bool:
    return id in review.items and review.items[id].accepted


def dropped(before: Review, after: Review, body: object) -> list[str]:
    """What was promised and is not any more, with nobody's second word (GATE, principle 4)."""
    if isinstance(body, inputs.Approve):
        return []
    gone = {id for id in before.items if _accepted(before, id) and not _accepted(after, id)}
    ended = after.stage in (Stage.DISMISSED, Stage.ARCHIVED) and before.stage is not after.stage
    undone = {id for id, item in after.items.items() if item.accepted and item.status is not ItemStatus.DONE}
    return sorted(gone | (undone if ended else set()))
