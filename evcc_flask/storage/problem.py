"""Why the database cannot be used, in a sentence that says what now."""


class StorageProblem(Exception):
    """The text names the file, what is wrong and what to do."""
