"""From the database to snapshots: queries, a fixed number of them, and no rendering."""
