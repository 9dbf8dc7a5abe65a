"""Verifying: somebody who did not do an item sees that it does what it promised, and leaves evidence.

A function without an underscore carries out the command or the fact that it is named for, on a decision in the making.
"""

from domain.lifecycle import events, inputs
from domain.lifecycle.claims import ITEM, basis
from domain.lifecycle.decisions.decision import Decision, refuse_if, these
from domain.lifecycle.decisions.items import item_named
from domain.lifecycle.effects import uncopied
from domain.lifecycle.independence import Act, not_independent
from domain.model.review import Item
from domain.model.taxonomy import ItemStatus


def verify_item(d: Decision, body: inputs.VerifyItem) -> None:
    """One act for all items that the evidence is about: verified together, or refused with every reason."""
    items = {id: item_named(d, id) for id in dict.fromkeys((body.item, *body.others))}
    unkept = tuple(e.digest for e in body.evidence if e.digest is not None and e.digest not in d.given.kept)
    refuse_if(
        *(
            item.status is not ItemStatus.DONE and f"{id} is {item.status}: it can be verified once it is done."
            for id, item in items.items()
        ),
        *(reason for id in items for reason in not_independent(d.review, Act.VERIFY, d.hands, id)),
        any(e.digest is None and e.link is None for e in body.evidence) and "Evidence is a kept copy, or a link.",
        bool(unkept) and f"No copy is kept here of {these(unkept)}: attach it first.",
    )
    linked_only = all(e.digest is None for e in body.evidence)
    refuse_if(
        *(
            f"{id} is verified with evidence that is kept: bring a copy of yours, or leave it at that."
            for id, item in items.items()
            if linked_only and _is_seen_to(item)
        )
    )
    others = tuple(sorted(d.hands - {d.by}))
    for id in items:
        verified = events.ItemVerified(
            item=id,
            by=d.by,
            at=d.now,
            evidence=body.evidence,
            note=body.note,
            stands_for=others,
            basis=basis(d.review, [f"{ITEM}/{id}"]),
        )
        d.record(verified)


def _is_seen_to(item: Item) -> bool:
    """Whether somebody who had no hand in it has verified it, with a copy that is kept."""
    seen = item.verification
    return seen is not None and not item.is_doing_of(seen.hands) and any(e.digest for e in seen.evidence)


def evidence_kept(d: Decision, body: inputs.EvidenceKept) -> None:
    item = d.review.items.get(body.item)
    if item is not None and body.link in uncopied(item):
        d.record(events.EvidenceCopied(item=body.item, link=body.link, digest=body.digest))
