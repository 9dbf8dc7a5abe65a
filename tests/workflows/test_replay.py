from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer

import domain.lifecycle.closure_rules
import domain.lifecycle.decide
import domain.lifecycle.plan
from tests.workflows.record_histories import HISTORIES
from workflows.review import ReviewWorkflow

FILES = sorted(HISTORIES.glob("*.json"))


def history_of(file: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(f"review/{file.stem}", file.read_text(encoding="utf-8"))


@pytest.fixture
def replayer() -> Replayer:
    return Replayer(workflows=[ReviewWorkflow], data_converter=pydantic_data_converter)


def test_there_are_histories_to_replay() -> None:
    assert {file.stem for file in FILES} >= {"whole_life", "tracker_in_trouble"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_history_tells_nothing_of_the_machine_that_it_was_recorded_on(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert '"stackTrace"' not in text
    assert '"identity"' not in text


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_what_earlier_releases_wrote_is_replayed(file: Path, replayer: Replayer) -> None:
    await replayer.replay_workflow(history_of(file))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_it_is_replayed_in_the_same_way_whatever_the_rules_are_by_now(
    file: Path, replayer: Replayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise RuntimeError("a workflow asked for a rule")

    for module, name in (
        (domain.lifecycle.decide, "decide"),
        (domain.lifecycle.plan, "plan"),
        (domain.lifecycle.closure_rules, "findings"),
        (domain.lifecycle.closure_rules, "blockers"),
    ):
        monkeypatch.setattr(module, name, gone)
    for name in domain.lifecycle.closure_rules.RULES:
        monkeypatch.setitem(domain.lifecycle.closure_rules.RULES, name, gone)
    await replayer.replay_workflow(history_of(file))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_a_history_that_the_workflow_would_not_have_written_is_found(file: Path, replayer: Replayer) -> None:
    """The replays above can fail: here an activity has another name."""
    said = file.read_text(encoding="utf-8").replace('"name": "open_issue"', '"name": "no_issue"')
    assert said != file.read_text(encoding="utf-8")
    with pytest.raises(Exception, match=r"[Nn]ondeterminism|no_issue"):
        await replayer.replay_workflow(WorkflowHistory.from_json("review/other", said))
