"""A move of an environment from one compute option to the other.

`route` decides, as pure functions; `standing` reads what AWS says; `watch` looks at targets and alarms; `steps` changes something;
`journey` puts them in a row and returns where it must; `telling` has the words.
"""
