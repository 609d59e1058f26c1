"""The stacks, in deploy order. A new stack is one module and one line here."""
