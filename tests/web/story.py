"""What the review of the incident with the most to tell says: a whole draft, as a team would write it."""

from typing import Any

STORY: dict[str, Any] = {
    "summary": "A winter campaign brought a merchant category that made up 0.4 % of the training data to **11 %** of "
    "traffic within two hours.\n\nPrecision at the blocking threshold fell from 0.93 to 0.61, and payments of honest "
    "customers were blocked for six hours.",
    "impact": {
        "service_levels": [
            {"objective": "99 % of good payments pass, over 30 days", "target": "99", "budget_burned": "180"}
        ],
        "latency": [{"quantile": "p99", "before": "84", "during": "88"}],
        "metrics": [
            {"name": "precision", "slice": "gift cards", "before": "0.93", "during": "0.61"},
            {"name": "share blocked", "before": "0.008", "during": "0.031"},
        ],
        "business": "About 1 900 payments were blocked that should have passed; most were tried again later.",
        "people": "Some 1 400 customers, and the support team, who answered 212 tickets.",
    },
    "versions": [
        {
            "model": "fraud-scorer",
            "version": "7.2",
            "dataset": "payments to January",
            "evaluation": "release suite of 12 January",
            "rollback_to": "7.1",
        }
    ],
    "detection": {"method": "customer", "gap": "no_monitor", "how": "Support saw tickets pile up after 40 minutes."},
    "safeguards": [
        {
            "type": "fallback",
            "name": "rules without the model",
            "outcome": "did_not_trigger",
            "last_tested": "2026-01-20",
            "predicted": "It takes over when scores are missing. They were not missing, but wrong.",
        }
    ],
    "extent": [{"at": "fraud-scorer", "found": "there_too", "how": "Its batch variant reads the same mix."}],
    "failure_modes": {"touched": ["Inputs leave the range of the training data unseen"]},
    "answers": {
        "what_failed": "Scores of gift-card merchants were far too high. Customers noticed it first.",
        "assumptions": "That the mix of merchants changes over months. It was written down nowhere, and everything "
        "downstream relied on it.",
        "safeguards": "No. The fallback watches for missing scores, and there were none.",
        "early_signals": "Support tickets rose within 15 minutes. Nothing joins them to the model.",
        "prevention": "- Test rare merchant categories before a release.\n- Watch the mix of categories by the hour.",
        "shift.what": "The share of gift cards, from 0.4 % to 11 %, since 08:20. A drift monitor would have shown it.",
        "shift.labels": "Chargebacks come after 45 days; complaints stood in for them.",
    },
}
"""Beside the factors and items of `tests.web.site.DRAFT`."""

LATENCY: dict[str, Any] = {
    "summary": "The nightly backfill shared a queue with live scoring. For 50 minutes the 99th percentile was above "
    "900 ms, and checkouts went on without a score.",
    "impact": {
        "latency": [
            {"quantile": "p50", "before": "31", "during": "44"},
            {"quantile": "p99", "before": "84", "during": "930"},
        ],
        "business": "4 % of checkouts went on without a score.",
    },
    "answers": {
        "what_failed": "Live requests waited behind those of the backfill. The latency alert fired after 9 minutes.",
        "assumptions": "That the backfill is over before the morning. It had grown threefold since autumn.",
        "safeguards": "The circuit breaker opened in time; the quota for batch jobs was never switched on.",
        "early_signals": "Queue depth had risen every night for two weeks. Nobody looks at it, since no service level "
        "is drawn from it.",
        "prevention": "Keep batch and live work in queues of their own.",
        "latency.load": "2 100 requests a second, of which 1 500 were the backfill's; tested up to 1 200.",
        "latency.tail": "p99 was 84 ms, with 110 ms at night. A chart shows it, and no alert.",
    },
    "factors": [
        {
            "id": "F1",
            "dimension": "system",
            "cause": "queueing_collapse",
            "confidence": "known",
            "explanation": "Batch and live requests waited in one queue, in the order in which they came.",
            "evidence": "Trace of 400 requests, 06:10 to 06:20.",
            "control_that_should_have_caught_it": "A quota for batch jobs.",
            "led_to": "effect",
        },
        {
            "id": "F2",
            "dimension": "governance",
            "cause": "unclear_ownership",
            "confidence": "known",
            "explanation": "No team had the growth of the backfill as its own.",
            "evidence": "The catalogue names no owner of the job.",
            "led_to": "F1",
        },
    ],
    "considered": {
        "model": "None. The model answered in time whenever it was asked.",
        "data": "None. Inputs were as on other days.",
        "evaluation": "None. The load test tells what it tested.",
    },
    "items": [
        {
            "id": "I1",
            "title": "Give batch scoring a queue of its own",
            "item_class": "prevent",
            "strength": "stronger",
            "outcome": "inference_or_admission_policy",
            "end_state": "A backfill of twice the size leaves p99 of live requests below 100 ms in the load test.",
            "prevents": ["F1"],
            "team": "infrastructure",
        },
        {
            "id": "I2",
            "title": "Name an owner and a largest size for every batch job",
            "item_class": "prevent",
            "strength": "intermediate",
            "outcome": "ownership_and_escalation",
            "prevents": ["F2"],
            "team": "ml",
        },
        {
            "id": "I3",
            "title": "Tell on-call when a backfill is planned",
            "item_class": "process",
            "strength": "weaker",
            "outcome": "ownership_and_escalation",
        },
    ],
}

CALIBRATION: dict[str, Any] = {
    "summary": "Scores of accounts younger than a week were too sure of themselves for nine days.",
    "background": "- grafana:G-123: Calibration drifted for new accounts",
    "answers": {"what_failed": "Of new accounts scored 0.9 or more, 71 % were fraud, where 90 % were expected."},
    "factors": [
        {
            "id": "F1",
            "dimension": "model",
            "cause": "miscalibration",
            "confidence": "potential",
            "explanation": "The new sign-up form leaves out a field on which calibration leant.",
            "evidence": "",
        }
    ],
    "considered": {},
    "items": [],
}
"""A draft that is being written."""
