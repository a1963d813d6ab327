"""What is known of the request that is being answered: its id, and who asks."""

from contextvars import ContextVar

from chargewise.app.access import LOCAL, Principal

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Of the request that is being answered; empty outside one."""
principal: ContextVar[Principal] = ContextVar("principal", default=LOCAL)
"""Who asks."""
