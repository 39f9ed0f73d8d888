"""The provincial pack by hand in PySpark. In: a ledger as Parquet. Out: its findings.

The rules are the SQL of `pack_in_duckdb.py` with Spark's words for what is called otherwise there.
As there, a bitmask says which records are left, and these alone are looked at again, rule by rule;
they are kept in memory for that, as far as they fit.
"""

from __future__ import annotations

import re
import sys

from pack_in_duckdb import GROUPS, RULES, TODAY, has, issued
from pyspark.sql import DataFrame, SparkSession


def in_spark(sql: str) -> str:
    """DuckDB's SQL as Spark's; columns have `_` for the dot."""
    sql = re.sub(r"\((\S+) \+ INTERVAL (\d+) MONTH\)::DATE", r"add_months(\1, \2)", sql)
    sql = re.sub(r"regexp_full_match\((\S+), '(.*?)'\)", r"(\1 RLIKE '^(\2)$')", sql)
    sql = re.sub(r"NULL::(\w+)", r"CAST(NULL AS \1)", sql)
    sql = re.sub(r"coalesce\((\S+), 90\)::INTEGER", r"CAST(coalesce(\1, 90) AS INT)", sql)
    return re.sub(r"\b(" + "|".join(GROUPS) + r")\.(\w+)", r"\1_\2", sql)


def opened(spark: SparkSession, path: str) -> DataFrame:
    """The records that have something to report, and which rules have."""
    ledger = spark.read.parquet(path)
    names = [f"`{name}` AS {name.replace('.', '_')}" for name in ledger.columns]
    ledger.selectExpr(*names, "_metadata.row_index + 1 AS line").createOrReplaceTempView("ledger")
    bits = " | ".join(f"(CASE WHEN ({rule.bad}) IS NOT FALSE THEN {1 << i}L ELSE 0L END)"
                      for i, rule in enumerate(RULES))
    text = " ".join(part for r in RULES for part in (r.bad, r.due, r.done, r.named or ""))
    read = sorted({m[0] for m in re.finditer(rf"\b({'|'.join(GROUPS)})\.\w+", text)})
    return spark.sql(in_spark(f"""
        WITH twice AS (
            SELECT letter.issuer AS issuer, letter.serial AS serial FROM ledger
            WHERE {issued} AND {has('letter.serial')} GROUP BY 1, 2 HAVING count(*) > 1),
        marked AS (
            SELECT l.*, {issued} AND t.serial IS NOT NULL AS twice FROM ledger AS l
            LEFT JOIN twice AS t ON letter.serial = t.serial AND letter.issuer <=> t.issuer),
        found AS (SELECT member.id, {', '.join(read)}, line, twice, {bits} AS bits FROM marked)
        SELECT * FROM found WHERE bits <> 0"""))


def findings(path: str) -> str:
    """A query for the findings of all rules in the records that are left."""
    return in_spark(" UNION ALL ".join(f"""
        SELECT member.id AS record, '{rule.id}' AS rule,
               {rule.named or repr(rule.clause)} AS clause,
               CASE WHEN ({rule.bad}) IS NULL THEN 'undetermined'
                    WHEN {rule.pends} THEN 'pending' ELSE 'violation' END AS outcome,
               '{rule.severity}' AS severity,
               CASE WHEN ({rule.bad}) IS NOT NULL THEN {rule.due} END AS due,
               CASE WHEN ({rule.bad}) IS NOT NULL AND NOT ({rule.pends})
                    THEN datediff(coalesce({rule.done}, {TODAY}), {rule.due}) END AS days_late,
               CASE WHEN ({rule.bad}) IS NULL THEN filter(array({_left(rule.left)}),
                    name -> name IS NOT NULL) ELSE CAST(array() AS ARRAY<STRING>) END AS missing,
               '{path}' AS file, CAST(NULL AS STRING) AS sheet, line AS row
        FROM opened WHERE shiftright(bits, {i}) & 1L = 1L"""
                               for i, rule in enumerate(RULES))).replace("§", ".")


def _left(left: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"CASE WHEN {field} IS NULL AND ({where}) THEN '{field.replace('.', '§')}' END"
                     for field, where in left) or "CAST(NULL AS STRING)"


def main(ledger: str, output: str, spark: SparkSession | None = None) -> None:
    spark = spark or SparkSession.builder.getOrCreate()
    # As our own session has it: else Spark reads a ledger of so many columns row by row.
    spark.conf.set("spark.sql.codegen.maxFields", "4000")
    kept = opened(spark, ledger).persist()
    kept.createOrReplaceTempView("opened")
    spark.sql(findings(ledger)).write.mode("overwrite").parquet(output)
    kept.unpersist()


if __name__ == "__main__":
    main(*sys.argv[1:])
