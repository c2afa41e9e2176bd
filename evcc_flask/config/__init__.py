"""The evcc.yaml: read with line numbers, checked as a whole, handed on as typed values."""
