"""The outside world of claims: the clearinghouse, spoken to in X12 and only here."""
