"""What a person's identifiers must look like, whatever door they come through."""

from __future__ import annotations

import re

from shared.events.people import PersonIdentity

LONGEST_LAST_NAME = 60
LONGEST_FIRST_NAME = 35
LONGEST_LINE = 55
LONGEST_CITY = 30
LONGEST_EMAIL = 254
LONGEST_MEMBER_ID = 80
LONGEST_EXTERNAL_ID = 100
"""X12 837P: NM103, NM104, N301, N401, NM109."""

ZIP = r"^[0-9]{5}([0-9]{4})?$"
STATE = r"^[A-Z]{2}$"
PHONE = r"^([0-9]{10})?$"
EMAIL = r"^([^@\s]+@[^@\s]+)?$"

_NAMES = (
    "Alabama AL, Alaska AK, Arizona AZ, Arkansas AR, California CA, Colorado CO, Connecticut CT, "
    "Delaware DE, District of Columbia DC, Florida FL, Georgia GA, Hawaii HI, Idaho ID, "
    "Illinois IL, Indiana IN, Iowa IA, Kansas KS, Kentucky KY, Louisiana LA, Maine ME, "
    "Maryland MD, Massachusetts MA, Michigan MI, Minnesota MN, Mississippi MS, Missouri MO, "
    "Montana MT, Nebraska NE, Nevada NV, New Hampshire NH, New Jersey NJ, New Mexico NM, "
    "New York NY, North Carolina NC, North Dakota ND, Ohio OH, Oklahoma OK, Oregon OR, "
    "Pennsylvania PA, Puerto Rico PR, Rhode Island RI, South Carolina SC, South Dakota SD, "
    "Tennessee TN, Texas TX, Utah UT, Vermont VT, Virginia VA, Washington WA, West Virginia WV, "
    "Wisconsin WI, Wyoming WY"
)
STATES: dict[str, str] = {pair[:-3].lower(): pair[-2:] for pair in _NAMES.split(", ")}
"""Names of states, lower case, to the two letters of the postal service."""


def state_of(text: str) -> str:
    """Two letters for a state written either way; "" for neither."""
    text = text.strip()
    if re.fullmatch(STATE, text.upper()):
        return text.upper()
    return STATES.get(text.lower(), "")


def digits(text: str) -> str:
    """The ASCII digits of a text."""
    return "".join(one for one in text if one in "0123456789")


def natural_key(practice: str, external_id: str, person: PersonIdentity) -> str:
    """What makes two submissions the same patient of a practice: its own number, else the person.

    Without a number the match is name and birth date, spelling apart from case and spaces.
    """
    if external_id:
        return f"{practice}\0number\0{external_id.strip()}"
    names = (" ".join(one.upper().split()) for one in (person.last_name, person.first_name))
    return "\0".join((practice, "person", *names, person.birth_date))
