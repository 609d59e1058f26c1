"""Every IAM document, as named functions over awacs: a permission is one function, and one place sets the Version.

`common` wraps statements and trusts; each other module holds the permissions of one stack.
"""
