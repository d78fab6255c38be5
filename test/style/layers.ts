/** A room of src/: a folder (or ring3.ts) with its place in the order of layers. */
export interface Room {
  readonly name: string
  /** Pure: no I/O, so everything in it can be tested without a process, a file or a clock. */
  readonly pure: boolean
  /** What the room is for, as in ARCHITECTURE.md. */
  readonly purpose: string
}

/**
 * The rooms, bottom first. A room may import from itself and from rooms above it in this list; the rooms of one group (`mechanisms/*`,
 * `outputs/*`) do not know each other. ARCHITECTURE.md shows the same table; a test compares them.
 */
export const rooms: readonly Room[] = [
  { name: 'bytes', pure: true, purpose: 'branded addresses and offsets, readers, assertions' },
  { name: 'refusal', pure: true, purpose: 'the catalogue of refusals: why something cannot be done, as a value' },
  {
    name: 'isa',
    pure: true,
    purpose: 'x86-64: is a window safe, how is each instruction moved or emulated, what can be probed',
  },
  { name: 'elf', pure: true, purpose: 'ELF files, one file per structure' },
  { name: 'dwarf', pure: true, purpose: 'function bounds, landing pads and how stacks are walked, from `.eh_frame`' },
  {
    name: 'stacks',
    pure: true,
    purpose: 'walking the stack of a thread: its callers, by tables and by frame pointers',
  },
  { name: 'symbols', pure: false, purpose: 'the functions of a module: names, bounds, separate debug files' },
  {
    name: 'ir',
    pure: true,
    purpose: 'programs as plain data: typed values, statements, what they may tell the tracer',
  },
  {
    name: 'store',
    pure: true,
    purpose: 'layout of the counters in the target’s memory, and what maps hold: one schema for writer and reader',
  },
  { name: 'codegen', pure: true, purpose: 'machine code of counters and trampolines; an interpreter of programs' },
  {
    name: 'kernel',
    pure: false,
    purpose: 'the one door to the kernel: system calls as values, a faulty door for tests',
  },
  { name: 'target', pure: false, purpose: 'threads, stops, remote calls, the patch transaction, the area' },
  { name: 'probe', pure: true, purpose: 'patterns: what the user asked for' },
  { name: 'trampolines', pure: false, purpose: 'areas with a trampoline a site, for every mechanism that uses them' },
  { name: 'lang', pure: true, purpose: 'bpftrace’s language: from a script to a program, or to messages about it' },
  { name: 'mechanisms/*', pure: false, purpose: 'ways of noticing that a thread passed a site, a room each' },
  { name: 'record', pure: true, purpose: 'the value model that every output consumes' },
  { name: 'outputs/*', pure: true, purpose: 'ways of writing results down, a room each' },
  { name: 'runs', pure: false, purpose: 'programs at work: what handlers ask and emit, intervals, names' },
  { name: 'session', pure: false, purpose: 'the composition root: attach, count, run, explain, clean' },
  { name: 'ring3.ts', pure: false, purpose: 'the public API, nothing else' },
  { name: 'cli', pure: false, purpose: 'the command line: parse, call the API, print' },
]

/** Modules of Node that do no I/O. */
export const pureBuiltins: ReadonlySet<string> = new Set(['node:buffer', 'node:module', 'node:util', 'node:zlib'])

/** Packages and the rooms that may know them: everyone else goes through the room. */
export const packageHomes: ReadonlyMap<string, readonly string[]> = new Map([
  ['koffi', ['kernel']],
  ['iced-x86', ['isa']],
  ['fzstd', ['elf', 'symbols']],
  ['xz-decompress', ['elf', 'symbols']],
  ['gecko-profiler-demangle', ['symbols']],
  ['commander', ['cli']],
])

/** The room of a file below src/. */
export function roomOf(path: string): string {
  const [first = '', second = ''] = path.replace(/^src\//, '').split('/')
  return first === 'mechanisms' || first === 'outputs' ? `${first}/${second}` : first
}

/** The place of a room in the order, or -1 for a room that the table does not have. */
export function rankOf(room: string): number {
  return rooms.findIndex(({ name }) => name === room || name === room.replace(/\/.*/, '/*'))
}
