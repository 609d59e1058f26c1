"""Lets `cfn-lint -a generator/rules` find the helpers beside the rules, from any directory, without installing this project.

cfn-lint loads the files of a rule directory one by one, by path: relative imports do not work there, and the directory of the
project is not on the import path of an installed cfn-lint. It loads the files of the directory itself before those of its
subdirectories, so this one comes first. It holds no rule.
"""

import sys
from importlib.util import find_spec
from pathlib import Path

_ROOT = str(Path(__file__).resolve().parents[2])


def _found() -> bool:
    try:
        return find_spec("generator.rules") is not None
    except ModuleNotFoundError:
        return False


if not _found():
    sys.path.insert(0, _ROOT)
