"""deploy-stack: plan, review and apply CloudFormation change sets.

In: the committed files of `templates/` and `parameters/`, and an account behind the standard AWS settings.
Out: change sets that a person has read, executed and followed to their end; exit codes that a job can act on.
Refuses to know: how a template came to be (`generator` is never imported, but for its pure parameter check).

The way of the data, one module a stage:

    project   files -> Environment of StackSpecs          stacks     account -> Stack
    values    files, options, previous -> parameters      states     status x verb -> what may be done
    preflight what can be refused before anything changes
    changesets  create, wait, describe, delete            review     description -> Review with verdicts
    planfile  Plan <-> file, and what became stale        render     Review -> table, Markdown, JSON
    execution execute one change set                      events     follow it to its end
    causes    events -> root cause and next step          releases   what was deployed, for `rollback`
    schedule  stacks side by side in dependency order     commands   one module a verb
"""
