"""The vocabulary: every word that a review may use, as an enum.

Codes of other taxonomies are kept beside these as data, never instead of them. Nothing here decides anything.
"""

from enum import StrEnum


class Stage(StrEnum):
    """Where a review stands. The allowed moves are `domain.lifecycle.stages.TRANSITIONS`."""

    EXCLUDED = "excluded"
    STABILIZATION = "stabilization"
    DRAFT = "draft"
    SIGN_OFF = "sign_off"
    REMEDIATION = "remediation"
    CLOSED = "closed"
    ARCHIVED = "archived"
    DISMISSED = "dismissed"


class Severity(StrEnum):
    """SEV1 is the gravest."""

    SEV1 = "SEV1"
    SEV2 = "SEV2"
    SEV3 = "SEV3"
    SEV4 = "SEV4"

    def is_graver_than(self, other: "Severity") -> bool:
        """Whether this severity outranks `other` (SEV1 outranks SEV2)."""
        return self.value < other.value


GRAVE = frozenset({Severity.SEV1, Severity.SEV2})
"""The severities at which a review takes most people, and most proof."""


class Mode(StrEnum):
    """What a policy makes of a rule."""

    OFF = "off"
    WARN = "warn"
    BLOCK = "block"


class Door(StrEnum):
    """Through which door an input came in. Without sign-in, a person's door is marked as such."""

    LOCAL_UNAUTHENTICATED = "local, unauthenticated"
    SIGNED_IN = "signed in"
    TOKEN = "token"
    WEBHOOK = "webhook"
    TRACKER = "tracker"
    ENGINE = "engine"


class Role(StrEnum):
    """What somebody may do. `domain.lifecycle.permissions` says which right takes which; a person may have several."""

    READER = "reader"
    CONTRIBUTOR = "contributor"
    SIGNER = "signer"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Scope(StrEnum):
    """What an API token may be used for, of what its holder may do."""

    READ = "read"
    WRITE = "write"
    DECIDE = "decide"
    ADMIN = "admin"


class Clock(StrEnum):
    """The deadlines of a review as a whole; each item has a due date of its own."""

    DRAFT = "draft"
    SIGN_OFF = "sign_off"
    REVIEW = "review"
    EFFECTIVENESS = "effectiveness"
    ANSWER = "answer"


class Effectiveness(StrEnum):
    """Whether prevention worked, as somebody answers once the effectiveness window is over."""

    EFFECTIVE = "effective"
    INEFFECTIVE = "ineffective"
    UNKNOWN = "unknown"


class IncidentStatus(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"


class Realisation(StrEnum):
    HARM = "harm"
    NEAR_MISS = "near_miss"
    HAZARD = "hazard"


class StoppedBy(StrEnum):
    """What kept a near miss from doing harm."""

    SAFEGUARD = "safeguard"
    HUMAN = "human"
    LUCK = "luck"


class IncidentKind(StrEnum):
    LATENCY_SLO = "latency_slo"
    ACCURACY_COLLAPSE_SHIFT = "accuracy_collapse_shift"
    CALIBRATION_FAILURE = "calibration_failure"
    FALLBACK_RUNAWAY = "fallback_runaway"
    METRIC_MISALIGNMENT = "metric_misalignment"
    FAIRNESS_REGRESSION = "fairness_regression"
    BAD_MODEL_CHANGE = "bad_model_change"
    CAPACITY_COLLAPSE = "capacity_collapse"
    DATA_PIPELINE_BREAK = "data_pipeline_break"
    TRAINING_SERVING_SKEW = "training_serving_skew"
    LABEL_FAILURE = "label_failure"
    HARMFUL_OUTPUT = "harmful_output"
    PRIVACY_LEAK = "privacy_leak"
    ADVERSARIAL = "adversarial"
    THIRD_PARTY_CHANGE = "third_party_change"
    OTHER = "other"


class Dimension(StrEnum):
    """The five dimensions along which every review looks for contributing factors."""

    MODEL = "model"
    DATA = "data"
    SYSTEM = "system"
    EVALUATION = "evaluation"
    GOVERNANCE = "governance"


CAUSES: dict[Dimension, frozenset[str]] = {
    Dimension.MODEL: frozenset(
        {
            "brittleness",
            "out_of_distribution",
            "miscalibration",
            "overfitting",
            "underspecification",
            "stale_model",
            "embedding_mismatch",
            "numeric_instability",
            "capability_limit",
        }
    ),
    Dimension.DATA: frozenset(
        {
            "drift",
            "concept_drift",
            "leakage",
            "delayed_labels",
            "label_noise",
            "upstream_schema_change",
            "join_failure",
            "stale_feature",
            "imbalance",
            "feedback_loop",
            "poisoning",
        }
    ),
    Dimension.SYSTEM: frozenset(
        {
            "queueing_collapse",
            "capacity_exhaustion",
            "adaptive_instability",
            "slow_inference",
            "deployment",
            "configuration",
            "dependency",
            "orchestration",
            "cache",
            "fault_handling",
            "client_contract",
        }
    ),
    Dimension.EVALUATION: frozenset(
        {
            "misleading_offline_metrics",
            "slice_not_evaluated",
            "unrepresentative_test",
            "leaky_evaluation",
            "threshold_wrong",
            "no_canary",
        }
    ),
    Dimension.GOVERNANCE: frozenset(
        {
            "unclear_ownership",
            "unclear_policy",
            "change_unreviewed",
            "alert_unactioned",
            "no_rollback_path",
            "out_of_purpose_use",
            "silent_vendor_update",
        }
    ),
}
"""The causes of each dimension. No person's error is among them, so none can be given as a cause."""


class DetectionMethod(StrEnum):
    """What noticed the incident."""

    SLO_BURN = "slo_burn"
    INFRA_ALERT = "infra_alert"
    DATA_VALIDATION = "data_validation"
    DRIFT_MONITOR = "drift_monitor"
    LATENCY_DRIFT_MONITOR = "latency_drift_monitor"
    QUALITY_MONITOR = "quality_monitor"
    CANARY = "canary"
    OFFLINE_EVALUATION = "offline_evaluation"
    INTERNAL_HUMAN = "internal_human"
    CUSTOMER = "customer"
    PARTNER = "partner"
    AUDIT = "audit"


class DetectionGap(StrEnum):
    """Why it was not noticed earlier."""

    NO_TELEMETRY = "no_telemetry"
    NO_MONITOR = "no_monitor"
    WRONG_THRESHOLD = "wrong_threshold"
    NOISY_IGNORED = "noisy_ignored"
    MONITOR_BUG = "monitor_bug"
    SLOW_LABELS = "slow_labels"
    WRONG_AGGREGATION = "wrong_aggregation"
    NONE = "none"


class SafeguardType(StrEnum):
    ADMISSION_CONTROL = "admission_control"
    FALLBACK = "fallback"
    GRACEFUL_DEGRADATION = "graceful_degradation"
    ADAPTIVE_INFERENCE = "adaptive_inference"
    CIRCUIT_BREAKER = "circuit_breaker"
    RATE_LIMIT = "rate_limit"
    CANARY = "canary"
    ROLLBACK = "rollback"
    GUARDRAIL = "guardrail"
    HUMAN_IN_THE_LOOP = "human_in_the_loop"
    KILL_SWITCH = "kill_switch"
    QUOTA = "quota"


class SafeguardOutcome(StrEnum):
    WORKED = "worked"
    WORKED_LATE = "worked_late"
    TRIGGERED_INEFFECTIVE = "triggered_ineffective"
    DID_NOT_TRIGGER = "did_not_trigger"
    BYPASSED = "bypassed"
    ABSENT = "absent"
    UNKNOWN = "unknown"


class Elsewhere(StrEnum):
    """What was found where the same cause was looked for (ISO/IEC 42001:2023, 10.2)."""

    NOT_THERE = "not_there"
    THERE_TOO = "there_too"
    COULD_NOT_LOOK = "could_not_look"


class Confidence(StrEnum):
    KNOWN = "known"
    POTENTIAL = "potential"


class ItemClass(StrEnum):
    PREVENT = "prevent"
    DETECT = "detect"
    MITIGATE = "mitigate"
    PROCESS = "process"


class Strength(StrEnum):
    """RCA² action hierarchy (National Patient Safety Foundation, 2015)."""

    STRONGER = "stronger"
    INTERMEDIATE = "intermediate"
    WEAKER = "weaker"


class Outcome(StrEnum):
    FAILURE_MODE_DOCUMENTATION = "failure_mode_documentation"
    MONITORING_OR_ALERTS = "monitoring_or_alerts"
    INFERENCE_OR_ADMISSION_POLICY = "inference_or_admission_policy"
    TRAINING_OR_EVALUATION_PROCEDURE = "training_or_evaluation_procedure"
    RESILIENCE_TEST = "resilience_test"
    OWNERSHIP_AND_ESCALATION = "ownership_and_escalation"


class ItemStatus(StrEnum):
    """Where an action item stands, in our words. `withdrawn` items are kept, and count for nothing."""

    PROPOSED = "proposed"
    OPEN = "open"
    DONE = "done"
    DECLINED = "declined"
    LOST = "lost"
    WITHDRAWN = "withdrawn"


class IssueStatus(StrEnum):
    """What a tracker says of an issue, in our words; adapters translate. Only `done` is done."""

    OPEN = "open"
    DONE = "done"
    DECLINED = "declined"
    DUPLICATE = "duplicate"
    MISSING = "missing"
    MOVED = "moved"
    FORBIDDEN = "forbidden"
    UNREAD = "unread"


class Ask(StrEnum):
    """What makes a review easier to close, and therefore needs a second person."""

    WAIVE = "waive"
    DISMISS = "dismiss"
    ACCEPT_RISK = "accept_risk"
    WITHDRAW_ITEM = "withdraw_item"
    LOWER_SEVERITY = "lower_severity"
    REMOVE_INCIDENT = "remove_incident"
    CLASSIFY = "classify"
    CHANGE_ITEM = "change_item"
    EXTEND_DUE = "extend_due"
    SPLIT_ITEM = "split_item"
    SHARE = "share"


class FailureKind(StrEnum):
    """Why the outside could not be touched; the names that ports use."""

    UNAVAILABLE = "unavailable"
    RATE_LIMITED = "rate_limited"
    UNAUTHORISED = "unauthorised"
    NOT_FOUND = "not_found"
    REJECTED = "rejected"
    INCOMPLETE = "incomplete"
