"""Code lists as data and look-ups: pure, in memory, dated by the day of service."""
