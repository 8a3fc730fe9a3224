"""The outside world of notifications: documents as PDF, messages over SMTP."""
