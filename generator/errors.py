"""The one error of a description that cannot work."""


class ModelError(ValueError):
    """A description that cannot work: the text names the field, the value and what would be right."""

    def __init__(self, where: str, found: object, right: str) -> None:
        super().__init__(f"{where}: found {found!r}; {right}")
