"""The background thread: poll, decide, act, publish; and the shared state between it and the web."""
