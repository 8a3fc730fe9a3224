"""A pretend outside world: clearinghouse, payers, adjudication, people, a clock you can move."""
