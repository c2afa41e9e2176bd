"""The database: settings, sessions and their migrations. The only room with SQL."""
