"""The public edge: one address for the five APIs, and the master data they all need.

Listens to: TestClockAdvanced.
Publishes: TenantChanged, PracticeChanged, ProviderChanged, PayerChanged, FeeScheduleChanged,
TestClockAdvanced.
Owns: tenants, practices, providers, payers, fee schedules, API keys, and the keys that sign the
tokens with which every other service knows its callers.
"""
