"""zmqlite.log, under pyzmq's name."""
