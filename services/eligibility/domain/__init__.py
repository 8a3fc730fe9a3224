"""The law of eligibility: the life of a check, and how to read a payer's answer."""
