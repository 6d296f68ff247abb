"""The fault runs (`make faults`): what they share, and in `runs/` one module for each.

`lab` makes a PostgreSQL server, a template database and the stand-ins; `house` runs web and workers under a supervisor;
`storm` kills them; `desk` is the person who answers; `books` and the stand-ins' own lists are held against each other;
`patched` removes a guard for the control of a run. The tests beside them belong to the suite.
"""
