"""The tables of docs/benchmarks.md: what is compared with what, and how it is written."""
import collections

Row = collections.namedtuple("Row", "workload metric title unit scale better variants only", defaults=({}, {}))
# `metric` is the row's own; `variants` are other metrics in the same table, and what to call them. `only`: for a peer named
# there, the metrics of its that count, in the place of both.

PIPES = {"simplequeue_bandwidth": "SimpleQueue", "pipe_bandwidth": "Pipe, bytes"}
BULK = {"view": "read in place", "shared_buffer": "shared_buffer", **PIPES}
STARTS = {"posix_spawn": "exec", "spawn": "exec", "comm_spawn": "MPI_Comm_spawn", "node": "a node",
          "standby": "standbys", "standby_ready": "a standby that is ready",
          "process": "a process of the VM", "forkserver": "fork server",
          "fork_from_1GiB": "from 1 GiB", "posix_spawn_from_1GiB": "exec, from 1 GiB"}
COPIED = {"copy_in": "copied in", "copy_in_write": "written in", "vm_readv": "process_vm_readv", "bytes": "bytes", "list": "list"}
HANDED_OVER = {"troupe": {"shared_buffer": ""}, "memfd": {"array": ""}, "python": {"shm": "SharedMemory"},
               "iceoryx": {"array": "copied in"}}
ROWS = [
    Row("W1", "rtt_p50", "Ask and answer, 64 bytes, median", "µs", 1, min,
        {"rtt_asleep_p50": "asleep at once", "bytes_rtt_p50": "bytes", "queue_rtt_p50": "Queue"}),
    Row("W1", "rtt_p99", "Ask and answer, 64 bytes, 99th percentile", "µs", 1, min,
        {"rtt_asleep_p99": "asleep at once", "bytes_rtt_p99": "bytes", "queue_rtt_p99": "Queue"}),
    Row("W2", "rate", "One way, 64 bytes", "M messages/s", 1e-6, max,
        {"simplequeue_rate": "SimpleQueue", "pipe_rate": "Pipe, bytes"}),
    Row("W3b", "bandwidth", "One way, 64 KiB", "GB/s", 1, max, BULK),
    Row("W3", "bandwidth", "One way, 1 MiB", "GB/s", 1, max, BULK),
    Row("W4", "rate", "One producer, a queue, two consumers, 64 bytes", "M messages/s", 1e-6, max,
        {"mortal_rate": "does not survive", "rate_2to1": "two to one"}),
    Row("W5", "fork", "Start a worker, first answer, stop, reap", "ms", 1, min, STARTS),
    Row("W6", "default", "Map 100,000 squares, two workers, chunks as they come", "ms", 1e3, min),
    Row("W6", "chunk1000", "Map 100,000 squares, chunks of 1,000", "ms", 1e3, min,
        {"executor_chunk1000": "ProcessPoolExecutor"}),
    Row("W6", "chunk1", "Map 100,000 squares, each a message of its own", "ms", 1e3, min,
        {"executor_chunk1": "ProcessPoolExecutor"}),
    Row("W7", "speedup", "Five heavy sums on two workers: speed-up (5/3 is possible)", "×", 1, max),
    Row("W8", "array", "64 MiB of doubles back, copied", "GB/s", 1, max, COPIED,
        {"memfd": COPIED, "iceoryx": {}}),
    Row("W8", "shared_buffer", "64 MiB of doubles back, handed over", "GB/s", 1, max, {}, HANDED_OVER),
]
Entry = collections.namedtuple("Entry", "name kind value low high is_main")
OURS = {"ours": "Troupe", "nodes": "Troupe between two nodes"}
KINDS = {"ours": "", "nodes": "TCP", "limit": "raw", "peer": "peer", "reference": "one process"}
LEFT_OUT = ("seq", "par", "seq_tenth", "par_tenth")  # behind W7's speed-ups: in results.json


def show(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def entries(row, peers, results):
    """The lines of a row's table, best first. `results`: (peer, workload, metric) -> values."""
    found = []
    for peer in peers:
        metrics = row.only.get(peer.name, {row.metric: "", **row.variants})
        if row.only is HANDED_OVER and peer.name not in row.only:
            continue
        for metric, label in metrics.items():
            values = results.get((peer.name, row.workload, metric))
            if values:
                scaled = sorted(v * row.scale for v in values)
                name = f"{OURS.get(peer.kind, peer.name)}{f' ({label})' if label else ''}"
                found.append(Entry(name, peer.kind, median(scaled), scaled[0], scaled[-1], metric == row.metric or not label))
    return sorted(found, key=lambda e: e.value, reverse=row.better is max)


def median(values):
    values = sorted(values)
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def show_ratio(row, ours, other):
    """How many times as fast ours is."""
    if not ours.value or not other.value:
        return ""
    ratio = ours.value / other.value if row.better is max else other.value / ours.value
    return f"{ratio:.2g}×" if ratio < 100 else f"{ratio:,.0f}×"


def ours_of(found):
    return next((e for e in found if e.kind == "ours" and e.is_main), None)


def best_of(found, kind):
    return next((e for e in found if e.kind == kind), None)  # they are in order


def summary(rows):
    """`rows`: (row, entries, file of its plot)."""
    lines = ["| | Troupe | raw limit | ours / raw | best peer | ours / best peer |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for row, found, _ in rows:
        ours = ours_of(found)
        cells = [f"{show(ours.value)} {row.unit}" if ours else ""]
        for kind in ("limit", "peer"):
            best = best_of(found, kind)
            cells.append(f"{show(best.value)} {row.unit}: {best.name}" if best else "")
            cells.append(show_ratio(row, ours, best) if best and ours else "")
        lines.append(f"| [{row.title}](#{anchor(row)}) | " + " | ".join(cells) + " |")
    return lines


def anchor(row):
    kept = "".join(c for c in heading(row).lower() if c.isalnum() or c in " -_")
    return kept.replace(" ", "-")


def heading(row):
    return f"{row.workload}: {row.title}"


def section(row, found, plot):
    ours = ours_of(found)
    lines = [f"### {heading(row)}", "", f"![{row.title}]({plot})", "",
             f"| {row.unit}, {'more' if row.better is max else 'less'} is better "
             "| kind | median | lowest to highest | Troupe / this |",
             "| --- | --- | ---: | ---: | ---: |"]
    for e in found:
        ratio = show_ratio(row, ours, e) if ours and e is not ours else ""
        name = f"**{e.name}**" if e.kind == "ours" else e.name
        lines.append(f"| {name} | {KINDS[e.kind]} | {show(e.value)} | {show(e.low)} to {show(e.high)} | {ratio} |")
    return lines + [""]


def growth(results, units):
    """what -> {actors: median}, from the metrics `what@actors`."""
    curves = {}
    for (peer, workload, metric), values in results.items():
        if workload == "growth" and peer == "troupe":
            what, actors = metric.split("@")
            curves.setdefault((what, units[peer, workload, metric]), {})[int(actors)] = median(values)
    return curves


def growth_table(curves):
    counts = sorted({n for curve in curves.values() for n in curve})
    lines = ["| actors | " + " | ".join(f"{n:,}" for n in counts) + " |", "| --- " + "| ---: " * len(counts) + "|"]
    for (what, unit), curve in curves.items():
        label = GROWTH.get(what, what) + (f", {unit}" if unit else "")
        lines.append(f"| {label} | " + " | ".join(show(curve[n]) if n in curve else "" for n in counts) + " |")
    return lines


def growth_section(curves, notes, plot):
    lines = ["### From ten actors to thousands", "", f"![What actors cost]({plot})", "", *growth_table(curves)]
    if notes:
        lines += ["", "Where a limit was met, the user gets `troupe::start_failed`, or an error of the ask or tell:", ""]
        lines += ["```text", *notes, "```"]
    return lines + [""]


GROWTH = {"start": "start all, until each has answered", "stop": "stop all", "private": "private memory of an idle one",
          "private_heap": "of that, heap", "private_stack": "of that, stack",
          "private_files": "of that, the program's and libraries' data",
          "private_shared": "of that, shared, but touched by it alone", "private_other": "of that, other anonymous memory",
          "guardian_private": "private memory of the guardian", "guardian_descriptors": "descriptors of the guardian",
          "host_descriptors": "descriptors of the host", "rtt_p50": "round trip to one, median",
          "rtt_between_p50": "round trip between two of them, median",
          "ring_1": "one message round a ring of 100", "ring_all": "as many messages as actors in the ring",
          "fan_in_connect": "first message of each (1,000 at most) to one", "fan_in": "64 bytes from all (1,000 at most) to one",
          "shared_before_fan_in": "shared memory of all, before all send to one",
          "shared_after_fan_in": "shared memory of all, after that",
          "started": "started before a limit was met"}


def others(rows, peers, results, units):
    """What no table has."""
    shown = {(r.workload, m) for r in rows for m in (r.metric, *r.variants, *(m for o in r.only.values() for m in o))}
    lines = ["| | workload | metric | median | unit |", "| --- | --- | --- | ---: | --- |"]
    for (peer, workload, metric), values in results.items():
        if (workload, metric) not in shown and workload != "growth" and not metric.endswith("_ms") and metric not in LEFT_OUT:
            lines.append(f"| {peer} | {workload} | `{metric}` | {show(median(values))} | {units[peer, workload, metric]} |")
    return lines if len(lines) > 2 else []
