"""The facade. In: what a caller has. Out: policies, reports, findings, values, and their types.

Everything the command line does goes through here, and so can any program. A name's module is
imported when the name is first used: neither help nor a single record waits for the column engine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from zhuanjie.engine.api.modules import MODULES

if TYPE_CHECKING:
    from zhuanjie.engine.api.acts import BLANK as BLANK
    from zhuanjie.engine.api.acts import Paper as Paper
    from zhuanjie.engine.api.acts import PaperBlank as PaperBlank
    from zhuanjie.engine.api.acts import PaperLine as PaperLine
    from zhuanjie.engine.api.acts import PaperPart as PaperPart
    from zhuanjie.engine.api.acts import PlainReading as PlainReading
    from zhuanjie.engine.api.acts import RegisterActs as RegisterActs
    from zhuanjie.engine.api.acts import RegisterSetting as RegisterSetting
    from zhuanjie.engine.api.acts import TypedAct as TypedAct
    from zhuanjie.engine.api.acts import TypedAwaited as TypedAwaited
    from zhuanjie.engine.api.acts import TypedCondition as TypedCondition
    from zhuanjie.engine.api.acts import TypedPaper as TypedPaper
    from zhuanjie.engine.api.acts import condition_holds as condition_holds
    from zhuanjie.engine.api.acts import holding as holding
    from zhuanjie.engine.api.acts import lists_of as lists_of
    from zhuanjie.engine.api.acts import plain_values as plain_values
    from zhuanjie.engine.api.acts import register_acts as register_acts
    from zhuanjie.engine.api.acts import steps_of as steps_of
    from zhuanjie.engine.api.acts import tells_birth as tells_birth
    from zhuanjie.engine.api.authoring import FormattedFile as FormattedFile
    from zhuanjie.engine.api.authoring import MarkedText as MarkedText
    from zhuanjie.engine.api.authoring import PackCases as PackCases
    from zhuanjie.engine.api.authoring import coverage as coverage
    from zhuanjie.engine.api.authoring import format_pack as format_pack
    from zhuanjie.engine.api.authoring import law_impact as law_impact
    from zhuanjie.engine.api.authoring import marked_texts as marked_texts
    from zhuanjie.engine.api.authoring import pack_cases as pack_cases
    from zhuanjie.engine.api.authoring import row_clause as row_clause
    from zhuanjie.engine.api.authoring import update_cases as update_cases
    from zhuanjie.engine.api.baselines import BaselineChange as BaselineChange
    from zhuanjie.engine.api.baselines import create_baseline as create_baseline
    from zhuanjie.engine.api.baselines import show_baseline as show_baseline
    from zhuanjie.engine.api.baselines import update_baseline as update_baseline
    from zhuanjie.engine.api.columns import ColumnUse as ColumnUse
    from zhuanjie.engine.api.columns import TableColumns as TableColumns
    from zhuanjie.engine.api.columns import column_mapping as column_mapping
    from zhuanjie.engine.api.columns import column_uses as column_uses
    from zhuanjie.engine.api.columns import remember_columns as remember_columns
    from zhuanjie.engine.api.editor import FailedCase as FailedCase
    from zhuanjie.engine.api.editor import FileEdit as FileEdit
    from zhuanjie.engine.api.editor import FilePlace as FilePlace
    from zhuanjie.engine.api.editor import PackEditor as PackEditor
    from zhuanjie.engine.api.editor import Proposal as Proposal
    from zhuanjie.engine.api.editor import Remark as Remark
    from zhuanjie.engine.api.editor import TextMap as TextMap
    from zhuanjie.engine.api.editor import TextPosition as TextPosition
    from zhuanjie.engine.api.explaining import explain as explain
    from zhuanjie.engine.api.explaining import explain_and_fix as explain_and_fix
    from zhuanjie.engine.api.explaining import explain_run as explain_run
    from zhuanjie.engine.api.explaining import fixes as fixes
    from zhuanjie.engine.api.fields import FieldUse as FieldUse
    from zhuanjie.engine.api.fields import field_uses as field_uses
    from zhuanjie.engine.api.fields import grouping_field as grouping_field
    from zhuanjie.engine.api.fields import template_fields as template_fields
    from zhuanjie.engine.api.ledger_rows import LedgerRows as LedgerRows
    from zhuanjie.engine.api.ledger_rows import RowPart as RowPart
    from zhuanjie.engine.api.ledger_rows import open_rows as open_rows
    from zhuanjie.engine.api.ledgers import PARTITION_KEYS as PARTITION_KEYS
    from zhuanjie.engine.api.ledgers import audit as audit
    from zhuanjie.engine.api.ledgers import audit_on_spark as audit_on_spark
    from zhuanjie.engine.api.ledgers import audit_to_file as audit_to_file
    from zhuanjie.engine.api.ledgers import audit_to_folder as audit_to_folder
    from zhuanjie.engine.api.ledgers import deadlines as deadlines
    from zhuanjie.engine.api.ledgers import open_acts as open_acts
    from zhuanjie.engine.api.ledgers import record_ids as record_ids
    from zhuanjie.engine.api.ledgers import stream as stream
    from zhuanjie.engine.api.lints import fix_lints as fix_lints
    from zhuanjie.engine.api.lints import lint as lint
    from zhuanjie.engine.api.lints import lint_page as lint_page
    from zhuanjie.engine.api.lints import lint_report as lint_report
    from zhuanjie.engine.api.lints import lint_weights as lint_weights
    from zhuanjie.engine.api.locks import lock_changes as lock_changes
    from zhuanjie.engine.api.locks import lock_path as lock_path
    from zhuanjie.engine.api.locks import lock_text as lock_text
    from zhuanjie.engine.api.locks import locked_bases as locked_bases
    from zhuanjie.engine.api.packs import PackRoot as PackRoot
    from zhuanjie.engine.api.packs import Settings as Settings
    from zhuanjie.engine.api.packs import keep_policies as keep_policies
    from zhuanjie.engine.api.packs import office_day as office_day
    from zhuanjie.engine.api.packs import office_zone as office_zone
    from zhuanjie.engine.api.packs import pack_ids as pack_ids
    from zhuanjie.engine.api.packs import remember_register as remember_register
    from zhuanjie.engine.api.packs import settings as settings
    from zhuanjie.engine.api.packs import settings_file as settings_file
    from zhuanjie.engine.api.packs import use_settings as use_settings
    from zhuanjie.engine.api.policies import PolicyEntry as PolicyEntry
    from zhuanjie.engine.api.policies import kept_policy as kept_policy
    from zhuanjie.engine.api.policies import list_policies as list_policies
    from zhuanjie.engine.api.policies import load_policy as load_policy
    from zhuanjie.engine.api.policies import packs_of as packs_of
    from zhuanjie.engine.api.policies import with_params as with_params
    from zhuanjie.engine.api.reading import ReadRecord as ReadRecord
    from zhuanjie.engine.api.reading import columns_wanted as columns_wanted
    from zhuanjie.engine.api.reading import is_read as is_read
    from zhuanjie.engine.api.reading import load_columns as load_columns
    from zhuanjie.engine.api.reading import open_events as open_events
    from zhuanjie.engine.api.reading import read_day as read_day
    from zhuanjie.engine.api.reading import read_records as read_records
    from zhuanjie.engine.api.reading import read_tables as read_tables
    from zhuanjie.engine.api.records import SINGLE as SINGLE
    from zhuanjie.engine.api.records import UNKNOWN as UNKNOWN
    from zhuanjie.engine.api.records import backends as backends
    from zhuanjie.engine.api.records import check as check
    from zhuanjie.engine.api.records import check_one as check_one
    from zhuanjie.engine.api.records import check_records as check_records
    from zhuanjie.engine.api.records import destinations as destinations
    from zhuanjie.engine.api.records import evaluate as evaluate
    from zhuanjie.engine.api.records import own_backends as own_backends
    from zhuanjie.engine.api.records import single_engine as single_engine
    from zhuanjie.engine.api.records import stand_in as stand_in
    from zhuanjie.engine.api.records import unavailable_engines as unavailable_engines
    from zhuanjie.engine.api.records import watch as watch
    from zhuanjie.engine.api.trying import record_to_try as record_to_try
    from zhuanjie.engine.api.trying import trial_bench as trial_bench
    from zhuanjie.engine.api.waivers import WaiverReview as WaiverReview
    from zhuanjie.engine.api.waivers import entry_problems as entry_problems
    from zhuanjie.engine.api.waivers import review_waivers as review_waivers
    from zhuanjie.engine.auditing.case_judge import CaseJudge as CaseJudge
    from zhuanjie.engine.auditing.case_judge import CaseJudgement as CaseJudgement
    from zhuanjie.engine.auditing.case_judge import CaseOutcome as CaseOutcome
    from zhuanjie.engine.auditing.case_judge import Others as Others
    from zhuanjie.engine.auditing.case_judge import SharedPlace as SharedPlace
    from zhuanjie.engine.auditing.case_mending import case_choices as case_choices
    from zhuanjie.engine.auditing.case_mending import case_fix as case_fix
    from zhuanjie.engine.auditing.case_mending import case_rows as case_rows
    from zhuanjie.engine.auditing.destinations import DestinationAnswer as DestinationAnswer
    from zhuanjie.engine.auditing.due_list import DueCounts as DueCounts
    from zhuanjie.engine.auditing.due_list import DueList as DueList
    from zhuanjie.engine.auditing.due_list import by_day as by_day
    from zhuanjie.engine.auditing.due_list import part_of as part_of
    from zhuanjie.engine.auditing.explain import Explanation as Explanation
    from zhuanjie.engine.auditing.explain import Trace as Trace
    from zhuanjie.engine.auditing.explain import TracePart as TracePart
    from zhuanjie.engine.auditing.record_search import RecordName as RecordName
    from zhuanjie.engine.auditing.repair.record_fix import Beyond as Beyond
    from zhuanjie.engine.auditing.repair.record_fix import Fix as Fix
    from zhuanjie.engine.auditing.repair.record_fix import RecordFix as RecordFix
    from zhuanjie.engine.auditing.repair.table_rows import TableRow as TableRow
    from zhuanjie.engine.auditing.repair.values import CellChange as CellChange
    from zhuanjie.engine.auditing.run import AuditRun as AuditRun
    from zhuanjie.engine.auditing.shared_rule import key_fields as key_fields
    from zhuanjie.engine.auditing.wording.template import field_label as field_label
    from zhuanjie.engine.auditing.wording.template import value_label as value_label
    from zhuanjie.engine.authoring.conditions import Condition as Condition
    from zhuanjie.engine.authoring.conditions import condition_of as condition_of
    from zhuanjie.engine.authoring.conditions import sentence as sentence
    from zhuanjie.engine.authoring.coverage.coverage import Coverage as Coverage
    from zhuanjie.engine.authoring.coverage.coverage import Point as Point
    from zhuanjie.engine.authoring.diff.diff import PolicyDiff as PolicyDiff
    from zhuanjie.engine.authoring.diff.diff import diff as diff
    from zhuanjie.engine.authoring.diff.impact import Impact as Impact
    from zhuanjie.engine.authoring.diff.text_diff import TextEdit as TextEdit
    from zhuanjie.engine.authoring.diff.versions import policies_at as policies_at
    from zhuanjie.engine.authoring.diff.versions import policy_at as policy_at
    from zhuanjie.engine.authoring.editing.scaffold import scaffold as scaffold
    from zhuanjie.engine.authoring.editor.text_map import ENCODINGS as ENCODINGS
    from zhuanjie.engine.authoring.linting.fixes import LintFixes as LintFixes
    from zhuanjie.engine.authoring.linting.pages import LintPage as LintPage
    from zhuanjie.engine.authoring.linting.run import Lint as Lint
    from zhuanjie.engine.authoring.linting.run import LintReport as LintReport
    from zhuanjie.engine.authoring.mutation.mutate import MutationReport as MutationReport
    from zhuanjie.engine.authoring.mutation.mutate import mutate as mutate
    from zhuanjie.engine.authoring.mutation.survivors import Survivor as Survivor
    from zhuanjie.engine.authoring.mutation.weights import WEIGHTS as WEIGHTS
    from zhuanjie.engine.authoring.phrases import Phrases as Phrases
    from zhuanjie.engine.authoring.testing.case_runner import UNNAMED as UNNAMED
    from zhuanjie.engine.authoring.testing.case_runner import CaseInstance as CaseInstance
    from zhuanjie.engine.authoring.testing.case_runner import Mismatch as Mismatch
    from zhuanjie.engine.authoring.testing.explained import ExplainedCase as ExplainedCase
    from zhuanjie.engine.authoring.testing.explained import explain_failed as explain_failed
    from zhuanjie.engine.authoring.testing.report import CaseRun as CaseRun
    from zhuanjie.engine.authoring.testing.report import TestReport as TestReport
    from zhuanjie.engine.authoring.testing.report import run_tests as run_tests
    from zhuanjie.engine.authoring.trying.bench import Trial as Trial
    from zhuanjie.engine.authoring.trying.bench import TrialBench as TrialBench
    from zhuanjie.engine.authoring.trying.records import TriedRecord as TriedRecord
    from zhuanjie.engine.authoring.trying.records import record_of_ledger as record_of_ledger
    from zhuanjie.engine.authoring.verification.findings import stale_message as stale_message
    from zhuanjie.engine.authoring.verification.verify import Verification as Verification
    from zhuanjie.engine.authoring.verification.verify import VerifyFinding as VerifyFinding
    from zhuanjie.engine.authoring.verification.verify import verify as verify
    from zhuanjie.engine.core.allocator import keep_between_batches as keep_between_batches
    from zhuanjie.engine.core.check_result import CheckResult as CheckResult
    from zhuanjie.engine.core.dates import Month as Month
    from zhuanjie.engine.core.diagnostics import Diagnostic as Diagnostic
    from zhuanjie.engine.core.diagnostics import Place as Place
    from zhuanjie.engine.core.errors import BackendError as BackendError
    from zhuanjie.engine.core.errors import ExpressionError as ExpressionError
    from zhuanjie.engine.core.errors import InputError as InputError
    from zhuanjie.engine.core.errors import OutputError as OutputError
    from zhuanjie.engine.core.errors import PolicyError as PolicyError
    from zhuanjie.engine.core.errors import UnsupportedError as UnsupportedError
    from zhuanjie.engine.core.errors import UsageError as UsageError
    from zhuanjie.engine.core.errors import ZhuanjieError as ZhuanjieError
    from zhuanjie.engine.core.errors import fail as fail
    from zhuanjie.engine.core.extras import lacking as lacking
    from zhuanjie.engine.core.extras import missing as missing
    from zhuanjie.engine.core.lint_ids import LINTS as LINTS
    from zhuanjie.engine.core.location import Location as Location
    from zhuanjie.engine.core.messages import LANGS as LANGS
    from zhuanjie.engine.core.messages import Lang as Lang
    from zhuanjie.engine.core.messages import default_lang as default_lang
    from zhuanjie.engine.core.messages import say as say
    from zhuanjie.engine.core.messages import say_diagnostic as say_diagnostic
    from zhuanjie.engine.core.models import Text as Text
    from zhuanjie.engine.core.personal import hide_numbers as hide_numbers
    from zhuanjie.engine.core.results import REPORTED as REPORTED
    from zhuanjie.engine.core.results import Finding as Finding
    from zhuanjie.engine.core.results import InputFinding as InputFinding
    from zhuanjie.engine.core.results import Judged as Judged
    from zhuanjie.engine.core.results import LedgerRef as LedgerRef
    from zhuanjie.engine.core.results import Outcome as Outcome
    from zhuanjie.engine.core.results import PolicyRef as PolicyRef
    from zhuanjie.engine.core.results import Report as Report
    from zhuanjie.engine.core.results import Scalar as Scalar
    from zhuanjie.engine.core.results import Severity as Severity
    from zhuanjie.engine.core.results import Skipped as Skipped
    from zhuanjie.engine.core.results import Summary as Summary
    from zhuanjie.engine.core.results import plain as plain
    from zhuanjie.engine.core.secrets import shown_name as shown_name
    from zhuanjie.engine.core.unaudited import Unaudited as Unaudited
    from zhuanjie.engine.core.unaudited import unaudited as unaudited
    from zhuanjie.engine.ledger.cells.text import CellError as CellError
    from zhuanjie.engine.ledger.documents import load_record_file as load_record_file
    from zhuanjie.engine.ledger.given_table import GivenLedger as GivenLedger
    from zhuanjie.engine.ledger.given_table import GivenTable as GivenTable
    from zhuanjie.engine.ledger.meanings import NOT_KEPT as NOT_KEPT
    from zhuanjie.engine.ledger.meanings import names_not_kept as names_not_kept
    from zhuanjie.engine.ledger.readers.base import LedgerTable as LedgerTable
    from zhuanjie.engine.ledger.readers.lakehouse_address import delta_folder as delta_folder
    from zhuanjie.engine.policy.json_schema import schemas as schemas
    from zhuanjie.engine.policy.model import Acceptance as Acceptance
    from zhuanjie.engine.policy.model import Manifest as Manifest
    from zhuanjie.engine.policy.model import Parameter as Parameter
    from zhuanjie.engine.policy.model import Rule as Rule
    from zhuanjie.engine.policy.policy import OverlayChange as OverlayChange
    from zhuanjie.engine.policy.policy import Policy as Policy
    from zhuanjie.engine.policy.policy import TypedRule as TypedRule
    from zhuanjie.engine.policy.rows_written import written_rows as written_rows
    from zhuanjie.engine.policy.source_model import Source as Source
    from zhuanjie.engine.vocabulary.fields import Field as Field
    from zhuanjie.engine.vocabulary.fields import FieldTable as FieldTable
    from zhuanjie.engine.vocabulary.load import load_vocabulary as load_vocabulary
    from zhuanjie.engine.vocabulary.vocabulary import Vocabulary as Vocabulary
    from zhuanjie.engine.waivers.entries import given_waivers as given_waivers
    from zhuanjie.engine.watch.run import Watch as Watch
    from zhuanjie.engine.watch.source import EventFile as EventFile

_WHERE = {name: module for module, names in MODULES.items() for name in names}

__all__ = list(_WHERE)


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
