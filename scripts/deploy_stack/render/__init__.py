"""The forms of a review: a table for people, Markdown for a pull request, a page for a browser, JSON for machines.

In: `Review`s. Out: text or values. Refuses to know: where it goes. All of them carry the same facts.
"""
