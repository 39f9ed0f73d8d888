"""The tables of outcomes. In: nothing. Out: SQLAlchemy's descriptions of them.

They follow from events, from the policy and from the day, so that no projector fills them: whoever
rebuilds a register has the members judged anew (`Judging.catch_up`).
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, Text

from zhuanjie.web.store.metadata import METADATA
from zhuanjie.web.store.row_security import UNSCOPED
from zhuanjie.web.store.tables import SEQ

OUTCOMES = Table(
    "outcomes", METADATA,
    Column("member", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("edition", Text, nullable=False),
    Column("clause", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("due", Text, index=True),  # a day, as ISO 8601 has it
    Column("days_late", Integer),  # where lateness does not grow any more
    Column("running", Boolean, nullable=False),  # days late are counted from `due` to the day
    Column("missing", LargeBinary, nullable=False),  # fields, as JSON
    Column("waiver", Text),
    Column("since", Text, nullable=False),  # the day on which it was first found to be so
    Column("judged_on", Text, nullable=False),
    Column("version", SEQ, nullable=False),
    Column("decision", Text, nullable=False),
    Index("ix_outcomes_clause", "clause", "outcome"),
)
"""What is to be reported of members, and what falls due again. `judged_on`, `version` and
`decision` are of the judgement that made a row what it is."""

CLOCKS = Table(
    "clocks", METADATA,
    Column("member", Text, primary_key=True),
    Column("turns_on", Text, index=True),  # the next day on which the clock may change something
    Column("basis", Text, nullable=False),  # what tells the rules judged by from others
    Column("judged_on", Text, nullable=False),
    Column("version", SEQ, nullable=False),
    Column("decision", Text, nullable=False),
    Column("inside", Boolean, nullable=False),  # the policy speaks of the member
    Column("not_judged", LargeBinary, nullable=False),  # clauses, as JSON, for want of columns
)
"""When each member was judged last, and when it has to be judged again."""

SHARED_KEYS = Table(
    "shared_keys", METADATA,
    Column("rule", Text, primary_key=True),  # a rule that counts keys, or a waiver that has a limit
    Column("key", Text, primary_key=True),  # a hash of the key in the form in which it is compared
    Column("member", Text, primary_key=True, index=True),
    Column("sure", Boolean, nullable=False),
    info=UNSCOPED,
)
"""Who is counted with whom: also with members of other units, of whom nothing is seen here but that
there are some."""

JUDGING = Table(
    "judging", METADATA,
    Column("id", Integer, primary_key=True),
    Column("basis", Text, nullable=False),
    Column("parts", LargeBinary, nullable=False),  # what the basis is made of, as JSON
    Column("day", Text, nullable=False),
)
"""One row: by what, and as of which day, every member has been judged."""
