"""A corpus made as small as its coverage allows. One that cannot be merged stays
as it has grown."""

import shutil
import time

import attempt  # of ci/nightly
import in_flight
import turn

MERGE_SECONDS = 300


def words_for(target, merged, grown, scratch):
    words = [target.program, "-merge=1", f"-timeout={turn.TIMEOUT_SECONDS}", f"-rss_limit_mb={turn.RSS_MIB}"]
    words += [f"-artifact_prefix={scratch}/", *target.flags, merged, grown]
    words += [target.seeds] if target.seeds.is_dir() else []
    return [str(word) for word in words]


def ended(process):
    """How it ended; interrupted, it goes, and the interrupt goes on."""
    try:
        while (end := process.poll()) is None:
            time.sleep(in_flight.LOOK_EVERY_SECONDS)
        return end
    except KeyboardInterrupt:
        process.kill("interrupted")
        while process.poll() is None:
            time.sleep(in_flight.LOOK_EVERY_SECONDS)
        raise


def minimise(target, corpora, scratch, memory_kib):
    """Whether the smaller corpus has taken the place of the larger one; `scratch` is
    a folder for what is said meanwhile, which goes."""
    scratch.mkdir()
    merged = corpora.begin_merge(target.name)
    words = words_for(target, merged, corpora.of(target.name), scratch)
    whole = False
    try:
        end = ended(attempt.Attempt(words, scratch, MERGE_SECONDS, memory_kib, {}))
        whole = end.status == 0 and not end.why
    except OSError:
        pass
    finally:
        corpora.end_merge(target.name, whole)
        shutil.rmtree(scratch, ignore_errors=True)
    return whole
