"""Facts published by notifications: what was sent, could not be sent, must not be sent."""

from __future__ import annotations

from shared.events.marks import Count, Fact, Id, Plain


class NotificationSent(Fact, frozen=True, kw_only=True):
    """Handed over to the channel; key: notification_id."""

    notification_id: Id
    subject_id: Id
    kind: Plain
    channel: Plain
    attempt: Count


class NotificationFailed(Fact, frozen=True, kw_only=True):
    """The channel refused or the tries are used up; key: notification_id."""

    notification_id: Id
    subject_id: Id
    kind: Plain
    channel: Plain
    attempt: Count
    reason: Plain


class NotificationSuppressed(Fact, frozen=True, kw_only=True):
    """Not sent on purpose; key: notification_id."""

    notification_id: Id
    subject_id: Id
    kind: Plain
    channel: Plain
    reason: Plain
