"""The verbs of the `zmqlite` command that talk to endpoints; they need the extra `zmqlite[cli]` (click and rich).

`zmqlite.cli` is the command itself: it also has the verbs that need no extra.
"""
