"""The public edge: API keys, users, sessions, rate limits, one address for the five APIs."""
