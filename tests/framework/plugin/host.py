"""host.py CORE WORKER LATE: actors from Python, through ctypes; LATE is loaded when the system runs."""
import ctypes
import sys

core = ctypes.CDLL(sys.argv[1])
core.core_problem.restype = ctypes.c_char_p


def check(result):
    if result == -1:
        sys.exit(core.core_problem().decode())
    return result


check(core.core_start(sys.argv[2].encode(), None))
check(core.core_spawn(0))
check(core.core_add(40))
print("sum", check(core.core_add(2)))
late = ctypes.CDLL(sys.argv[3])
print("product", check(late.late_multiply(0, 6, 7)))
print("sum", check(core.core_add(1)))
check(core.core_stop())
