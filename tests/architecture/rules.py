"""House rules that neither the linter nor the import contracts can express."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.sizes import sources

ROOMS = (
    "__init__",
    "__main__",
    "settings",
    "routes",
    "schemas",
    "handlers",
    "jobs",
    "actions",
    "domain",
    "repository",
    "tables",
    "migrations",
)
NO_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc"}

_FIRST_SERVICE_PORT = 8101
_LAST_SERVICE_PORT = 8105
_MONEY = re.compile(r"(^|_)(cents|amount|charge|charges|paid|balance|price|money|owed)($|_)")
_SLEEPS = {("asyncio", "sleep"), ("time", "sleep"), ("anyio", "sleep")}


def missing_rooms(root: Path) -> list[str]:
    """Rooms that a service lacks; without its wiring table it is still under construction."""
    return [
        f"services/{service.name} has no {room}"
        for service in services(root)
        if (service / "__main__.py").exists()
        for room in ROOMS
        if not (service / f"{room}.py").exists() and not (service / room).is_dir()
    ]


def nameless_names(root: Path) -> list[str]:
    """Modules and packages called something that says nothing."""
    return sorted(
        f"{path.relative_to(root)} is a name that says nothing"
        for path in sources(root)
        if NO_NAMES & {*path.relative_to(root).parent.parts, path.stem}
    )


def calls_between_services(root: Path) -> list[str]:
    """Addresses of one service inside another: services talk through events alone."""
    return [
        f"{path.relative_to(root)}:{line}: {word!r} addresses a service"
        for service in services(root)
        for address in [_address_of_others(root, service)]
        for path in sources(service)
        for line, word in _words(path)
        if address.search(word) or _is_service_port(word)
    ]


_ABOUT_TIME = (
    "tests/benchmarks/",
    "tests/faults/",
    "tests/shared/sample_service.py",  # a service that works slowly, to be stopped in the middle
    "tests/support/checker.py",
    "tests/support/eventually.py",
)


def float_money(root: Path) -> list[str]:
    """Names of money declared as float, or made one."""
    return [
        f"{path.relative_to(root)}:{line}: {name} is money and a float"
        for path in sources(root)
        for line, name in _floats(ast.parse(path.read_text()))
        if _MONEY.search(name) and not name.endswith("_seconds")
    ]


def sleeping_tests(root: Path) -> list[str]:
    """Sleeps in tests; giving way with `asyncio.sleep(0)` is none."""
    return [
        f"{path.relative_to(root)}:{node.lineno}: sleeps; use eventually()"
        for path in sources(root)
        if path.is_relative_to(root / "tests") and not _is_about_time(path.relative_to(root))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and _is_sleep(node)
    ]


def _is_about_time(path: Path) -> bool:
    """Where time itself is the subject: loads, outages of a given length, a checker's period."""
    return path.as_posix().startswith(_ABOUT_TIME)


def services(root: Path) -> list[Path]:
    """The folders of the services."""
    return sorted(path.parent for path in (root / "services").glob("*/__init__.py"))


def _address_of_others(root: Path, service: Path) -> re.Pattern[str]:
    others = "|".join(other.name for other in services(root) if other != service)
    return re.compile(
        rf"https?://({others})\b|\b({others})_(base_)?(url|host|port|address)\b", re.IGNORECASE
    )


def _words(path: Path) -> Iterator[tuple[int, str]]:
    """Names and literals of a module, without its docstrings and comments."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value.value = None
        elif isinstance(node, ast.Constant) and isinstance(node.value, str | int):
            yield node.lineno, str(node.value)
        elif isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute):
            yield node.lineno, node.attr


def _is_service_port(word: str) -> bool:
    return word.isdigit() and _FIRST_SERVICE_PORT <= int(word) <= _LAST_SERVICE_PORT


def _floats(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign) and _says_float(node.annotation):
            yield node.lineno, node.arg if isinstance(node, ast.arg) else _name(node.target)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _says_float(node.returns):
            yield node.lineno, node.name
        elif isinstance(node, ast.Call) and _name(node.func) == "float" and node.args:
            yield node.lineno, _name(node.args[0])


def _says_float(annotation: ast.expr | None) -> bool:
    if annotation is None:
        return False
    return any(_name(node) == "float" for node in ast.walk(annotation))


def _name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _is_sleep(call: ast.Call) -> bool:
    function = call.func
    if not isinstance(function, ast.Attribute):
        return False
    gives_way = bool(call.args) and getattr(call.args[0], "value", None) == 0
    return (_name(function.value), function.attr) in _SLEEPS and not gives_way
