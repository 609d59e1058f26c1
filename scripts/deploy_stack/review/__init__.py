"""The review: what a change set would really do, and what a person should know before saying yes.

In: a change set's description. Out: a `Review` value with `Finding`s. Refuses to know: AWS calls, terminals.
"""
