"""The side-by-side comparison with other libraries; `benches/compare.py` is its command line.

`cases` says what is measured and `contenders` who takes part; `peers/` does the work with each
library, in a process of its own (`worker`); `runs` checks that all compute the same and takes the
times in turns (`timing`); `machine` and `limits` say what the hardware allows; `report` and
`pictures` show it. Whole processes are the scripts in `benches/whole`, which `processes` runs.
"""
