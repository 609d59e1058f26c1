"""The verbs, one module each; `deploy_stack.__main__` has the list."""
