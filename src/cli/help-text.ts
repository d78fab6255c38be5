import { exitCodeLines } from './exit-code.js'

/** What `ring3 --help` says behind the options. */
export function generalHelp(): string {
  return `
Patterns, as in bpftrace: [uprobe:]MODULE:SYMBOL[+OFFSET] or MODULE:0xOFFSET
  MODULE is a path, a file name or a library's short name: libc is libc.so.6.
  * and ? stand for any characters in both; quote patterns from the shell.
  0xOFFSET is an offset in the file; +OFFSET counts from the function's beginning.
  "…" around a part protects a : or a + in it: 'app:"operator+"'.

Examples:
  ring3 -p 1234 -e 'uprobe:libc:malloc { @bytes = hist(arg0) }'   a script, as for bpftrace
  ring3 count -p 1234 libc:malloc              count calls until Ctrl-C
  ring3 count -p 1234 -d 10 'redis-server:*'   every function of a program, for 10 s
  ring3 latency -p 1234 libc:malloc            how long calls take, until Ctrl-C
  ring3 graph -p 1234 -n 1 app:handle          what a function calls, and how long that takes
  ring3 list -p 1234 'libc:mem*'               which functions can be counted
  ring3 explain -p 1234 libc:malloc            how a probe would be planted, or why not

Exit codes:
${exitCodeLines().join('\n')}
`
}

export const runHelp = `
Runs a script of bpftrace's language until it calls exit(), Ctrl-C or the end of the
process; then END runs, the maps are printed, and the process is left as it was found.
A script with nothing but BEGIN, END, interval and self needs no process.

RING3_MAX_STRLEN, RING3_MAX_MAP_KEYS and the like in the environment go before the
settings of the script. docs/language.md says what the language has.

Examples:
  ring3 -p 1234 -e 'uprobe:libc:malloc { @bytes = hist(arg0) }'
  ring3 -p 1234 -e 'uprobe:libc:open { printf("%s\\n", str(arg0)) }' -f json
  ring3 -p 1234 script.bt 100
  ring3 -e 'BEGIN { printf("hello\\n"); exit() }'
`

export const countHelp = `
Counts the calls of each function that a pattern names, in a process that goes on
running at full speed. It ends with Ctrl-C, after -d seconds, or with the process;
the process is left as it was found.

In a terminal the table is redrawn once a second, the most-called functions first;
calls/s is the rate since the last redrawing. In a pipe there is one table, at the end.
Functions that were not called are left out unless --all is given.

Where a jump cannot be planted, auto goes on to the next mechanism, whose hits cost
more: ring3 explain says which and why, ring3 mechanisms what each means.

Examples:
  ring3 count -p 1234 libc:malloc libc:free
  ring3 count -p $(pidof postgres | tr ' ' '\\n' | tail -1) -d 5 'postgres:*'
  ring3 count -p 1234 -f json -i 1 'libc:*' | jq -c '.data["@"]'
`

export const flameHelp = `
Counts the stacks of the threads that call the functions, until Ctrl-C, for -d seconds,
or until the process ends, and draws them: the callers below, each as wide as its part
of the calls. What is written goes by the name of the file: a picture (.svg), a page in
which functions can be searched (.html), or lines for other tools (.folded), which also
go to stdout without -o.

Stacks are walked by unwind tables (.eh_frame) and by frame pointers. They are taken at
breakpoints, some thousand a second: a process that calls the functions more often waits.

Examples:
  ring3 flame -p 1234 -d 10 -o malloc.svg libc:malloc
  ring3 flame -p 1234 -d 5 'libc:*write*' | flamegraph.pl > write.svg
`

export const latencyHelp = `
Measures how long calls take, from their first instruction to their return, until
Ctrl-C, for -d seconds, or until the process ends. Calls that were in progress before,
and those that an exception or longjmp ends, are left out.

Where no jump can be planted, the figures hold what the dearer mechanism costs; what
was taken is said at the beginning. p50 and p99 are exact to about 3 %.

Examples:
  ring3 latency -p 1234 'postgres:exec_simple_query'
  ring3 latency -p 1234 -d 10 --by tid libc:malloc libc:free
`

export const graphHelp = `
Shows the calls of functions as uftrace does: what each called, in braces, and how long
it took. A graph begins where a function is called that a pattern names; inside of it
all functions of its module are looked at, and those of --with. It ends with Ctrl-C,
after -d seconds, after -n calls, or with the process, which is left as it was found.

A call is shown when it has ended, with all that is in it. Exceptions and longjmp are
told by the stack pointer: the calls that they end are marked as unwound. Durations hold
what the probes of the calls inside cost. Functions that are not named one by one, and
that no jump reaches, are therefore left out unless --all is given.

Examples:
  ring3 graph -p 1234 -n 1 redis-server:processCommand
  ring3 graph -p 1234 -D 3 -t 10us postgres:exec_simple_query --with 'libc:*alloc'
  ring3 graph -p 1234 -d 5 --merge 'redis-server:*Command'
`

export const listHelp = `
Lists functions as module:symbol, one a line. With -p those of a running process,
by pattern; else those of a file, by symbol globs. -v adds offset, size and file.

Examples:
  ring3 list -p 1234 'libc:mem*'
  ring3 list /usr/bin/redis-server '*Command'
`

export const explainHelp = `
Shows for every function that the pattern names: the mechanism that would serve it,
the bytes before and after, the disassembled trampoline, and each refusal with its
reason. Nothing is changed in the process.

Example:
  ring3 explain -p 1234 libc:malloc
`

export const cleanHelp = `
A ring3 that was killed leaves its probes in the process: they go on counting, for
nobody, and do no harm. This removes them.

Example:
  ring3 clean 1234
`

export const mechanismsHelp = `
--via chooses one of them; auto takes, for each function, the cheapest that serves it.

Examples:
  ring3 mechanisms
  ring3 mechanisms --measure
  ring3 count -p 1234 --via breakpoint --resume boosted libc:malloc
`
