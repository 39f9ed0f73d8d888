"""The order of passes, as the architecture page shows it and the imports keep it."""

from __future__ import annotations

# Each layer may import those named before it (and its own modules).
LAYERS: tuple[tuple[str, ...], ...] = (
    ("engine.core",),
    ("engine.vocabulary",),
    ("engine.regex",),
    ("engine.expr",),
    ("engine.ledger",),
    ("engine.policy",),
    ("engine.waivers",),
    ("engine.lowering",),
    ("engine.backends",),
    ("engine.auditing",),
    ("engine.watch",),
    ("engine.authoring",),
    ("engine.api",),
    ("engine",),
    ("report",),
    ("synthetic",),
    ("web.trail",),
    ("web.store",),
    ("web.evidence",),
    ("web.access",),
    ("web.judging",),
    ("web.figures",),
    ("web.acts",),
    ("web.transfer",),
    ("web.reminders",),
    ("web.settings",),
    ("web.operations",),
    ("web.service",),
    ("web.api",),
    ("web.pages",),
    ("web",),
    ("cli",),
)
