"""What a merge hands on to later fuzz units: corpus/TARGET/ is the union of what the
units that have ended have found, each input named by its content. A union knows no
order and no repetition, so merges may run at any time, twice, and at once; what a
unit has found stays with it.

Units read the corpora and write none: those of one epoch begin with what the merge
before it has handed on, whoever of them is first."""

import os
import shutil

import store as stores


def hand_on(folder):
    """{target: inputs in its corpus}"""
    try:
        for found in sorted(folder.glob("units/[0-9]*/inputs/*")):
            add(found, folder / "corpus" / found.name)
        corpora = sorted(p for p in folder.glob("corpus/*") if p.is_dir())
        return {path.name: len(os.listdir(path)) for path in corpora}
    except OSError as error:
        raise stores.Unwritable(folder / "corpus", error) from error


def add(found, corpus):
    corpus.mkdir(parents=True, exist_ok=True)
    for name in set(os.listdir(found)) - set(os.listdir(corpus)):
        try:
            os.link(found / name, corpus / name)
        except FileExistsError:  # Another merge, just now.
            pass
        except OSError:  # No links here.
            copy(found / name, corpus)


def copy(path, corpus):
    """Whole or not there."""
    beside = corpus.parent / f".{path.name}.{os.getpid()}"
    shutil.copyfile(path, beside)
    os.rename(beside, corpus / path.name)
