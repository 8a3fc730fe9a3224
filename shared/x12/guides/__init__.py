"""The guides of HIPAA 5010 as literals: structure as facts, in our own words."""
