"""What a person did who typed a description that Python or its classes refuse, in one line: where, what was found, what is right.

In: the error. Out: the line, or None for a fault that is not the description's. Imported when something went wrong, and only then.
"""

import traceback
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from enum import EnumMeta
from pathlib import Path
from types import FrameType

from generator import model
from generator.errors import ModelError
from generator.kinds import check_kinds

_ROOT = Path(__file__).resolve().parent.parent
_TYPED = ("services.py", "environments.py")  # what a person writes; everything else is ours
_INSTALL = "`make venv` installs it into .venv; then use `make templates`, or .venv/bin/python in place of python"


def explained(error: Exception) -> str | None:
    """The one line for `error`, without a name of the command before it; None where the description did not cause it."""
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in ("troposphere", "awacs"):
        return f"{error.name} is not installed: {_INSTALL}"
    if isinstance(error, SyntaxError):
        path = Path(error.filename or "")
        return f"{_shown(path)}:{error.lineno}: {error.msg}" if path.name in _TYPED else None
    frames = [(frame, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    if frames and frames[-1][0].f_globals.get("__name__", "").partition(".")[0] == "troposphere":
        ours = [each for each in frames if _file(each[0]).is_relative_to(_ROOT / "generator")]
        return f"{_shown(_file(ours[-1][0]))}:{ours[-1][1]}: {error}" if ours else None
    typed = [index for index, (frame, _) in enumerate(frames) if _file(frame).name in _TYPED]
    if not typed:
        return str(error) if isinstance(error, ModelError) else None
    frame, line = frames[typed[-1]]
    deeper = [each for each, _ in frames[typed[-1] + 1 :]]
    said = str(error) if isinstance(error, ModelError) else _of_python(error, deeper)
    if said is None:
        return None
    together = bool(deeper) and deeper[0].f_code.co_name.startswith("check_")  # its line is that of no entry
    return f"{_shown(_file(frame))}{'' if together else f':{line}'}: {said}"


def _of_python(error: Exception, deeper: list[FrameType]) -> str | None:
    """What the description's author should read in place of Python's own words; None for a fault of ours."""
    for frame in deeper:
        made = frame.f_locals.get("self")
        if is_dataclass(made) and not isinstance(made, type):
            try:
                check_kinds(made)
            except ModelError as wrong:
                return str(wrong)
    if any(_file(frame).is_relative_to(_ROOT) for frame in deeper):
        return None
    if isinstance(error, AttributeError) and isinstance(error.obj, EnumMeta):
        return f"{error.obj.__name__} has no {error.name}; it has {', '.join(error.obj.__members__)}"
    if isinstance(error, TypeError):
        return _of_arguments(str(error))
    return str(error).partition(" (/")[0]  # an import that fails names the folder it looked in


def _of_arguments(said: str) -> str:
    """`Task.__init__() got an unexpected keyword argument 'memry'` in the words of the description."""
    name, initialises, rest = said.partition(".__init__() ")
    owner = getattr(model, name, None)
    if not initialises or owner is None or not is_dataclass(owner):
        return said
    known = [field.name for field in fields(owner)]
    if rest.startswith("missing"):
        return f"{name}: {', '.join(rest.split(chr(39))[1::2])}: found nothing; give each a value"
    if "unexpected keyword argument" not in rest:
        return f"{name}: {rest}; it has {', '.join(known)}"
    wrong = rest.split("'")[1]
    near = get_close_matches(wrong, known, 1)
    return f"{name} has no field {wrong}; {f'did you mean {near[0]}? It' if near else 'it'} has {', '.join(known)}"


def _file(frame: FrameType) -> Path:
    return Path(frame.f_code.co_filename)


def _shown(path: Path) -> Path:
    return path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path
