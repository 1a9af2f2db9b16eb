#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counters around a piece of work, and whether it was disturbed: libkruncounters by ctypes alone.

    python3 region.py [PATH OF libkruncounters.so.1]

The structures are those of <krun/counters.h>; a program needs to declare only those that it passes.
"""
import ctypes
import os
import sys
from ctypes import POINTER, Structure, byref, c_char_p, c_double, c_int, c_int32, c_size_t, c_uint32, c_uint64, c_void_p

CYCLES, INSTRUCTIONS, INTERRUPTS, SWITCHES = 1 << 2, 1 << 3, 1 << 6, 1 << 7
D_TIME, D_RATIO, D_BUSY = 1 << 0, 1 << 1, 1 << 3


class Event(Structure):
    _fields_ = [("type", c_uint32), ("reserved", c_uint32), ("config", c_uint64)]


class Options(Structure):
    _fields_ = [("size", c_uint32), ("scope", c_uint32), ("ways", c_uint32), ("counters", c_uint32),
                ("required", c_uint32), ("flags", c_uint32), ("cpus", c_void_p), ("cpus_size", c_size_t),
                ("events", Event * 4), ("max_ratio", c_double)]


class Cpu(Structure):
    _fields_ = [("flags", c_uint32), ("sibling", c_int32), ("reserved", c_uint32 * 2)]


class Cost(Structure):
    _fields_ = [("valid", c_uint32), ("pairs", c_uint32), ("ticks", c_uint64), ("aperf", c_uint64),
                ("mperf", c_uint64), ("cycles", c_uint64), ("instructions", c_uint64), ("reserved", c_uint64 * 4)]


class Facts(Structure):
    _fields_ = [("size", c_uint32), ("way", c_uint32), ("scope", c_uint32), ("counters", c_uint32),
                ("wanted", c_uint32), ("flags", c_uint32), ("features", c_uint32), ("counter_bits", c_uint32),
                ("readings", c_uint32), ("possible_cpus", c_uint32), ("sample_size", c_size_t), ("tsc_hz", c_uint64),
                ("tsc_source", c_uint32), ("tick_hz", c_uint32), ("max_ratio", c_double), ("cpu", POINTER(Cpu)),
                ("way_errors", c_int32 * 8), ("counter_errors", c_int32 * 32), ("least", Cost), ("median", Cost)]


class Delta(Structure):
    _fields_ = ([(name, c_uint32) for name in ("size", "cpu", "status", "valid", "derived", "quality", "unknown",
                                               "throttle")] +
                [(name, c_uint64) for name in ("ticks", "ticks_least", "ticks_most", "aperf", "mperf", "cycles",
                                               "instructions")] +
                [("events", c_uint64 * 4)] +
                [(name, c_uint64) for name in ("clock", "voluntary", "involuntary", "mperf_error", "cycles_error",
                                               "instructions_error")] +
                [(name, c_uint32) for name in ("smi", "switches", "irq_timer", "irq_reschedule", "irq_call",
                                               "irq_device", "irq_nmi", "irq_other", "own", "sampled_by_others")] +
                [(name, c_double) for name in ("seconds", "ratio", "ratio_error", "frequency", "busy")])


class Verdict(Structure):
    _fields_ = [("size", c_uint32), ("kind", c_uint32), ("cpu", c_uint32), ("causes", c_uint32), ("notes", c_uint32),
                ("unknown", c_uint32), ("counts", c_uint64 * 32)]


def load(path):
    library = ctypes.CDLL(path)
    for name, arguments in {
            "krunc_open": [POINTER(Options), POINTER(c_void_p)],
            "krunc_get_facts": [c_void_p, POINTER(Facts)],
            "krunc_sample_begin": [c_void_p, c_void_p, c_size_t],
            "krunc_sample_end": [c_void_p, c_void_p, c_size_t],
            "krunc_difference": [POINTER(Facts), c_void_p, c_void_p, c_uint32, c_uint32, POINTER(Delta)],
            "krunc_judge": [POINTER(Facts), POINTER(Delta), c_void_p, POINTER(Verdict)],
    }.items():
        getattr(library, name).argtypes = arguments
        getattr(library, name).restype = c_int
    library.krunc_close.argtypes = [c_void_p]
    library.krunc_close.restype = None
    for name in ("way", "counter", "verdict", "cause"):
        function = getattr(library, f"krunc_{name}_name")
        function.argtypes = [c_uint32]
        function.restype = c_char_p
    library.krunc_way_reason.argtypes = [c_uint32, c_int]
    library.krunc_way_reason.restype = c_char_p
    return library


def check(error, what):
    if error != 0:
        sys.exit(f"{what}: {os.strerror(-error)}")


def work():  # your benchmark's
    return sum(number * number for number in range(1_000_000))


def print_missing(library, facts):
    print("way:", library.krunc_way_name(facts.way).decode())
    for way in range(facts.way):
        error = facts.way_errors[way]
        if error != 0:
            print(f"not by {library.krunc_way_name(way).decode()}: {library.krunc_way_reason(way, error).decode()}")
    for bit, error in enumerate(facts.counter_errors):
        if error != 0:
            print(f"missing: {library.krunc_counter_name(1 << bit).decode()}: {os.strerror(-error)}")


def print_counts(delta):
    if delta.derived & D_TIME:
        print(f"seconds: {delta.seconds:.6f}")
    if delta.valid & CYCLES:
        print("cycles:", delta.cycles)
    if delta.valid & INSTRUCTIONS:
        print("instructions:", delta.instructions)
    if delta.derived & D_RATIO:
        print(f"APERF/MPERF: {delta.ratio:.3f}")
    if delta.derived & D_BUSY:
        print(f"busy: {100 * delta.busy:.1f} %")


def print_verdict(library, verdict):
    print("verdict:", library.krunc_verdict_name(verdict.kind).decode())
    for cause, count in enumerate(verdict.counts):
        if verdict.causes & 1 << cause:
            print(f"    {library.krunc_cause_name(cause).decode()}: {count}")


def main():
    library = load(sys.argv[1] if len(sys.argv) > 1 else "libkruncounters.so.1")
    # A verdict is about a CPU: the interpreter must not move to another one.
    cpu = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpu})
    mask = (1 << cpu).to_bytes(cpu // 64 * 8 + 8, "little")
    held = ctypes.create_string_buffer(mask, len(mask))
    options = Options(size=ctypes.sizeof(Options), cpus=ctypes.cast(held, c_void_p), cpus_size=len(mask))

    session = c_void_p()
    check(library.krunc_open(byref(options), byref(session)), "krunc_open")
    facts = Facts(size=ctypes.sizeof(Facts))
    check(library.krunc_get_facts(session, byref(facts)), "krunc_get_facts")
    print_missing(library, facts)

    before, after = ((c_uint64 * (facts.sample_size // 8))() for _ in range(2))
    first = library.krunc_sample_begin(session, before, facts.sample_size)
    work()
    last = library.krunc_sample_end(session, after, facts.sample_size)
    check(first, "krunc_sample_begin")
    check(last, "krunc_sample_end")

    delta = Delta(size=ctypes.sizeof(Delta))
    check(library.krunc_difference(byref(facts), before, after, 0, 0, byref(delta)), "krunc_difference")
    print_counts(delta)
    verdict = Verdict(size=ctypes.sizeof(Verdict))
    check(library.krunc_judge(byref(facts), byref(delta), None, byref(verdict)), "krunc_judge")
    print_verdict(library, verdict)
    library.krunc_close(session)


if __name__ == "__main__":
    main()
