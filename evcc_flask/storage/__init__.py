"""The only room with SQL: settings and charging sessions in one SQLite file, written by one thread.

Tables and columns are evcc's, so that its file can be opened as it is and the way back stays open.
"""
