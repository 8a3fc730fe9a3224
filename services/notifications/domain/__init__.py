"""The law of notifications: life cycle, what an attempt's outcome means, what a message may say."""
