"""What the test and the processes that it starts agree on."""

TOKEN = "42:SANDBOX-flows"  # noqa: S105 - good for the sandbox only
WEBHOOK_SECRET = "flows-Webhook_secret"  # noqa: S105 - the same
READY = "ready"
"""Said by the service once it can be used."""
