"""What electricity costs and emits, and what the sun will give: fixed prices, plugins of one's own, and providers."""
