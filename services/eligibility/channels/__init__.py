"""The outside world of eligibility: the clearinghouse, asked in X12 270 and answering in 271."""
