"""Generated pages: the picture of the wiring, the event catalogue, settings, the API.

`make docs` writes them; a test compares what stands in the tree with what this makes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic.fields import FieldInfo

from cli import api_pages, event_pages
from cli.asyncapi import publisher_of
from cli.everything import SERVICES
from shared.events.catalog import BY_FACT
from shared.settings import ServiceSettings

ROOT = Path(__file__).parents[1]
START, END = "<!-- generated: {name} -->", "<!-- /generated -->"
SHOWN_AT_MOST = 4


def picture() -> str:
    """Who tells whom what, as a Mermaid graph made from the wiring tables."""
    edges: dict[tuple[str, str], list[str]] = {}
    for service in SERVICES:
        for fact in service.handlers:
            source = publisher_of(BY_FACT[fact])
            edges.setdefault((source, service.name), []).append(fact.__name__)
    lines = ["```mermaid", "flowchart LR", "  ehr([practice systems]) --> gateway"]
    lines += ["  gateway -->|HTTP| " + name for name in ("coding",)]
    for (source, target), facts in sorted(edges.items()):
        if source == "gateway":
            continue
        lines.append(f"  {source} -->|{_label(facts)}| {target}")
    lines += [
        "  gateway -.->|master data| coding & eligibility & claims & payments",
        "  eligibility <-->|270 / 271| clearinghouse([clearinghouse and payers])",
        "  claims <-->|837, 999, 277CA| clearinghouse",
        "  payments <-->|835, deposits| clearinghouse",
        "  notifications -->|PDF by SMTP| patient([patient])",
        "```",
    ]
    return "\n".join(lines)


def _label(facts: list[str]) -> str:
    shown = sorted(facts)[:SHOWN_AT_MOST]
    more = len(facts) - len(shown)
    return "<br>".join([*shown, f"and {more} more"] if more > 0 else shown)


def settings() -> str:
    """Every setting of every service with its default."""
    parts = [
        "# Settings",
        "",
        "Generated. Each is `RCM_<SERVICE>_<NAME>` for one service or `RCM_<NAME>` for all;",
        "secrets also as `…_FILE`, the path of a file that holds them.",
        "",
        "## Of every service",
        "",
        *_table(ServiceSettings.model_fields, {}),
    ]
    for service in SERVICES:
        own = _table(service.settings.model_fields, ServiceSettings.model_fields)
        if len(own) > 2:
            parts += ["", f"## {service.name}", "", *own]
    return "\n".join([*parts, ""])


def _table(fields: dict[str, FieldInfo], known: dict[str, FieldInfo]) -> list[str]:
    rows = ["| setting | default | what it decides |", "| --- | --- | --- |"]
    for name, field in fields.items():
        if name in known and known[name].default == field.default:
            continue
        default = "" if field.default in ("", None) else f"`{field.default}`"
        rows.append(f"| `{name.upper()}` | {default} | {field.description} |")
    return rows


PAGES: dict[str, Callable[[], str]] = {
    "docs/api/README.md": api_pages.reference,
    "docs/api/openapi.json": api_pages.openapi,
    "docs/operations/settings.md": settings,
    **event_pages.PAGES,
}
PARTS: dict[str, dict[str, Callable[[], str]]] = {"README.md": {"picture": picture}}


def made(path: str) -> str:
    """The text a file of PAGES or PARTS must have; parts are put between their marks."""
    if path in PAGES:
        return PAGES[path]()
    text = (ROOT / path).read_text()
    for name, make in PARTS[path].items():
        start = START.format(name=name)
        before, _, rest = text.partition(start)
        after = rest.partition(END)[2]
        text = f"{before}{start}\n{make()}\n{END}{after}"
    return text


def write() -> None:
    """Write every generated page, unless that breaks those who read events written before."""
    if refused := event_pages.breaking(ROOT):
        raise SystemExit("\n".join(refused))
    for path in [*PAGES, *PARTS]:
        target = ROOT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(made(path))


if __name__ == "__main__":
    write()
