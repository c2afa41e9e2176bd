"""What electricity costs, emits and yields, now and in the hours to come: one module for each kind of source."""
