"""One jq for all."""
