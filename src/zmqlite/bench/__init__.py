"""`python -m zmqlite bench`: zmqlite, pyzmq and C on the same libzmq, measured in turns.

    command     the arguments, the progress, where the output goes
    runner      takes the turns: starts the child processes of a cell, warms up, runs the rounds
    process     one child process, seen from the parent: questions with deadlines, and why it ended
    child       what runs in a child process: one program's side of one workload
    workloads   transports, sizes, and which programs are measured in which settings
    report      rounds to ratios, medians and the last line; the keys of `--json`
    table       the same as text

Nothing here is imported by `import zmqlite`.
"""
