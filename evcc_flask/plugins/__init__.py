"""The building blocks of an evcc.yaml: one module per ``source``, and the pipeline their answers run through."""
