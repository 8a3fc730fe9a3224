"""Generated pages are what the code says, and every event and setting is documented."""

from __future__ import annotations

import pytest

from cli.documents import PAGES, PARTS, ROOT, made
from cli.everything import SERVICES
from shared.events.catalog import BY_FACT, CATALOG


@pytest.mark.parametrize("path", [*PAGES, *PARTS])
def test_the_page_is_what_the_code_says(path: str) -> None:
    assert (ROOT / path).read_text() == made(path), "run `make docs`"


def test_every_handled_fact_is_in_the_catalogue() -> None:
    for service in SERVICES:
        assert set(service.handlers) <= set(BY_FACT), service.name


def test_every_setting_says_what_it_decides() -> None:
    for service in SERVICES:
        for name, field in service.settings.model_fields.items():
            assert field.description, f"{service.name}: {name}"


def test_the_catalogue_names_real_keys() -> None:
    for row in CATALOG:
        fields = row.fact.__struct_fields__
        assert not row.key or row.key in fields or row.key == "tenant_id", row.name
