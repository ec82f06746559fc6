# SPDX-License-Identifier: Apache-2.0
"""A disk that is full, nearly full, read-only, or suddenly not there: refused in the door's own words, named, and taken up again where that can be."""
import os
import shutil
import subprocess
import threading
import time

import pytest

import otlp
from cairn_process import as_filter, busyness, until

MIB = 1 << 20
ROUNDS = 12 if os.environ.get("CAIRN_FULL") else 3


@pytest.fixture
def mount(tmp_path):
    """Mounts small file systems in memory and takes them away again."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    mounted = []

    def make(name, size_mib, options="", target=None):
        folder = target or tmp_path / name
        folder.mkdir(exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mib}m{options}", "cairn-test", str(folder)], capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"no small file system can be mounted here: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield make
    for folder in reversed(mounted):
        subprocess.run(["umount", "-l", str(folder)], check=True)


class Sender:
    """Sends spans whose text does not compress and notes which were acknowledged."""

    def __init__(self, cairn, mark):
        self.cairn, self.mark, self.acknowledged, self.next, self.ids = cairn, mark, set(), 0, otlp.Ids(mark)

    def send(self, count=40, size=2000):
        numbers = range(self.next, self.next + count)
        self.next += count
        spans = [otlp.span(self.ids, fields={"test.mark": self.mark, "test.number": n, "test.text": os.urandom(size // 2).hex()}) for n in numbers]
        reply = self.cairn.send(otlp.traces(spans).SerializeToString())
        if reply.status == 200:
            self.acknowledged.update(numbers)
        return reply

    def until_refused(self, limit=2000):
        for _ in range(limit):
            reply = self.send()
            if reply.status != 200:
                return reply
        raise AssertionError("never refused")

    def faults(self):
        """What is lost or doubled of what was acknowledged."""
        stored = {}
        for low in range(0, self.next, 9000):
            answer = self.cairn.ask(calculations=[{"op": "COUNT"}], breakdowns=["test.number"], limit=10_000, filters=[
                as_filter("test.mark", "=", self.mark), as_filter("test.number", ">=", low), as_filter("test.number", "<", low + 9000)])
            stored.update(zip(*answer["data"]))
        return sorted(self.acknowledged - set(stored))[:5], [n for n, count in stored.items() if count != 1][:5]


def is_refused(reply):
    assert reply.status == 503 and int(reply.headers["retry-after"]) >= 1, reply
    return True


def test_a_full_disk_refuses_and_recovers_by_itself(mount, make_cairn, mark):
    """No reserve: the writes themselves fail with ENOSPC, in the middle of frames and of segments."""
    folder = mount("small", 48)
    cairn = make_cairn(environment={"CAIRN_DISK_RESERVE_MIB": "0"})
    cairn.data = folder / "data"
    cairn.start()
    sender, ballast = Sender(cairn, mark), folder / "ballast"
    for round_ in range(ROUNDS):
        free = shutil.disk_usage(folder).free
        ballast.write_bytes(bytes(max(0, free - 6 * MIB)))
        is_refused(sender.until_refused())
        for _ in range(5):
            reply = sender.send(1, 10)
            assert reply.status in (200, 503)
            assert cairn.count(("test.mark", "=", mark)) >= len(sender.acknowledged), "queries go on"
        # A dataset that is listed for the first time gets a slug, which cannot be kept now.
        assert cairn.request("GET", "/1/datasets", headers={"x-honeycomb-team": "any"}).status == 200
        ballast.unlink()
        assert until(lambda: sender.send().status == 200, 6 * busyness()), f"not by itself, within seconds: {cairn.output()[-2000:]}"
        assert sender.faults() == ([], []), round_
        if round_ % 2:
            cairn.kill()
            cairn.start()
        else:
            cairn.restart()
        assert sender.faults() == ([], []), f"after the restart of round {round_}"
        if shutil.disk_usage(folder).free < 12 * MIB:
            break
    print(f"{round_ + 1} rounds, {len(sender.acknowledged)} spans acknowledged of {sender.next}")


def test_below_the_reserve_only_ingest_stops(mount, make_cairn, mark):
    folder = mount("reserve", 64)
    cairn = make_cairn(environment={"CAIRN_DISK_RESERVE_MIB": "24"})
    cairn.data = folder / "data"
    cairn.start()
    sender, ballast = Sender(cairn, mark), folder / "ballast"
    assert sender.send().status == 200
    before = len(sender.acknowledged)
    ballast.write_bytes(bytes(shutil.disk_usage(folder).free - 20 * MIB))
    reply = until(lambda: (r := sender.send()).status != 200 and r)
    assert is_refused(reply) and b"nearly full" in reply.body
    status = cairn.get("status")["store"]
    assert status["ingest_state"] == "refusing" and "24 MiB are kept in reserve" in status["ingest_reason"]
    assert "ingest is refusing: the disk is nearly full" in until(lambda: "nearly full" in cairn.output() and cairn.output())
    assert b"cairn_ingest_accepting 0" in cairn.request("GET", "/metrics").body
    taken = 2000 * (len(sender.acknowledged) - before)  # until the store looked at the disk again
    assert sender.faults() == ([], []) and shutil.disk_usage(folder).free > max(16 * MIB, 19 * MIB - taken), "the reserve is not eaten up"
    ballast.unlink()
    assert until(lambda: sender.send().status == 200)
    assert until(lambda: "ingest goes on" in cairn.output())
    assert cairn.get("status")["store"]["ingest_state"] == "accepting"
    cairn.restart()
    assert sender.faults() == ([], [])


def test_retention_goes_on_below_the_reserve(mount, make_cairn, mark):
    """Space that the store itself gives up brings ingest back."""
    folder = mount("retention", 64)
    cairn = make_cairn(arguments=["--retention-days", "30"], environment={"CAIRN_DISK_RESERVE_MIB": "30"})
    cairn.data = folder / "data"
    cairn.start()
    old, ids = time.time_ns() - 20 * 86_400 * 10**9, otlp.Ids(mark)
    while shutil.disk_usage(folder).free > 34 * MIB:
        spans = [otlp.span(ids, fields={"test.mark": mark, "test.text": os.urandom(1000).hex()}, start=old) for _ in range(100)]
        if cairn.send(otlp.traces(spans).SerializeToString()).status != 200:
            break
    assert cairn.send(otlp.traces([otlp.span(ids, fields={"test.mark": mark})]).SerializeToString()).status in (200, 503)
    cairn.stop()
    (folder / "ballast").write_bytes(bytes(max(0, shutil.disk_usage(folder).free - 26 * MIB)))
    cairn.arguments = ["--retention-days", "10"]
    cairn.start()
    assert until(lambda: cairn.get("status")["store"]["ingest_state"] == "accepting"), cairn.get("status")
    assert cairn.send(otlp.traces([otlp.span(ids, fields={"test.mark": mark + "new"})]).SerializeToString()).status == 200
    assert cairn.count(("test.mark", "=", mark), time_range=25 * 86_400) <= 1


@pytest.mark.parametrize("how", ["removed", "emptied", "moved", "covered"])
def test_a_folder_that_vanishes_is_named_and_refused(mount, make_cairn, mark, tmp_path, how):
    cairn = make_cairn().start()
    sender = Sender(cairn, mark)
    assert sender.send().status == 200
    if how == "removed":
        shutil.rmtree(cairn.data)
    elif how == "emptied":
        for each in cairn.data.iterdir():
            shutil.rmtree(each) if each.is_dir() else each.unlink()
    elif how == "moved":
        cairn.data.rename(tmp_path / "elsewhere")
    else:
        mount("cover", 16, target=cairn.data)
    assert is_refused(until(lambda: (reply := sender.send(1, 10)).status != 200 and reply, pause=0.01))
    reason = until(lambda: cairn.get("status")["store"]["ingest_reason"])
    assert "removed" in reason or str(cairn.data) in reason, reason
    assert until(lambda: "ingest is refusing" in cairn.output())
    assert cairn.count(("test.mark", "=", mark)) >= 40, "what is in memory is still answered"
    if how in ("removed", "emptied"):
        assert len(sender.acknowledged) == 40, "nothing is acknowledged into a file that has no name"
    cairn.kill()
    if how == "moved":
        (tmp_path / "elsewhere").rename(cairn.data)
        cairn.start()
        assert sender.faults() == ([], [])


def test_a_read_only_folder_is_named_at_the_start(mount, make_cairn):
    folder = mount("read-only", 16)
    cairn = make_cairn()
    cairn.data = folder / "data"
    cairn.start()
    cairn.stop()
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    cairn.launch()
    code = cairn.process.wait(15)
    cairn.process = None
    said = cairn.output()
    assert code > 0, "ends, but not by a signal"
    assert "Read-only file system" in said and str(cairn.data) in said and len(said.strip().splitlines()) <= 3, said


@pytest.fixture
def failing_disk(tmp_path):
    """An ext4 file system of its own, and a function that has the kernel find an error in it: it turns read-only, whatever is open."""
    image, folder = tmp_path / "disk.img", tmp_path / "disk"
    if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
        pytest.skip("only root may mount a file system, and mkfs.ext4 makes it")
    with open(image, "wb") as file:
        file.truncate(96 * MIB)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    folder.mkdir()
    done = subprocess.run(["mount", "-o", "loop,errors=remount-ro", str(image), str(folder)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"no loop device can be mounted here: {done.stderr.strip()}")
    device = subprocess.run(["findmnt", "-n", "-o", "SOURCE", str(folder)], capture_output=True, text=True, check=True).stdout.strip().rsplit("/", 1)[-1]

    def fail():
        with open(f"/sys/fs/ext4/{device}/trigger_fs_error", "w") as trigger:
            trigger.write("made by a test")

    yield folder, fail
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_that_turns_read_only_is_named_and_refused(failing_disk, make_cairn, mark):
    folder, fail = failing_disk
    cairn = make_cairn(environment={"CAIRN_DISK_RESERVE_MIB": "0"})
    cairn.data = folder / "data"
    cairn.start()
    sender = Sender(cairn, mark)
    assert sender.send().status == 200
    fail()
    is_refused(until(lambda: (r := sender.send(1, 10)).status != 200 and r))
    reason = until(lambda: cairn.get("status")["store"]["ingest_reason"])
    assert "Read-only file system" in reason or "Input/output error" in reason, reason
    assert until(lambda: "ingest is refusing" in cairn.output())
    assert sender.faults() == ([], []), "queries go on"
    for _ in range(20):
        assert sender.send(1, 10).status == 503
    cairn.kill()


def test_many_threads_at_the_edge_of_the_disk(mount, make_cairn, mark):
    folder = mount("edge", 40)
    cairn = make_cairn(environment={"CAIRN_DISK_RESERVE_MIB": "0"})
    cairn.data = folder / "data"
    cairn.start()
    (folder / "ballast").write_bytes(bytes(shutil.disk_usage(folder).free - 8 * MIB))
    senders = [Sender(cairn, f"{mark}-{n}") for n in range(4)]
    threads = [threading.Thread(target=lambda s=s: [s.send() for _ in range(60)]) for s in senders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (folder / "ballast").unlink()
    assert until(lambda: senders[0].send().status == 200)
    for sender in senders:
        assert sender.faults() == ([], [])
    cairn.kill()
    cairn.start()
    for sender in senders:
        assert sender.faults() == ([], [])
