"""Which module has each public name. In: nothing. Out: the names by their modules.

This is for run time; `engine/api/__init__.py` says the same for types.
"""

from __future__ import annotations

from typing import Final

MODULES: Final = {
    "zhuanjie.engine.api.acts": (
        "PlainReading", "RegisterActs", "RegisterSetting", "TypedAct", "TypedCondition",
        "condition_holds", "lists_of", "plain_values", "register_acts",
    ),
    "zhuanjie.engine.api.baselines": (
        "BaselineChange", "create_baseline", "show_baseline", "update_baseline",
    ),
    "zhuanjie.engine.api.authoring": (
        "FormattedFile", "MarkedText", "PackCases", "coverage", "format_pack", "marked_texts",
        "pack_cases", "row_clause", "update_cases",
    ),
    "zhuanjie.engine.api.columns": (
        "ColumnUse", "TableColumns", "column_mapping", "column_uses", "columns_wanted",
        "remember_columns",
    ),
    "zhuanjie.engine.api.editor": (
        "FailedCase", "FileEdit", "FilePlace", "PackEditor", "Proposal", "Remark",
        "TextMap", "TextPosition",
    ),
    "zhuanjie.engine.api.fields": ("FieldUse", "field_uses", "grouping_field", "template_fields"),
    "zhuanjie.engine.api.ledger_rows": ("LedgerRows", "RowPart", "open_rows"),
    "zhuanjie.engine.api.ledgers": (
        "PARTITION_KEYS", "audit", "audit_on_spark", "audit_to_file", "audit_to_folder",
        "deadlines", "explain", "explain_and_fix", "explain_run", "fixes", "open_acts",
        "record_ids", "stream",
    ),
    "zhuanjie.engine.api.lints": ("fix_lints", "lint", "lint_page", "lint_report", "lint_weights"),
    "zhuanjie.engine.api.locks": ("lock_changes", "lock_path", "lock_text", "locked_bases"),
    "zhuanjie.engine.api.packs": (
        "PackRoot", "Settings", "keep_policies", "office_day", "office_zone", "pack_ids",
        "settings", "settings_file", "use_settings",
    ),
    "zhuanjie.engine.api.policies": (
        "PolicyEntry", "kept_policy", "list_policies", "load_policy", "packs_of",
        "with_params",
    ),
    "zhuanjie.engine.api.reading": (
        "ReadRecord", "is_read", "load_columns", "open_events", "read_day", "read_records",
        "read_tables",
    ),
    "zhuanjie.engine.api.records": (
        "SINGLE", "UNKNOWN", "backends", "check", "check_one", "check_records", "destinations",
        "evaluate", "own_backends", "single_engine", "stand_in", "unavailable_engines", "watch",
    ),
    "zhuanjie.engine.api.trying": ("record_to_try", "trial_bench"),
    "zhuanjie.engine.api.waivers": ("WaiverReview", "entry_problems", "review_waivers"),
    "zhuanjie.engine.auditing.case_judge": (
        "CaseJudge", "CaseOutcome", "CaseJudgement", "Others", "SharedPlace", "given_waivers",
    ),
    "zhuanjie.engine.auditing.destinations": ("DestinationAnswer",),
    "zhuanjie.engine.auditing.due_list": ("DueCounts", "DueList", "by_day", "part_of"),
    "zhuanjie.engine.auditing.explain": ("Explanation", "Trace", "TracePart"),
    "zhuanjie.engine.auditing.record_search": ("RecordName",),
    "zhuanjie.engine.auditing.repair.record_fix": ("Fix", "RecordFix"),
    "zhuanjie.engine.auditing.repair.table_rows": ("TableRow",),
    "zhuanjie.engine.auditing.repair.values": ("CellChange",),
    "zhuanjie.engine.auditing.run": ("AuditRun",),
    "zhuanjie.engine.auditing.wording.template": ("field_label", "value_label"),
    "zhuanjie.engine.authoring.conditions": ("Condition", "condition_of", "sentence"),
    "zhuanjie.engine.authoring.coverage.coverage": ("Coverage", "Point"),
    "zhuanjie.engine.authoring.diff.diff": ("PolicyDiff", "diff"),
    "zhuanjie.engine.authoring.diff.impact": ("Impact",),
    "zhuanjie.engine.authoring.diff.text_diff": ("TextEdit",),
    "zhuanjie.engine.authoring.diff.versions": ("policies_at", "policy_at"),
    "zhuanjie.engine.authoring.editing.scaffold": ("scaffold",),
    "zhuanjie.engine.authoring.editor.text_map": ("ENCODINGS",),
    "zhuanjie.engine.authoring.linting.fixes": ("LintFixes",),
    "zhuanjie.engine.authoring.linting.pages": ("LintPage",),
    "zhuanjie.engine.authoring.linting.run": ("Lint", "LintReport"),
    "zhuanjie.engine.authoring.mutation.mutate": ("MutationReport", "Survivor", "mutate"),
    "zhuanjie.engine.authoring.mutation.weights": ("WEIGHTS",),
    "zhuanjie.engine.authoring.phrases": ("Phrases",),
    "zhuanjie.engine.authoring.testing.explained": ("ExplainedCase", "explain_failed"),
    "zhuanjie.engine.authoring.testing.case_runner": ("UNNAMED", "CaseInstance", "Mismatch"),
    "zhuanjie.engine.authoring.testing.report": ("CaseRun", "TestReport", "run_tests"),
    "zhuanjie.engine.authoring.verification.findings": ("stale_message",),
    "zhuanjie.engine.authoring.verification.verify": ("Verification", "VerifyFinding", "verify"),
    "zhuanjie.engine.authoring.trying.bench": ("Trial", "TrialBench"),
    "zhuanjie.engine.authoring.trying.records": ("TriedRecord", "record_of_ledger"),
    "zhuanjie.engine.core.check_result": ("CheckResult",),
    "zhuanjie.engine.core.dates": ("Month",),
    "zhuanjie.engine.core.diagnostics": ("Diagnostic", "Place"),
    "zhuanjie.engine.core.errors": (
        "BackendError", "ExpressionError", "InputError", "OutputError", "PolicyError",
        "UnsupportedError", "UsageError", "ZhuanjieError", "fail",
    ),
    "zhuanjie.engine.core.lint_ids": ("LINTS",),
    "zhuanjie.engine.core.extras": ("lacking", "missing"),
    "zhuanjie.engine.core.location": ("Location",),
    "zhuanjie.engine.core.messages": ("LANGS", "Lang", "default_lang", "say", "say_diagnostic"),
    "zhuanjie.engine.core.secrets": ("shown_name",),
    "zhuanjie.engine.core.models": ("Text",),
    "zhuanjie.engine.core.personal": ("hide_numbers",),
    "zhuanjie.engine.core.results": (
        "REPORTED", "Finding", "InputFinding", "Judged", "LedgerRef",
        "Outcome", "PolicyRef", "Report", "Scalar", "Severity", "Skipped", "Summary",
        "plain",
    ),
    "zhuanjie.engine.core.unaudited": ("Unaudited", "unaudited"),
    "zhuanjie.engine.ledger.cells.text": ("CellError",),
    "zhuanjie.engine.ledger.documents": ("load_record_file",),
    "zhuanjie.engine.ledger.given_table": ("GivenLedger", "GivenTable"),
    "zhuanjie.engine.ledger.readers.base": ("LedgerTable",),
    "zhuanjie.engine.ledger.readers.lakehouse_address": ("delta_folder",),
    "zhuanjie.engine.policy.json_schema": ("schemas",),
    "zhuanjie.engine.policy.model": ("Acceptance", "Manifest", "Parameter", "Rule"),
    "zhuanjie.engine.policy.policy": ("OverlayChange", "Policy", "TypedRule"),
    "zhuanjie.engine.policy.rows_written": ("written_rows",),
    "zhuanjie.engine.policy.source_model": ("Source",),
    "zhuanjie.engine.vocabulary.fields": ("Field", "FieldTable"),
    "zhuanjie.engine.vocabulary.vocabulary": ("Vocabulary",),
    "zhuanjie.engine.watch.run": ("Watch",),
    "zhuanjie.engine.watch.source": ("EventFile",),
}
