"""The workload families, one file each: `run(bench, **settings)` measures one turn and returns its figures.

A figure is nanoseconds (`ns`, `send_ns`, ...) or KiB (`rss_kib`). Parts that run in a process of their own are classes,
whose methods are what the measuring part asks of them.
"""
