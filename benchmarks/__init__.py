"""The benchmarks: zmqlite against its peers and against C, in every workload it has a goal for.

    command     the arguments, the progress, where the output goes
    goals       every row with its goal, and the series that show how cost grows: only data
    rows        what a row is, and how its goal is written
    turns       takes the turns: A B C A B C, each in fresh processes
    child       what runs in a process: one program's part of one workload
    families    the workloads, one file each
    adapters    the programs, one file each
    limit       the C loops, compiled when they are first needed
    figures     turns to medians, ratios with quartiles, verdicts; the keys of results.json
    page, plots the same as Markdown and as pictures
    soak        numbered, checksummed messages: everything arrives

`python -m benchmarks` runs it; nothing here is part of the package.
"""
