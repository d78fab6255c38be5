# Runs inside gdb: stops a process again and again at random instructions behind random breakpoints, and writes down what
# gdb says about its stack, with the registers and the memory that it says so from. A line of JSON for each stop.
#
# Parameters, in the environment: STACKS_OUT, STACKS_STOPS, STACKS_STEPS, STACKS_SEED, STACKS_FUNCTIONS (separated by commas).

import base64
import json
import os
import random

import gdb

RED_ZONE = 128
BEYOND = 4096
LIMIT = 127
CODE_BEFORE, CODE_AFTER = 1, 8
MAX_IGNORED = 10

settings = [
    "pagination off",
    "confirm off",
    "backtrace past-main on",
    "backtrace past-entry on",
    "debuginfod enabled off",
    "breakpoint pending off",
]


def word(frame, register):
    return int(frame.read_register(register)) & 0xFFFFFFFFFFFFFFFF


def frames_of(newest):
    """Frames that exist on the stack: inlined functions and tail calls are none."""
    frame = newest
    while frame is not None:
        if frame.type() not in (gdb.INLINE_FRAME, gdb.TAILCALL_FRAME):
            yield frame
        try:
            frame = frame.older()
        except gdb.error:
            return


def mapping_end(pid, address):
    for line in open(f"/proc/{pid}/maps"):
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        if start <= address < end:
            return end
    return address


def read(inferior, start, length):
    # A frame that gdb has guessed may be anywhere.
    if not 0 <= start < 1 << 47:
        return b""
    try:
        return bytes(inferior.read_memory(start, length))
    except gdb.error:
        return b""


def piece(inferior, start, length):
    return {"start": str(start), "bytes": base64.b64encode(read(inferior, start, length)).decode()}


def record(inferior):
    newest = gdb.newest_frame()
    frames = list(frames_of(newest))[:LIMIT]
    pc, sp, fp, r10 = (word(newest, name) for name in ("rip", "rsp", "rbp", "r10"))
    stacks = []
    for frame in [newest, *(f for below, f in zip(frames, frames[1:]) if below.type() == gdb.SIGTRAMP_FRAME)]:
        # Another stack may begin behind a signal.
        start = word(frame, "rsp") - RED_ZONE
        inside = [word(f, "rsp") for f in frames if start <= word(f, "rsp") < mapping_end(inferior.pid, start)]
        end = min(max(inside, default=start) + BEYOND, mapping_end(inferior.pid, start))
        stacks.append(piece(inferior, start, end - start))
    codes = [piece(inferior, f.pc() - CODE_BEFORE, CODE_BEFORE + CODE_AFTER) for f in frames]
    # What gdb calls a frame's name is for people who look at a difference.
    shown = [{"pc": str(f.pc()), "name": f.name() or "?"} for f in frames]
    return {"pc": str(pc), "sp": str(sp), "fp": str(fp), "r10": str(r10), "frames": shown, "memory": stacks + codes}


def main():
    chance = random.Random(int(os.environ["STACKS_SEED"]))
    for setting in settings:
        gdb.execute(f"set {setting}", to_string=True)
    gdb.execute("handle all nostop noprint pass", to_string=True)
    breakpoints = [gdb.Breakpoint(f"*{name}") for name in os.environ["STACKS_FUNCTIONS"].split(",")]
    inferior = gdb.selected_inferior()
    with open(os.environ["STACKS_OUT"], "w") as out:
        for _ in range(int(os.environ["STACKS_STOPS"])):
            chosen = chance.choice(breakpoints)
            for breakpoint in breakpoints:
                breakpoint.enabled = breakpoint is chosen
            chosen.ignore_count = chance.randrange(MAX_IGNORED)
            gdb.execute("continue", to_string=True)
            chosen.enabled = False
            steps = chance.randrange(int(os.environ["STACKS_STEPS"]))
            if steps > 0:
                gdb.execute(f"stepi {steps}", to_string=True)
            out.write(json.dumps(record(inferior)) + "\n")
    for breakpoint in breakpoints:
        breakpoint.delete()
    gdb.execute("detach", to_string=True)


main()
