"""Areas, levels and the format of the log."""
