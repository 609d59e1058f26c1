"""Rules for cfn-lint: what it lets through and AWS, or the data, does not forgive.

Use: `cfn-lint -a generator/rules -t template.json`, or `append_rules: [generator/rules]` in `.cfnlintrc`. Works on any template.
One module a rule, in a folder a subject. Modules whose name starts with an underscore are shared reading of templates; cfn-lint
does not load them as rules. `python -m generator.rules` writes docs/rules.md.
"""
