"""`python -m bench.one_platform SERVICES`: build one environment's templates with that many services, and write nothing.

In: a number of services, 3 at least: those of the platform. The others are copies of its first, each with a port and a host of its
own, on Fargate: the only option that one environment can put hundreds of services on.
"""

import dataclasses
import gc
import sys

from generator.build import build
from generator.environments import STAGING
from generator.model import Compute
from generator.services import SERVICES


def main(count: int) -> int:
    """Return the number of files built."""
    gc.disable()  # as the command does
    environment = dataclasses.replace(STAGING, compute=Compute.FARGATE, options=(Compute.FARGATE,))
    copies = (
        dataclasses.replace(SERVICES[0], name=f"worker{n}", port=10_000 + n, host=f"worker{n}")
        for n in range(count - len(SERVICES))
    )
    return len(build((environment,), (*SERVICES, *copies)))


if __name__ == "__main__":
    print(main(int(sys.argv[1])))
