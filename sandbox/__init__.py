"""The outside world, pretended: a clearinghouse, seven payers, a bank, and a clinic's data.

It speaks what the architecture calls the outside world (270/271, 837P, TA1, 999, 277CA, 835 over
HTTP, deposits as JSON) and invents nothing by chance: the same seed, business date and inputs give
the same bytes. People, companies, rates and numbers are made up; it is never for real claims.
"""
