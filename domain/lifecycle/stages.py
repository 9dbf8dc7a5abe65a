"""The life of a review as a table: which stage may follow which, and which command is heard in which stage."""

from domain.lifecycle import inputs
from domain.model.taxonomy import Stage
from domain.model.values import Record

TRANSITIONS: dict[Stage | None, frozenset[Stage]] = {
    None: frozenset({Stage.STABILIZATION, Stage.EXCLUDED}),
    Stage.EXCLUDED: frozenset({Stage.STABILIZATION, Stage.DISMISSED}),
    Stage.STABILIZATION: frozenset({Stage.DRAFT, Stage.DISMISSED}),
    Stage.DRAFT: frozenset({Stage.SIGN_OFF, Stage.DISMISSED}),
    Stage.SIGN_OFF: frozenset({Stage.DRAFT, Stage.REMEDIATION, Stage.DISMISSED}),
    Stage.REMEDIATION: frozenset({Stage.SIGN_OFF, Stage.CLOSED, Stage.DISMISSED}),
    Stage.CLOSED: frozenset({Stage.STABILIZATION, Stage.REMEDIATION, Stage.ARCHIVED}),
    Stage.ARCHIVED: frozenset(),
    Stage.DISMISSED: frozenset(),
}

OPEN_STAGES = frozenset({Stage.STABILIZATION, Stage.DRAFT, Stage.SIGN_OFF, Stage.REMEDIATION})
"""Where a review still waits for something to be done."""

ENDED_STAGES = frozenset({Stage.EXCLUDED, Stage.ARCHIVED, Stage.DISMISSED})
"""Where nothing more is owed to or awaited from anybody."""

HEARD_IN: dict[type[Record], frozenset[Stage | None]] = {
    inputs.OpenReview: frozenset({None, Stage.EXCLUDED}),
    inputs.JoinIncident: OPEN_STAGES,
    inputs.RemoveIncident: OPEN_STAGES,
    inputs.Classify: OPEN_STAGES | {Stage.CLOSED, Stage.EXCLUDED},
    inputs.AssignOwner: OPEN_STAGES | {Stage.CLOSED},
    inputs.SubmitDraft: frozenset({Stage.DRAFT, Stage.SIGN_OFF, Stage.REMEDIATION}),
    inputs.SignForTeam: frozenset({Stage.SIGN_OFF, Stage.REMEDIATION}),
    inputs.DelegateSigning: frozenset({Stage.DRAFT, Stage.SIGN_OFF}),
    inputs.RequestChanges: frozenset({Stage.SIGN_OFF}),
    inputs.ProposeItem: OPEN_STAGES,
    inputs.AcceptItem: OPEN_STAGES,
    inputs.WithdrawItem: OPEN_STAGES | {Stage.CLOSED},
    inputs.ChangeItem: OPEN_STAGES,
    inputs.ExtendDue: OPEN_STAGES | {Stage.CLOSED},
    inputs.MoveItem: OPEN_STAGES | {Stage.CLOSED},
    inputs.SplitItem: OPEN_STAGES,
    inputs.VerifyItem: OPEN_STAGES | {Stage.CLOSED},
    inputs.AskWaiver: OPEN_STAGES | {Stage.CLOSED},
    inputs.AcceptRisk: OPEN_STAGES | {Stage.CLOSED},
    inputs.LowerSeverity: OPEN_STAGES,
    inputs.Dismiss: OPEN_STAGES | {Stage.EXCLUDED},
    inputs.Approve: OPEN_STAGES | {Stage.CLOSED, Stage.EXCLUDED},
    inputs.Refuse: OPEN_STAGES | {Stage.CLOSED, Stage.EXCLUDED},
    inputs.MakePrivate: OPEN_STAGES | {Stage.CLOSED},
    inputs.Share: OPEN_STAGES | {Stage.CLOSED},
    inputs.AnswerEffectiveness: frozenset({Stage.CLOSED}),
    inputs.Close: OPEN_STAGES,
}
"""In which stages a command is heard; anywhere else it is refused, naming the stage."""
