"""Log records as messages: handlers.PUBHandler publishes them, `python -m zmqlite.log` shows them."""
