"""`python -m audit`: independent judges, none of them ours, over what this repository renders; `make audit` installs them.

In: rendered templates, the IAM documents inside them, shell scripts and workflows. Out: a table, every open finding, an exit code.
Each judge is one module of `judges/` and one line of its `JUDGES`. What is not mended is explained in `accepted.toml`, once for
all judges; an explanation that no longer explains anything is an error too.
Refuses to know: the generator. It reads files, so that a judge sees what CloudFormation will see.
"""
