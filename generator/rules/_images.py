"""Container images: their names taken apart, and what is known of some of them.

The knowledge is data with its source: where a store keeps its files by version, which images bring no curl.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_TOKEN = re.compile(r"\$\{[^}]*\}|\{\{resolve:[^}]*\}\}")


@dataclass(frozen=True, slots=True)
class Image:
    """An image name in its parts; `tag` is empty when none is written and None when nobody can tell."""

    host: str
    repository: str
    tag: str | None
    digest: str

    @property
    def name(self) -> str:
        """The last part of the repository, as people call the image: `aldeia/chromadb` is `chromadb`."""
        return self.repository.rsplit("/", 1)[-1]

    @property
    def version(self) -> tuple[int, ...] | None:
        """Major and minor version by the tag; (999,) for `latest` and no tag, None when the tag tells nothing."""
        if self.tag in {"", "latest"} and not self.digest:
            return (999,)
        found = re.match(r"v?(\d+)(?:\.(\d+))?(?:\D|$)", self.tag or "")
        return tuple(int(part) for part in found.groups() if part) if found else None

    @property
    def official(self) -> str:
        """The repository as Docker Hub knows it: `public.ecr.aws/docker/library/node` is `node`; empty for other registries."""
        hub = self.host in {"", "docker.io", "index.docker.io"}
        path = self.repository
        if self.host == "public.ecr.aws" and path.startswith("docker/"):
            path, hub = path.removeprefix("docker/"), True
        return path.removeprefix("library/") if hub else ""


def parse_image(text: str) -> Image:
    """Take an image name apart; parts that deployment decides stand in it as `${name}`."""
    masked = _TOKEN.sub(lambda m: m.group().translate(_HIDE), text)
    rest, _, digest = masked.partition("@")
    head, slash, last = rest.rpartition("/")
    last, colon, tag = last.partition(":")
    path = f"{head}{slash}{last}"
    host, slash, repository = path.partition("/")
    if not slash or not ("." in host or ":" in host or "$" in host or host == "localhost"):
        host, repository = "", path
    shown: str | None = tag.translate(_SHOW)
    if (not colon and _may_hold_tag(last.translate(_SHOW))) or (colon and _TOKEN.search(shown or "")):
        shown = None
    return Image(host.translate(_SHOW), repository.translate(_SHOW), shown, digest.translate(_SHOW))


_HIDE = str.maketrans({":": "\x01", "/": "\x02", "@": "\x03", ".": "\x04"})
_SHOW = str.maketrans({"\x01": ":", "\x02": "/", "\x03": "@", "\x04": "."})


def _may_hold_tag(last: str) -> bool:
    # A parameter may hold "name:tag"; the URI of a repository never does.
    tokens = _TOKEN.findall(last)
    return bool(tokens) and not (last.endswith(tokens[-1]) and tokens[-1].endswith(".RepositoryUri}"))


@dataclass(frozen=True, slots=True)
class Store:
    """A server that keeps files: where, by version, which variables move them, and whether two may share them."""

    title: str
    names: tuple[str, ...]
    directory: Callable[[tuple[int, ...]], str]
    variables: Callable[[tuple[int, ...]], tuple[str, ...]]
    single_writer: str


def _chroma(version: tuple[int, ...]) -> str:
    return "/data" if version >= (1,) else "/chroma/chroma"


def _chroma_variables(version: tuple[int, ...]) -> tuple[str, ...]:
    # PERSIST_DIRECTORY is ignored since 1.0, CHROMA_PERSIST_PATH unknown before (both measured).
    return ("CHROMA_PERSIST_PATH",) if version >= (1,) else ("PERSIST_DIRECTORY",)


STORES: tuple[Store, ...] = (
    Store(
        "ChromaDB",
        ("chroma", "chromadb"),
        _chroma,
        _chroma_variables,
        "two servers on one directory answer 200 to every write and lose 5-51 % of the vectors (measured, 0.6.3 and 1.5.9)",
    ),
    Store(
        "PostgreSQL",
        ("postgres",),
        lambda v: "/var/lib/postgresql" if v >= (18,) else "/var/lib/postgresql/data",
        lambda _: ("PGDATA",),
        "a second postmaster corrupts the cluster or refuses to start",
    ),
    Store(
        "MySQL", ("mysql", "mariadb"), lambda _: "/var/lib/mysql", lambda _: (), "InnoDB locks its files for one server"
    ),
    Store("MongoDB", ("mongo",), lambda _: "/data/db", lambda _: (), "WiredTiger locks its directory for one server"),
)


def store_of(image: Image) -> Store | None:
    """The store an image is, told by the last part of its name; a mirror counts like the original."""
    return next((store for store in STORES if image.name in store.names), None)


def lacks_curl(image: Image) -> str:
    """Why an image surely has no curl; empty when it may have one."""
    store = store_of(image)
    if store and store.title == "ChromaDB" and image.version and image.version >= (1,):
        return "the image of ChromaDB 1.x brings only dumb-init, libssl and ca-certificates"
    if image.host == "gcr.io" and image.repository.startswith("distroless/"):
        return "distroless images bring no programs besides the application"
    if image.tag is None:
        return ""
    base, variant = image.official, image.tag.rsplit("-", 1)[-1]
    if base in {"alpine", "busybox"} or (
        base in {"node", "python", "golang", "redis", "postgres"} and image.tag.find("alpine") >= 0
    ):
        return "images built on Alpine bring BusyBox' wget, not curl"
    if base in {"debian", "ubuntu"} or (base in {"node", "python", "ruby"} and "slim" in image.tag.split("-")):
        return f"{variant or 'base'} images of Debian and Ubuntu leave curl out"
    return ""
