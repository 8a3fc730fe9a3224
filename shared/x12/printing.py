"""A guide as a table, so that whoever owns the TR3 can check it line by line."""

from collections.abc import Iterator

from shared.x12.guide import Element, Guide, Loop, Segment, read_elements

_USAGE = {"R": "required", "S": "situational", "-": "not used"}


def guide_table(guide: Guide) -> Iterator[tuple[str, str, str, str, str]]:
    """Rows of loop, place, usage, repeats, detail: first the facts that are not verified.

    A segment's elements follow it as places like `CLM05-1`.
    """
    for fact in guide.unverified:
        yield ("", "", "unverified", "", fact)
    yield from _loop_rows(guide.body)


def _loop_rows(loop: Loop) -> Iterator[tuple[str, str, str, str, str]]:
    yield (loop.name, "", _USAGE[loop.usage], _times(loop.many), "loop")
    for item in loop.items:
        if isinstance(item, Loop):
            yield from _loop_rows(item)
        else:
            yield (loop.name, item.id, _USAGE[item.usage], _times(item.most), "segment")
            yield from _segment_rows(loop.name, item)


def _segment_rows(loop: str, segment: Segment) -> Iterator[tuple[str, str, str, str, str]]:
    for number, element in enumerate(read_elements(segment), 1):
        place = f"{segment.id}{number:02d}"
        yield (loop, place, _USAGE[element.usage], _times(element.repeat), _detail(element))
        for part, component in enumerate(element.parts, 1):
            name = f"{place}-{part}"
            yield (loop, name, _USAGE[component.usage], "1", _detail(component))


def _times(most: int) -> str:
    return str(most) if most else "any"


def _detail(element: Element) -> str:
    if element.parts:
        return element.kind
    length = f"{element.least}-{element.most}" if element.least != element.most else element.least
    codes = " " + " ".join(sorted(element.codes)) if element.codes else ""
    listed = f" list {element.external}" if element.external else ""
    return f"{element.kind} {length}{listed}{codes}"
