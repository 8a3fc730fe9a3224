"""The house's limits in numbers; `python -m tests.architecture.sizes` lists what breaks them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

MODULE_LINES = 400
TEST_MODULE_LINES = 500
FUNCTION_LINES = 70
PARAMETERS = 5
POSITIONAL_PARAMETERS = 3  # two, and what is acted on (a transaction, a row)
NESTING = 3

_NOT_OURS = {"build", "dist", "node_modules"}
_BLOCKS = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def violations(root: Path) -> list[str]:
    """`path:line: what is too big` for every Python file below `root`."""
    return [found for path in sources(root) for found in _in_module(root, path)]


def sources(root: Path) -> Iterator[Path]:
    """Every Python file below `root` that is the project's own."""
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        if not any(part.startswith(".") or part in _NOT_OURS for part in parts):
            yield path


def _in_module(root: Path, path: Path) -> Iterator[str]:
    name = path.relative_to(root)
    is_test = name.parts[0] == "tests"
    text = path.read_text()
    lines = text.count("\n")
    limit = TEST_MODULE_LINES if is_test else MODULE_LINES
    if lines > limit:
        yield f"{name}:1: module of {lines} lines (limit {limit})"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, _FUNCTIONS):
            for found in _in_function(node, is_test=is_test):
                yield f"{name}:{node.lineno}: {node.name} {found}"


def _in_function(function: Function, *, is_test: bool) -> Iterator[str]:
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if lines > FUNCTION_LINES:
        yield f"has {lines} lines (limit {FUNCTION_LINES})"
    depth = _depth(function.body)
    if depth > NESTING:
        yield f"nests {depth} deep (limit {NESTING})"
    if is_test or _is_shaped_by_others(function):
        return
    positional = len(_positional(function))
    total = positional + len(function.args.kwonlyargs)
    if total > PARAMETERS:
        yield f"has {total} parameters (limit {PARAMETERS})"
    if positional > POSITIONAL_PARAMETERS:
        yield f"has {positional} positional parameters (limit {POSITIONAL_PARAMETERS})"


def _positional(function: Function) -> list[str]:
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def _is_shaped_by_others(function: Function) -> bool:
    """Routes and commands, whose parameters a framework reads, and what is marked `@override`."""
    calls = [node for node in function.decorator_list if isinstance(node, ast.Call)]
    names = [node.id for node in function.decorator_list if isinstance(node, ast.Name)]
    return "override" in names or any(isinstance(call.func, ast.Attribute) for call in calls)


def _depth(body: list[ast.stmt]) -> int:
    return max((_depth_of(statement) for statement in body), default=0)


def _depth_of(statement: ast.stmt) -> int:
    if not isinstance(statement, _BLOCKS):
        return 0
    return max(
        _depth(block) + (0 if _continues(statement, block) else 1) for block in _blocks(statement)
    )


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    """The bodies of a compound statement."""
    named = [getattr(statement, field, []) for field in ("body", "orelse", "finalbody")]
    cases = [case.body for case in getattr(statement, "cases", [])]
    handlers = [handler.body for handler in getattr(statement, "handlers", [])]
    return [*named, *cases, *handlers]


def _continues(statement: ast.stmt, block: list[ast.stmt]) -> bool:
    """An `elif` goes on at the depth of its `if`."""
    if not isinstance(statement, ast.If) or block is not statement.orelse:
        return False
    return len(block) == 1 and isinstance(block[0], ast.If)


if __name__ == "__main__":
    found = violations(Path(__file__).resolve().parents[2])
    sys.exit("\n".join(found) if found else 0)
