"""The forms of a review: a table for people, Markdown for a pull request, JSON for machines.

In: `Review`s. Out: text or values. Refuses to know: where it goes. All three carry the same facts.
"""
