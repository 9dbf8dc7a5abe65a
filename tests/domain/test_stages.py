"""The life of a review as a table."""

from domain.lifecycle.decisions.decision import IMPOSSIBLE, unheard
from domain.lifecycle.inputs import COMMANDS, AssignOwner, Close
from domain.lifecycle.stages import ENDED_STAGES, HEARD_IN, OPEN_STAGES, TRANSITIONS
from domain.model.review import Review
from domain.model.taxonomy import Stage


def test_every_stage_has_its_moves_and_the_ended_ones_lead_nowhere() -> None:
    assert set(TRANSITIONS) == {None, *Stage}
    assert not TRANSITIONS[Stage.ARCHIVED] | TRANSITIONS[Stage.DISMISSED]


def test_every_stage_can_be_reached() -> None:
    assert frozenset().union(*TRANSITIONS.values()) == set(Stage)


def test_only_remediation_leads_to_closure_and_every_open_stage_to_dismissal() -> None:
    assert {stage for stage, to in TRANSITIONS.items() if Stage.CLOSED in to} == {Stage.REMEDIATION}
    assert {stage for stage, to in TRANSITIONS.items() if Stage.DISMISSED in to} == OPEN_STAGES | {Stage.EXCLUDED}


def test_every_command_is_heard_somewhere_and_none_where_a_review_has_ended() -> None:
    assert set(HEARD_IN) == set(COMMANDS)
    assert all(HEARD_IN.values())
    for command, stages in HEARD_IN.items():
        assert not stages & (ENDED_STAGES - {Stage.EXCLUDED}), command


def test_every_command_that_is_not_heard_is_refused_in_people_s_words() -> None:
    assert set(IMPOSSIBLE) == set(COMMANDS)
    refusals = {stage: unheard(Review(id="x", stage=stage), AssignOwner) for stage in Stage}
    assert len(set(refusals.values())) == len(Stage)
    assert not any("_" in refusal for refusal in refusals.values())
    assert refusals[Stage.SIGN_OFF] == "The owner cannot be changed while the review is in sign-off."
    assert refusals[Stage.EXCLUDED] == "The owner cannot be changed while the incident is excluded from review."
    assert unheard(Review(id="x", stage=Stage.CLOSED), Close) == "The review cannot be closed while it is closed."


def test_a_stage_is_open_closed_or_ended() -> None:
    assert set(Stage) == OPEN_STAGES | ENDED_STAGES | {Stage.CLOSED}
    assert not OPEN_STAGES & ENDED_STAGES
