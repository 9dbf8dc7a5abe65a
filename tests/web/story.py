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
