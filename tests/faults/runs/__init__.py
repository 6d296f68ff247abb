"""One module per run: `run(lab)` and its goal, `control(lab, root)` with the guard GUARD removed by the patch PATCH."""
