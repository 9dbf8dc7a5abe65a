"""The rules that block closure: one small function each, listed in one table.

A rule says all that is in the way. Whether that blocks, warns or is off is for the pinned policy to say. A released
rule version never changes its meaning: a new meaning is a new version beside the old one.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from pydantic import Field

from domain.lifecycle.claims import (
    INCIDENTS,
    SECTION,
    added_since,
    because,
    claim,
    concerned_teams,
    has_signed,
    unsigned,
)
from domain.model.endorsement import Waiver, waiver_id
from domain.model.review import Item, Review
from domain.model.taxonomy import (
    GRAVE,
    Confidence,
    Dimension,
    FailureKind,
    IncidentStatus,
    IssueStatus,
    ItemClass,
    ItemStatus,
    Mode,
    Severity,
    Stage,
    Strength,
)
from domain.model.template import ANSWER
from domain.model.values import Record


class Finding(Record):
    """One thing in the way: about what, in a sentence, and who can clear it."""

    subject: str
    sentence: str
    cleared_by: str
    waivable: bool = True
    read_again: bool = Field(default=False, description="reading the trackers again may clear it")
    only_warns: bool = Field(default=False, description="said, and never a reason to hold the review")


class Blocker(Finding):
    """A finding of a rule, with what the policy makes of it."""

    rule: str
    mode: Mode = Mode.BLOCK

    @property
    def id(self) -> str:
        """Rule and subject together."""
        return f"{self.rule}/{self.subject}"


Rule = Callable[[Review, datetime], Iterator[Finding]]

READ = "read"
"""The subject under which a failed read of the trackers blocks."""

POLICY = "policy"
"""The subject under which a rule blocks that this release does not know."""

READ_FAILED = f"done/{READ}"
"""The id of that blocker."""

_OWNER, _ITSELF = "the review's owner", "Holdfast itself"

WHY_UNDONE = {
    IssueStatus.OPEN: "is open",
    IssueStatus.DECLINED: "was closed as not planned, which is not done",
    IssueStatus.DUPLICATE: "was closed as a duplicate, which is not done",
    IssueStatus.MISSING: "is gone from its tracker",
    IssueStatus.MOVED: "was moved out of reach",
    IssueStatus.FORBIDDEN: "cannot be read: permission refused",
    IssueStatus.UNREAD: "was not read",
}

WHY_FAILED = {
    FailureKind.UNAVAILABLE: "the tracker cannot be reached",
    FailureKind.RATE_LIMITED: "the tracker's rate limit is reached",
    FailureKind.UNAUTHORISED: "the tracker refused the credential",
    FailureKind.NOT_FOUND: "the tracker project cannot be found",
    FailureKind.REJECTED: "the tracker rejected the request",
    FailureKind.INCOMPLETE: "the last read did not tell enough of every item, or came too late",
}


WHY_NO_DOERS = WHY_FAILED | {
    FailureKind.INCOMPLETE: "its tracker did not tell all of it (its credential may need to be allowed more)"
}


def questions(review: Review, now: datetime) -> Iterator[Finding]:
    """Every required question of the template is answered, and those of the incident's kinds and service.

    Each part of the draft that the profile asks for says something.
    """
    profile, policy = review.profile, review.policy
    assert policy is not None and profile is not None
    answered, filled = (review.submission.answered, review.submission.filled) if review.submission else ((), ())
    for section in policy.sections:
        if section.id in profile.parts and section.id not in filled:
            yield Finding(subject=section.id, sentence=f"Nothing is said under “{section.title}”.", cleared_by=_OWNER)
    kinds, service = review.kinds, review.service
    for question in policy.questions:
        if question.id not in answered and profile.asks(question, kinds, service):
            yield Finding(subject=question.id, sentence=f"Not answered: {question.prompt}", cleared_by=_OWNER)


def causes(review: Review, now: datetime) -> Iterator[Finding]:
    """At least one contributing factor, and a look along all five dimensions; each factor has evidence."""
    profile = review.profile
    assert profile is not None
    factors = review.submission.factors if review.submission else ()
    considered = review.submission.considered if review.submission else ()
    if not factors:
        yield Finding(subject="factors", sentence="No contributing factor is given.", cleared_by=_OWNER)
    if profile.all_dimensions:
        seen = {factor.dimension for factor in factors} | set(considered)
        for dimension in Dimension:
            if dimension not in seen:
                sentence = (
                    f"{dimension.value.capitalize()} was not considered: give a factor, or say why there is none."
                )
                yield Finding(subject=dimension, sentence=sentence, cleared_by=_OWNER)
    for factor in factors:
        if not factor.evidence:
            yield Finding(subject=factor.id, sentence=f"{factor.id} gives no evidence.", cleared_by=_OWNER)


def extent(review: Review, now: datetime) -> Iterator[Finding]:
    """The same cause was looked for elsewhere, and what was found is written down (ISO/IEC 42001:2023, 10.2).

    Each other model that shares a pipeline or a service with those of the incident is asked for, by the catalogue as
    it was when the draft was submitted; where there is none, one place in any case.
    """
    looked, elsewhere = (review.submission.looked, review.submission.elsewhere) if review.submission else ((), ())
    for model in elsewhere:
        if model not in looked:
            sentence = f"The same cause was not looked for in {model}, which shares a pipeline or a service."
            yield Finding(subject=model, sentence=sentence, cleared_by=_OWNER)
    submitted = review.submission.models if review.submission else None
    for model in review.models:
        if submitted is not None and model not in submitted:
            sentence = f"{model} was added since: submit again, so that it is known where else to look."
            yield Finding(subject=model, sentence=sentence, cleared_by=_OWNER)
    if not looked and not elsewhere:
        sentence = "The same cause was looked for nowhere else: say where it was, how, and what was found."
        yield Finding(subject="elsewhere", sentence=sentence, cleared_by=_OWNER)


def prevention(review: Review, now: datetime) -> Iterator[Finding]:
    """Every confirmed cause has a prevention item of at least intermediate strength, or an accepted risk.

    At SEV1 and SEV2 a suspected cause has a measure, or an accepted risk: an item of at least intermediate strength
    that names it, whatever its class. Below that it is said, and holds nothing. An item that was added after the last
    signature counts once a team has signed it.
    """
    factors = review.submission.factors if review.submission else ()
    unseen = unsigned_items(review, now)
    standing = [
        item for id, item in review.items.items() if item.status is not ItemStatus.WITHDRAWN and id not in unseen
    ]
    measures = [item.spec for item in standing if item.spec.strength is not Strength.WEAKER]
    later = f" No team has signed {', '.join(unseen)} yet." if unseen else ""
    by = "a team that signs" if unseen else _OWNER
    for factor in factors:
        if _risk_accepted(review, factor.id, now):
            continue
        named = [spec for spec in measures if factor.id in spec.prevents]
        what = f"{factor.id} ({factor.dimension.value}: {factor.cause})"
        if factor.confidence is Confidence.KNOWN and not any(s.item_class is ItemClass.PREVENT for s in named):
            yield Finding(
                subject=factor.id,
                sentence=f"Nothing prevents {what}: it needs a prevention item of at least intermediate strength, or a "
                f"risk accepted for a time.{later}",
                cleared_by=by,
            )
        elif not named:
            yield Finding(
                subject=factor.id,
                sentence=f"Nothing is done about {what}, which is suspected: it needs an item of at least intermediate "
                f"strength that names it, or a risk accepted for a time.{later}",
                cleared_by=by,
                only_warns=review.gravest not in GRAVE,
            )
    known = not factors or any(factor.confidence is Confidence.KNOWN for factor in factors)
    if (
        known
        and review.gravest is not Severity.SEV4
        and not any(i.spec.item_class is ItemClass.PREVENT for i in standing)
    ):
        yield Finding(subject="items", sentence=f"There is no prevention item.{later}", cleared_by=by)


def unsigned_items(review: Review, now: datetime) -> tuple[str, ...]:
    """The items that were added after the last signature, where teams have to sign: no signer has seen them.

    Before that every item is still to be signed with the text, and counts.
    """
    if review.stage not in (Stage.REMEDIATION, Stage.CLOSED) or not is_signed_for(review):
        return ()
    lifted = [review.waivers.get(waiver_id("sign_off", team)) for team in review.required_teams]
    words = [*review.signatures.values(), *(waiver for waiver in lifted if waiver is not None and waiver.holds(now))]
    unseen = [{*added_since(review, word)} for word in words]
    return tuple(name.partition("/")[2] for name in sorted(set.intersection(*unseen))) if unseen else ()


def _risk_accepted(review: Review, factor: str, now: datetime) -> bool:
    risk = review.risks.get(factor)
    return risk is not None and risk.holds(now)


def is_relied_on(review: Review, item: Item) -> bool:
    """Whether a rule relies on an item: it has to be done and verified before the review closes.

    Prevention always is; under `prevention@2` so is what answers a suspected cause at SEV1 and SEV2, of any class.
    """
    if item.spec.item_class is ItemClass.PREVENT:
        return True
    if review.gravest not in GRAVE or review.submission is None or not _asks_for(review, "prevention@2"):
        return False
    suspected = {f.id for f in review.submission.factors if f.confidence is not Confidence.KNOWN}
    return item.spec.strength is not Strength.WEAKER and not suspected.isdisjoint(item.spec.prevents)


def _asks_for(review: Review, rule: str) -> bool:
    return review.profile is not None and review.profile.rules.get(rule, Mode.OFF) is not Mode.OFF


def prevention_1(review: Review, now: datetime) -> Iterator[Finding]:
    """Every known cause has a prevention item of at least intermediate strength, or an accepted risk.

    SEV1 to SEV3 have at least one prevention item in any case, except that where all causes are only potential a
    detection item or an accepted risk stands for it.
    """
    factors = review.submission.factors if review.submission else ()
    items = [i.spec for i in review.items.values() if i.status is not ItemStatus.WITHDRAWN]
    strong = [s for s in items if s.item_class is ItemClass.PREVENT and s.strength is not Strength.WEAKER]
    known = [factor for factor in factors if factor.confidence is Confidence.KNOWN]

    for factor in known:
        if not any(factor.id in spec.prevents for spec in strong) and not _risk_accepted(review, factor.id, now):
            yield Finding(
                subject=factor.id,
                sentence=f"Nothing prevents {factor.id} ({factor.dimension.value}: {factor.cause}): it needs a "
                "prevention item of at least intermediate strength, or a risk accepted for a time.",
                cleared_by=_OWNER,
            )
    if review.gravest is Severity.SEV4 or any(s.item_class is ItemClass.PREVENT for s in items):
        return
    all_potential = bool(factors) and not known
    if all_potential and (
        any(s.item_class is ItemClass.DETECT for s in items) or any(_risk_accepted(review, f.id, now) for f in factors)
    ):
        return
    yield Finding(subject="items", sentence="There is no prevention item.", cleared_by=_OWNER)


def done(review: Review, now: datetime) -> Iterator[Finding]:
    """Every item that a rule relies on is done in its tracker, and every accepted item has its issue there.

    Declined, duplicate, deleted, moved out of reach and unreadable are not done.
    """
    for item in review.items.values():
        if item.status is ItemStatus.WITHDRAWN:
            continue
        if finding := _undone(review, item):
            yield finding
    if failure := review.failures.get(READ):
        yield Finding(
            subject=READ,
            sentence=f"The items could not be read: {WHY_FAILED[failure.kind]}. "
            f"Next try {failure.retry_at:%d %b %H:%M} UTC.",
            cleared_by="whoever looks after the tracker",
            waivable=False,
            read_again=True,
        )


def _undone(review: Review, item: Item) -> Finding | None:
    name = item.spec.id
    if item.status is ItemStatus.PROPOSED:
        if not is_relied_on(review, item):
            return None
        return Finding(subject=name, sentence=f"{name} is proposed, and not accepted yet.", cleared_by=_OWNER)
    if item.ref is None:
        failure = review.failures.get(item.opening)
        why = f": {WHY_FAILED[failure.kind]}" if failure else " yet"
        return Finding(
            subject=name,
            sentence=f"{name} has no issue in its tracker{why}.",
            cleared_by="whoever looks after the tracker",
        )
    if not is_relied_on(review, item) or item.status is ItemStatus.DONE:
        return None
    why = WHY_UNDONE[item.issue_status or IssueStatus.UNREAD]
    if item.unreadable is not None:
        why = f"cannot be read: {WHY_FAILED[item.unreadable]}"
    return Finding(
        subject=name,
        sentence=f"{name} ({item.ref.key}) {why}.",
        cleared_by=f"team {item.spec.team}" if item.spec.team else "whoever does it in the tracker",
        read_again=item.status is ItemStatus.LOST,
    )


def verified(review: Review, now: datetime) -> Iterator[Finding]:
    """Each accepted item that a rule relies on was verified by somebody who had no hand in it, with a copy of evidence.

    Who was assigned to it, closed it, or wrote or merged its change had a hand in it. An account among those of whom
    nobody knows whose it is may be the verifier's own, so it blocks, by name. What need not be done for a while need
    not be verified for as long.
    """
    for id, item in review.items.items():
        if not item.accepted or not is_relied_on(review, item) or _waived(review.waivers, "done", id, now):
            continue
        if finding := _unverified(review, id, item):
            yield finding


def _waived(waivers: dict[str, Waiver], rule: str, subject: str, now: datetime) -> bool:
    waiver = waivers.get(waiver_id(rule, subject))
    return waiver is not None and waiver.holds(now)


def doers_wanted(review: Review, now: datetime) -> list[str]:
    """The done items of which it is still to be read who had a hand in them, so that somebody else verifies them."""
    if _modes(review, "verified") <= {Mode.OFF}:
        return []
    return [
        id
        for id, item in review.items.items()
        if (item.status is ItemStatus.DONE and is_relied_on(review, item))
        and (_lacks_doers(review, item) and not _waived(review.waivers, "verified", id, now))
    ]


def _lacks_doers(review: Review, item: Item) -> bool:
    """Whether it is still to be read who had a hand in an item. What a closure judged is judged while it stands."""
    judged = review.closure is not None and review.closure.judged(item.spec.id)
    return item.doers_unread and not judged


WHY_NO_COPY = {
    FailureKind.UNAVAILABLE: "where it is cannot be reached",
    FailureKind.RATE_LIMITED: "where it is limits requests",
    FailureKind.UNAUTHORISED: "where it is asks who we are",
    FailureKind.NOT_FOUND: "there is nothing at that address",
    FailureKind.REJECTED: "it is too large, of no kind that is kept, or on a host that is not listed",
    FailureKind.INCOMPLETE: "it came incomplete",
}


def _unverified(review: Review, id: str, item: Item) -> Finding | None:
    seen, others = item.verification, "somebody who had no hand in it"
    if seen is None:
        sentence = f"Nobody has verified, with evidence, that {id} holds."
        return Finding(subject=id, sentence=sentence, cleared_by=others)
    if item.is_doing_of(seen.hands):
        return Finding(subject=id, sentence=f"Who verified {id} had a hand in it.", cleared_by=others)
    if all(evidence.digest is None for evidence in seen.evidence):
        failure = review.failures.get(f"evidence:{id}")
        why = f": {WHY_NO_COPY[failure.kind]}. Attach a copy" if failure else " yet"
        return Finding(subject=id, sentence=f"No copy is kept of the evidence for {id}{why}.", cleared_by=others)
    if item.strangers:
        return Finding(
            subject=id,
            sentence=f"Nobody knows who {', '.join(item.strangers)} is, who had a hand in {id}.",
            cleared_by="whoever keeps the catalogue: it names the accounts of people",
            read_again=True,
        )
    return _doers_unread(review, id, item) if _lacks_doers(review, item) else None


def _doers_unread(review: Review, id: str, item: Item) -> Finding:
    """They are read as soon as an item is done, and again as soon as a failure lets us; of a lost item, with it."""
    failure, lost = review.failures.get(item.asking_who), item.status is not ItemStatus.DONE
    sentence, by = f"Who had a hand in {id} is being read now: it has to be somebody else who verified it.", _ITSELF
    if failure is not None or lost:
        why = f"could not be read: {WHY_NO_DOERS[failure.kind]}" if failure else "was not read yet"
        sentence, by = f"Who had a hand in {id} {why}.", "whoever looks after the tracker"
    return Finding(subject=id, sentence=sentence, cleared_by=by, read_again=lost)


def sign_off(review: Review, now: datetime) -> Iterator[Finding]:
    """Every required team has signed the text as it was last submitted; or as many as the policy wants of them.

    A team that asked for changes is waited for in any case.
    """
    submission, teams = review.submission, review.required_teams
    if submission is not None and not review.changes_wanted and _is_quorum(review, teams):
        teams = (review.risk_team,) if review.risk_team else ()
    concerned = concerned_teams(review) if submission else {}
    for team in teams:
        if submission is None:
            yield Finding(subject=team, sentence=f"Team {team} has nothing to sign yet.", cleared_by=_OWNER)
        elif any(wanted.team == team for wanted in review.changes_wanted):
            yield Finding(subject=team, sentence=f"Team {team} asked for changes.", cleared_by=_OWNER)
        elif team not in review.signatures or unsigned(review, team, concerned):
            earlier = f" again{why}" if (why := why_again(review, team)) else ""
            sentence = f"Team {team} has not signed revision {submission.revision}{earlier}."
            if team == review.risk_team:
                sentence += f" It answers for risk, and there are {len(review.exceptions)} exceptions."
            waivable = team != review.risk_team
            yield Finding(subject=team, sentence=sentence, cleared_by=f"team {team}", waivable=waivable)


def sign_off_2(review: Review, now: datetime) -> Iterator[Finding]:
    """As before; and the text covers every incident, and each time that one of them came again."""
    yield from sign_off(review, now)
    submission = review.submission
    if submission is not None and submission.incidents != claim(review, INCIDENTS):
        yield Finding(
            subject=INCIDENTS,
            sentence=f"An incident was added or came again after revision {submission.revision} was submitted: submit "
            "a text that covers it, the same one where it does.",
            cleared_by=_OWNER,
        )


def why_again(review: Review, team: str) -> str:
    """Why a team that has signed is to sign again, to follow what is said; empty where it has not signed this text."""
    return because(review.fallen[team].claims) if team in review.fallen else ""


def _is_quorum(review: Review, teams: tuple[str, ...]) -> bool:
    """Whether enough teams have signed, and nothing is said in the text that none of them signed."""
    quorum, submission = review.profile.quorum if review.profile else None, review.submission
    if quorum is None or submission is None:
        return False
    signed = [review.signatures[team].basis for team in teams if has_signed(review, team)]
    covered = {name for basis in signed for name in basis}
    said = {f"{SECTION}/{id}" for id in (*submission.filled, *(f"{ANSWER}{id}" for id in submission.answered))}
    return len(signed) >= quorum and said <= covered


def is_signed_for(review: Review) -> bool:
    """Whether teams have to put their name to what the review says and promises."""
    return Mode.BLOCK in _modes(review, "sign_off") and bool(review.required_teams)


def blames_nobody(review: Review) -> bool:
    """Whether a person's error is never taken for a cause: where the policy blocks on causes."""
    return Mode.BLOCK in _modes(review, "causes")


def _modes(review: Review, rule: str) -> frozenset[Mode]:
    return review.profile.modes_of(rule) if review.profile else frozenset()


RULES: dict[str, Rule] = {
    "questions@1": questions,
    "causes@1": causes,
    "extent@1": extent,
    "prevention@1": prevention_1,
    "prevention@2": prevention,
    "done@1": done,
    "verified@1": verified,
    "sign_off@1": sign_off,
    "sign_off@2": sign_off_2,
}

DRAFT_RULES = ("questions", "causes", "extent")
"""What a draft has to meet before it can be submitted."""


def findings(review: Review, now: datetime, rules: dict[str, Rule] = RULES) -> list[Blocker]:
    """What every rule of the pinned policy finds, blocking or warning, whether or not a waiver lifts it.

    In the order of `rules`, however the policy was written or kept; rules that are not known come last.
    """
    profile = review.profile
    if profile is None:
        return []
    found = []
    asked = profile.rules
    for name in [*(name for name in rules if name in asked), *sorted(name for name in asked if name not in rules)]:
        mode, rule, short = asked[name], rules.get(name), name.split("@")[0]
        if mode is Mode.OFF:
            continue
        if rule is None:
            unknown = Finding(
                subject=POLICY,
                sentence=f"The policy names the rule {name}, which this release does not know.",
                cleared_by="whoever runs Holdfast: install a release that knows the rule",
                waivable=False,
            )
            found.append(Blocker(rule=short, **unknown.model_dump()))
            continue
        for finding in rule(review, now):
            weight = Mode.WARN if finding.only_warns else mode
            found.append(Blocker(rule=short, mode=weight, **finding.model_dump()))
    return found


def blockers(review: Review, now: datetime, rules: dict[str, Rule] = RULES) -> list[Blocker]:
    """All that stands between this review and closure. Empty for a review that has none to pass.

    An incident that is open again and an event that cannot be read block under every policy; nothing lifts them.
    """
    if review.stage in (None, Stage.EXCLUDED, Stage.ARCHIVED, Stage.DISMISSED):
        return []
    always = [
        Blocker(
            rule="incident",
            subject=incident.ref,
            sentence=f"Incident {incident.ref} is open.",
            cleared_by="whoever resolves it at its source"
            + (", or takes it out of the review" if incident is not review.first_incident else ""),
        )
        for incident in review.incidents.values()
        if incident.status is IncidentStatus.OPEN
    ] + [
        Blocker(
            rule="unknown",
            subject=name,
            sentence=f"This release cannot read a recorded event: {name}.",
            cleared_by="whoever runs Holdfast: install the release that wrote it",
        )
        for name in review.unknown
    ]
    return always + [
        b for b in findings(review, now, rules) if b.mode is Mode.BLOCK and not lifted(review.waivers, b, now)
    ]


def warnings(review: Review, now: datetime) -> list[Blocker]:
    """What the policy wants said, and does not want to hold the review for."""
    return [b for b in findings(review, now) if b.mode is Mode.WARN]


def lifted(waivers: dict[str, Waiver], blocker: Blocker, now: datetime) -> bool:
    """Whether a waiver that has not expired lifts this blocker. An unknown rule and a failed read cannot be waived."""
    return blocker.waivable and _waived(waivers, blocker.rule, blocker.subject, now)
