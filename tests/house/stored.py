"""What the code stores, read from the code: tables, fields, tags, dedupe keys, namespaces."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import typing
from collections.abc import Iterable, Iterator, Mapping
from types import NoneType, UnionType
from typing import Any

import msgspec
from tests.house.source import FILES, SOURCE, parsed

import tuttu.cli
from tuttu.vocabulary.facts import Body, Fact, Table

Shapes = dict[str, str]
"""Path of a struct in a record to the names of its fields; "" is the record itself."""

DEFINES = "part"
"""The function that makes the key under which a definition keeps its state."""
NOT_STORED = ("testing", "__main__")


def tables() -> dict[str, Any]:
    """Name to table, of all modules; those of the suite that tests stores are no tables of ours."""
    found: dict[str, Any] = {}
    for module in pkgutil.walk_packages(tuttu.__path__, "tuttu."):
        if module.name.split(".")[1] not in NOT_STORED:
            values = vars(importlib.import_module(module.name)).values()
            found |= {each.name: each for each in values if isinstance(each, Table)}
    return found


def fact_shapes() -> dict[str, Shapes]:
    """By tag; "" is the record around all bodies."""
    bodies = {each.__struct_config__.tag: shapes(each) for each in typing.get_args(Body)}
    return {"": {"": _fields(Fact)}, **dict(sorted(bodies.items()))}


def shapes(record: Any) -> Shapes:
    """Of a struct and of all structs in it, by path."""
    found: Shapes = {}
    _add(found, "", record)
    return found


def _add(found: Shapes, path: str, struct: Any) -> None:
    found[path] = _fields(struct)
    for each in msgspec.structs.fields(struct):
        for inner in _structs(each.type):
            _add(found, f"{path}.{each.encode_name}".lstrip("."), inner)


def _fields(struct: Any) -> str:
    """Names as they are stored; of a struct stored as an array, which has none, the types of its
    places. A struct whose defaults are not stored ends in an ellipsis."""
    fields = msgspec.structs.fields(struct)
    config = struct.__struct_config__
    if config.array_like:
        return f"[{', '.join(_written(each.type) for each in fields)}]"
    names = " ".join(each.encode_name for each in fields)
    return f"{names} …" if config.omit_defaults else names


def _structs(declared: Any) -> Iterator[Any]:
    if isinstance(declared, type) and issubclass(declared, msgspec.Struct):
        yield declared
    else:
        for each in typing.get_args(declared):
            yield from _structs(each)


def _written(declared: Any) -> str:
    """A type as msgpack knows it, whatever Python calls it."""
    origin, inner = typing.get_origin(declared), typing.get_args(declared)
    if origin in (typing.Union, UnionType):
        return " | ".join(sorted({_written(each) for each in inner}))
    if declared in (None, NoneType):
        return "nil"
    kind = origin or declared
    if not isinstance(kind, type):
        return "any"
    if issubclass(kind, Mapping):
        return "map"
    if issubclass(kind, list | tuple):
        return "list"
    return "struct" if issubclass(kind, msgspec.Struct) else kind.__name__


def literals() -> Iterator[bytes]:
    """All byte strings written in the code."""
    for tree in _trees():
        for each in ast.walk(tree):
            if isinstance(each, ast.Constant) and isinstance(each.value, bytes):
                yield each.value


def namespaces() -> set[str]:
    """First arguments of `pseudonym` that are written in the code; of an f-string, its beginning.
    A function of the same file that is called there stands for what it returns."""
    return {
        name
        for tree in _trees()
        for call in _calls(tree, "pseudonym")
        if call.args and (name := _beginning(call.args[0], tree)) is not None
    }


def definitions() -> set[str]:
    """First words of the definitions whose hash is the key of what they keep."""
    return {
        call.args[0].value
        for tree in _trees()
        for call in _calls(tree, DEFINES)
        if call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


def _trees() -> Iterable[ast.Module]:
    return [parsed(path) for path in FILES if path.relative_to(SOURCE).parts[0] not in NOT_STORED]


def _calls(tree: ast.Module, name: str) -> Iterator[ast.Call]:
    for each in ast.walk(tree):
        if isinstance(each, ast.Call) and ast.unparse(each.func).rpartition(".")[2] == name:
            yield each


def _beginning(word: ast.expr, tree: ast.Module) -> str | None:
    match word:
        case (
            ast.Constant(value=str(text))
            | ast.JoinedStr(values=[ast.Constant(value=str(text)), *_])
        ):
            return text
        case ast.Call(func=ast.Name(id=name)):
            for each in ast.walk(tree):
                if isinstance(each, ast.FunctionDef) and each.name == name:
                    last = each.body[-1]
                    assert isinstance(last, ast.Return)
                    assert last.value is not None
                    return _beginning(last.value, tree)
    return None
