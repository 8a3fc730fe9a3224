"""The outside world of payments: 835 files, and the clearinghouse that keeps them and deposits."""
