"""The reference pages of `docs/reference/`, written from the code: nothing in them is typed twice.

`python -m reference` writes them, `--check` names those that are stale. One module a page; each has `page()`, which returns the
whole text. Refuses to know: prose that explains. That stands in the other pages of `docs/`.
"""
