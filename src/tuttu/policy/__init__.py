"""The language of conditions and formulas: one text, one typed tree, several executors.

A text is parsed once (`parse`), into a tree of typed nodes (`tuttu.policy.tree`), which a row
function and DuckDB SQL execute alike, NULLs included; `CONSTRUCTS` lists all that the language
has. This room is pure: it must not read a clock, a file or a database, knows no project and no
customer, and takes the declared types as an argument.
"""

from tuttu.policy.constructs import CONSTRUCTS, Construct
from tuttu.policy.durations import format_duration, parse_duration, split_until
from tuttu.policy.errors import PolicyError
from tuttu.policy.expression import CompiledExpression, parse, parse_condition, to_sql
from tuttu.policy.obligations import is_fulfilled, is_late, keeps_on
from tuttu.policy.reading import Reads, is_constant, named_columns, reads_of
from tuttu.policy.relation import (
    OFFSETS,
    OFFSETS_TYPE,
    Relation,
    duckdb_row,
    duckdb_type,
    duckdb_value,
    offsets_of,
    quoted,
    quoted_name,
    relation_of,
)
from tuttu.policy.required import ConditionLookup, required_by

__all__ = [
    "CONSTRUCTS",
    "OFFSETS",
    "OFFSETS_TYPE",
    "CompiledExpression",
    "ConditionLookup",
    "Construct",
    "PolicyError",
    "Reads",
    "Relation",
    "duckdb_row",
    "duckdb_type",
    "duckdb_value",
    "format_duration",
    "is_constant",
    "is_fulfilled",
    "is_late",
    "keeps_on",
    "named_columns",
    "offsets_of",
    "parse",
    "parse_condition",
    "parse_duration",
    "quoted",
    "quoted_name",
    "reads_of",
    "relation_of",
    "required_by",
    "split_until",
    "to_sql",
]
