"""The least capacity is not above the greatest."""

from __future__ import annotations

from collections.abc import Iterator

from generator.rules._rule import Finding, Rule
from generator.rules._scaling import TARGET
from generator.rules._template import Document


class MinimumAboveMaximum(Rule):
    """A range has a lower and an upper end."""

    id = "E9133"
    shortdesc = "A scalable target's minimum is not above its maximum"
    description = "RegisterScalableTarget refuses a MinCapacity above MaxCapacity."
    source_url = "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html"
    subjects = ("resources", "applicationautoscaling")

    bad = """
        Resources:
          Target:
            Type: AWS::ApplicationAutoScaling::ScalableTarget
            Properties:
              MinCapacity: 4  # E9133
              MaxCapacity: 2
        """
    good = """
        Resources:
          Target:
            Type: AWS::ApplicationAutoScaling::ScalableTarget
            Properties: {MinCapacity: 2, MaxCapacity: 4}
        """

    def find(self, document: Document) -> Iterator[Finding]:
        """Targets whose ends are the wrong way round."""
        for target in document.resources(TARGET):
            for least in target.each("Properties", "MinCapacity"):
                for greatest in target.under(least).each("Properties", "MaxCapacity"):
                    if least.number is not None and greatest.number is not None and least.number > greatest.number:
                        yield (
                            least,
                            f"{target.resource}: MinCapacity {least.text} is above MaxCapacity "
                            f"{greatest.text}; exchange or widen them",
                        )
