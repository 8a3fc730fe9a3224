"""Notifications: who must be told, through what, exactly once.

Listens to: StatementIssued.
Publishes: NotificationSent, NotificationFailed.
Owns: notifications with their rendered documents, and every delivery attempt.
"""
