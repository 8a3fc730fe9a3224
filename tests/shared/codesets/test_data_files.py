"""Every shipped data file has a manifest entry that is true, and the ICD file can be made again."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import date
from pathlib import Path

import pytest

from shared.codesets import build_icd10cm, icd10cm_tabular

FOLDER = icd10cm_tabular.TABULAR_FILE.parent
MANIFEST = FOLDER / "MANIFEST.json"
ENTRIES: dict[str, dict[str, str]] = json.loads(MANIFEST.read_text(encoding="utf-8"))


def problems(folder: Path, entries: dict[str, dict[str, str]]) -> list[str]:
    """What is untrue about a manifest; empty when every file is described and unchanged."""
    files = {path.name for path in folder.iterdir()} - {MANIFEST.name}
    found = [f"{name}: no entry" for name in files - entries.keys()]
    found += [f"{name}: no file" for name in entries.keys() - files]
    for name in files & entries.keys():
        entry = entries[name]
        missing = {"what", "origin", "date", "licence", "sha256"} - {
            k for k, v in entry.items() if v
        }
        found += [f"{name}: no {key}" for key in sorted(missing)]
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if digest != entry.get("sha256"):
            found.append(f"{name}: changed, now {digest}")
    return sorted(found)


def test_every_data_file_is_described_and_unchanged() -> None:
    assert problems(FOLDER, ENTRIES) == []
    assert len(ENTRIES) >= 4


def test_dates_of_the_manifest_are_dates() -> None:
    assert all(date.fromisoformat(entry["date"]) for entry in ENTRIES.values())


def test_a_missing_entry_and_a_changed_file_are_found(tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("code\n")
    (tmp_path / "old.csv").write_text("code\n")
    entry = {"what": "w", "origin": "o", "date": "2026-01-01", "licence": "", "sha256": "0"}
    found = problems(tmp_path, {"old.csv": entry, "gone.csv": entry})
    assert [line.split(",")[0] for line in found] == [
        "gone.csv: no file",
        "new.csv: no entry",
        "old.csv: changed",
        "old.csv: no licence",
    ]


def test_the_generator_gives_the_committed_file() -> None:
    if not (build_icd10cm.package_data() / build_icd10cm.XML_NAME).is_file():
        pytest.fail("simple-icd-10-cm is installed in another edition than 1.5.0")
    made = build_icd10cm.tabular_text(build_icd10cm.package_data())
    kept = gzip.decompress(icd10cm_tabular.TABULAR_FILE.read_bytes()).decode()
    assert made == kept
