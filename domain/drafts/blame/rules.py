"""The rules of the lint, as a table: a new one is an entry here, and examples both ways in the tests.

In a pattern a space stands for any number of spaces or line ends. Repetitions are bounded, so that time grows with
the length of a text, and no faster.
"""

import re
from typing import Final

from domain.drafts.blame.people import (
    A_PERSON,
    FIRST_NAME,
    NAME,
    NO_NOUN_BEHIND,
    PERSON,
    ROLE,
    SOMEBODYS,
    THE_VERY_PERSON,
)
from domain.drafts.blame.remarks import Advice, Tier

NEVER: Final = re.compile(r"(?!)")


class Rule(Advice):
    """Advice, and the words that call for it."""

    alone: re.Pattern[str] = NEVER
    """Words that are enough by themselves."""
    of_people: re.Pattern[str] = NEVER
    """Words that count when a person is their subject."""
    of_people_only: re.Pattern[str] = NEVER
    """Words that are hardly said of a thing: a first name is subject enough."""
    unless: re.Pattern[str] = NEVER
    """What makes it harmless, in the text that follows."""


def pattern(*either: str) -> re.Pattern[str]:
    """A pattern for any of these, as whole words, in any case; a space stands for white space."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(either)})(?!\w)".replace(" ", r"[ \n]+"), re.IGNORECASE)


_START = r"^[\W\d]{0,30}"
"""The beginning of a sentence, after a bullet or a time."""
_NOBODY = r"(?:nobody|no(?:-| )one|none of (?:us|them|the \w{1,30}))"
_MISTAKE = r"(?:errors?|mistakes?|slips?|oversights?|blunders?)"
_WHOSE = rf"(?:human|operator|user|pilot|manual|personnel|(?:{ROLE})(?:'s|s')?|someone's|somebody's|his|her|my)"
_ITS = (
    r"(?! (?:rates?|codes?|budgets?|messages?|handl|logs?|metrics?|counts?|pages?|reports?|analysis|class|types?|\d))"
)
_HUMAN_ERROR = rf"(?:{_WHOSE} {_MISTAKE}{_ITS}|fat(?:-| )finger(?:ed|ing)?(?: {_MISTAKE})?)"
_DUE_TO = (
    r"(?:due to|caused by|because of|result(?:s|ed|ing)? (?:of|from)|attribut\w{1,10} to|(?:came|boiled|put) down to"
    r"|owing to|stem(?:s|med|ming) from|traced (?:back )?to|triggered by|came from|thanks to|causes?:"
    r"|(?:it|this|that|causes?|reasons?) (?:was|is|were))"
)
_DONE = (
    r"(?:been|known|seen|caught|done|made|taken|told|thought|read|run|sent|set|kept|given|gone|written|chosen|spoken"
    r"|let|held|found|felt|left|built|brought|put|stuck|paid|understood|spent|shown|rolled|"
    r"(?!(?:limited|restricted|dedicated|detailed|shared|named|automated|documented|designated|defined|assigned)"
    r" (?!(?:the|an?|it|this|that|our|his|her|its|all)\b)\w)\w{1,20}ed)"
)
_HEEDED = (
    r"(?:bother(?:ed)?|check(?:ed)?|verif(?:y|ied)|test(?:ed)?|follow(?:ed)?|read|review(?:ed)?|validated?|think|thought"
    r"|escalated?|remember(?:ed)?|notice|tell|told|inform(?:ed)?|look(?:ed)?|ask(?:ed)?|cared?|monitor(?:ed)?"
    r"|communicated?|consider(?:ed)?|double-check(?:ed)?|pay|paid|respond(?:ed)?|react(?:ed)?)"
)
CARE = (
    r"(?:be (?:(?:much )?more|extra|very) (?:careful|cautious|vigilant|attentive|diligent|disciplined|alert|mindful)"
    r"|be careful|pay(?:ing)? (?:(?:more|closer|better|enough|due) )?attention(?! (?:weight|head|layer|mask|score))"
    r"|tak(?:e|ing) (?:more|greater|better|enough|extra) care|(?:try|work|think) harder"
    r"|(?:show|use|apply) (?:more|better) (?:care|discipline|diligence|judge?ment))"
)
_SIGNAL = (
    r"(?:alerts?|alarms?|warnings?|pages?|tickets?|runbooks?|checklists?|dashboards?|e-?mails?|notifications?|signs"
    r"|concerns?|advice|guidelines?|instructions?)"
)
_PASSED_OVER = r"(?:ignored|overlooked|missed|neglected|forgotten|dismissed|disregarded)"

_STUPID: Final = (
    r"(?:stupid|idiotic|moronic|imbecilic|dumb|lazy(?! (?:operators?|owners?|authors?|testers?)\b)|clueless|brainless"
    r"|inept|foolish|ignorant(?! of\b)|feckless|arrogant|(?:dim|half|slow)-?witted)"
)
_IDIOT: Final = (
    r"(?:idiots?|morons?|imbeciles?|dimwits?|nitwits?|halfwits?|cretins?|blockheads?|numbskulls?|dunces?|dumbass(?:es)?"
    r"|jackass(?:es)?|slackers?)(?!-| (?:proof|lights?|boards?|strings?))"
)
_USERS: Final = rf"(?:users?|customers?|guys?|folks){NO_NOUN_BEHIND}"
_RATHER: Final = (
    r"(?:(?:so|too|just|simply|plain|rather|quite|really|such|all|both|being|a|an|the|complete|total|utter) ){0,3}"
)
_CALLED: Final = (
    rf"{_RATHER}(?:{_STUPID}(?= enough\b|\s*(?:$|[.,;:!?)]| (?:and|or|to|about|with|when|in|for|because|not|that|as|at"
    rf"|on|by|here|again)\b))|(?:bunch of )?(?:{_IDIOT}|fools?|clowns?|amateurs?)\b)"
)

EXPLAINED: Final = pattern(r"because|since|as the|as it|made (?:likely|easy|possible)|was (?:likely|easy|possible)")

RULES: Final = (
    Rule(
        rule="human-error-as-cause",
        tier=Tier.FAULT,
        alone=pattern(
            rf"{_DUE_TO} (?:(?!not)[\w-]{{1,30}} ){{0,3}}{_HUMAN_ERROR}",
            rf"{_START}(?:(?:an?|the|simple|plain|pure|sheer) ){{0,2}}{_HUMAN_ERROR}"
            r"(?=\s*(?:$|[.,;!]| (?:by|during|while|when|in|on|at|from|led|caused|brought|took|broke|let|cost|made)\b"
            r"| resulted| deleted| was (?:the|a|our) ))",
            rf"(?:mistake|blunder|error|slip|oversight) (?:made )?by (?:{A_PERSON}|{FIRST_NAME})",
        ),
        unless=EXPLAINED,
        sentence="A person's error stands here as the cause. People err everywhere; the cause is what let it through.",
        question="What made this the sensible thing to do at the time, and what would have caught it?",
    ),
    Rule(
        rule="at-fault",
        tier=Tier.FAULT,
        alone=pattern(
            r"careless(?:ly|ness)?|incompeten(?:t|tly|ce)|reckless(?:ly|ness)?|irresponsibl[ey]|unprofessional(?:ly)?",
            r"negligen(?:t|tly|ce)(?! (?:claims?|cases?|class|classes|labels?|lawsuits?))",
            r"sloppy(?! (?:quorum|hinted|phrase|joins?|match(?:es|ing)?|merges?|filters?|quer(?:y|ies)|regex(?:es)?"
            r"|schemas?|thresholds?|defaults?|heuristics?))|sloppiness|laziness",
            rf"(?:(?:{ROLE})(?:'s|s')|my|our|his|her|their|somebody's|someone's) (?:own )?fault"
            r"(?!-| (?:toler|domain|inject|handl|detect|isolat|tree|model))",
            r"(?:rookie|stupid|silly|dumb|foolish|amateur) (?:mistakes?|errors?|decisions?)",
            rf"(?:fault (?:of|lies with)|blame (?:lies|lay|rests|falls|is) (?:with|on)) (?:{A_PERSON}|{FIRST_NAME})",
            rf"blam(?:e|ed|es|ing) {A_PERSON}",
            rf"(?:hold|held|holding) (?:[\w'-]{{1,30}} ){{0,3}}{PERSON} (?:responsible|accountable)",
            rf"{SOMEBODYS} (?:own )?(?:fault|blunder|carelessness){_ITS}",
        ),
        of_people=pattern(
            r"at fault(?! (?:toler|domain|inject|level))|to blame|responsible for (?:the|this) (?:\w{1,20} )?"
            r"(?:outage|incident|failure|loss|damage|error|mistake)"
        ),
        sentence="These words find fault with a person, which ends the search where it should begin.",
        question="What did they see and know at that moment, and what made it look right?",
    ),
    Rule(
        rule="insult",
        tier=Tier.FAULT,
        alone=pattern(
            rf"(?:{_STUPID}|useless|hopeless|worthless|pathetic|silly)"
            rf" (?:{THE_VERY_PERSON}|{_USERS}|{NAME}|@[\w-]{{1,100}})",
            rf"(?:{_STUPID}|thoughtless|silly) of {A_PERSON}",
            rf"(?<!word\s)(?<!term\s)(?<!token\s)(?<!label\s)(?<!class\s)(?<!string\s){_IDIOT}",
            rf"(?:fool|clown|joke) of (?:an? |the )?{PERSON}",
            r"(?<!artificial\s)(?:stupidity|idiocy|cluelessness|ineptitude)",
            rf"(?:he|she|they|we|you|i)(?:'s|'re|'m) {_CALLED}",
        ),
        of_people=pattern(
            rf"(?:is|are|am|was|were|been|acted|behaved|seemed) {_CALLED}",
            r"(?:(?:acted|behaved|reacted) )?(?:stupidly|foolishly|idiotically|moronically)",
        ),
        of_people_only=pattern(rf"(?:is|are|am|was|were|been|acted|behaved|seemed) {_CALLED}"),
        sentence="Somebody is called something here. It tells nothing of what happened, and keeps others from telling.",
        question="What did they see and know at that moment, and what made it look right?",
    ),
    Rule(
        rule="be-more-careful",
        tier=Tier.FAULT,
        alone=pattern(
            rf"{_START}(?:please |always )?{CARE}",
            r"more (?:care|diligence|vigilance|discipline|attention) (?:is|was|will be) (?:needed|required|taken)",
        ),
        of_people=pattern(CARE),
        of_people_only=pattern(CARE),
        sentence="Care is asked of people. Everyone was careful already, and attention wanes.",
        question="What would make the careless way impossible, or at least visible in time?",
    ),
    Rule(
        rule="counterfactual",
        tier=Tier.SUBJECT,
        alone=pattern(
            rf"{_NOBODY} (?:should|could) (?:ever )?have {_DONE}",
            rf"(?:should|could) have been \w{{1,20}} by {A_PERSON}",
            rf"if (?:only )?(?:[\w'-]{{1,30}} ){{0,3}}?(?:{PERSON}|we|they|he|she|i) had (?:not |only |just )?{_DONE}",
            rf"had (?:[\w'-]{{1,30}} ){{0,3}}?(?:{PERSON}|we|they|he|she|i) (?:not |only |just )?{_DONE}",
        ),
        of_people=pattern(
            rf"(?:should|ought to|needed to)(?:n't| not| never)? have (?:\w{{1,20}}ly )?{_DONE}",
            rf"should've {_DONE}",
            r"could have (?:\w{1,20}ly )?(?:caught|prevented|noticed|checked|avoided|spotted|detected|stopped|known"
            r"|asked|tested|verified|looked|reviewed|escalated|reacted|responded)",
        ),
        of_people_only=pattern(
            r"(?:should|ought to)(?:n't| not| never)? have (?:\w{1,20}ly )?(?:asked|thought|remembered|double-checked)",
        ),
        sentence="This tells what did not happen, as it looks from today.",
        question="What did happen, and why did it make sense with what was known then?",
    ),
    Rule(
        rule="omission",
        tier=Tier.SUBJECT,
        alone=pattern(
            rf"{_NOBODY} (?:even |ever |\w{{1,20}}ly )?(?:had )?{_HEEDED}",
            rf"{_PASSED_OVER} by {A_PERSON}",
            rf"{ROLE}(?:'s|s') (?:failure|inability|unwillingness|refusal|neglect) to",
            r"(?:poor|bad|lack of) judge?ment|lack of (?:care|diligence|discipline|attention to detail)",
        ),
        of_people=pattern(
            r"failed to(?! (?:serve|meet|reproduce|reach|log in|sign in))|forgot(?:ten)?|keeps? forgetting",
            r"neglected|ignored|overlooked|disregarded|could not be bothered|couldn't be bothered",
            r"too (?:slow|late|lazy|hasty) to",
            r"missed(?! (?:(?:our|its|their|the|an?) )?(?:[\w-]{1,30} ){0,2}"
            r"(?:slos?|slas?|objectives?|targets?|goals?|budgets?|windows?|flights?))",
            rf"(?:did not|didn't|never|had not|hadn't) (?:even )?{_HEEDED}",
        ),
        of_people_only=pattern(
            r"forgot(?:ten)?|keeps? forgetting|neglected to|could not be bothered|couldn't be bothered",
            r"too (?:lazy|hasty) to",
            r"(?:did not|didn't|never) (?:even )?(?:bother|think|care)",
        ),
        sentence="Something that a person left undone stands here without what led to it.",
        question="What was asking for attention at that moment, and what could have carried this instead of memory?",
    ),
    Rule(
        rule="ignored-signal",
        tier=Tier.SUBJECT,
        alone=pattern(
            rf"{_SIGNAL} (?:which |that )?(?:was|were|been|got|went)(?: \w{{1,20}}ly)? {_PASSED_OVER}(?! by\b)",
            r"(?:was|were|been) (?:\w{1,20}ly )?(?:overlooked|forgotten)(?! by\b)",
        ),
        sentence="The passive hides who, and still says that somebody was not attentive.",
        question="What made it easy to miss, and how often does it speak for nothing?",
    ),
)

ONLY_RETRAINING: Final = Advice(
    rule="only-retraining",
    tier=Tier.REMINDER,
    sentence="All that is to be done asks people to know or to remember more; nothing about the system changes.",
    question="What would hold if the next person had never heard of this incident?",
)

NAME_IN_NARRATIVE: Final = Advice(
    rule="name-in-narrative",
    tier=Tier.NAME,
    sentence="A person is named here. Names stay in the audit log; a role tells readers more.",
    question="In which role did they act, and would anybody in that role have seen the same?",
)
