import type { ProbeProblem } from './probe-type.js'

const kernel = 'user-space functions can be probed: uprobe:libc:malloc'

/** Probe types of bpftrace that are refused, by all their names. */
export const unavailableProbes: ReadonlyMap<string, ProbeProblem> = new Map<string, ProbeProblem>([
  ...named('kprobe k kretprobe kr', 'functions of the kernel cannot be probed from user space', kernel),
  ...named('fentry f fexit fr kfunc kretfunc', 'functions of the kernel cannot be probed from user space', kernel),
  ...named(
    'tracepoint t rawtracepoint rt',
    'tracepoints of the kernel cannot be reached from user space',
    'the functions of libc make the system calls: uprobe:libc:open',
  ),
  ...named('iter it', 'iterators of the kernel cannot be reached from user space', kernel),
  ...named('profile p', 'sampling is not there', 'interval:hz:99 runs in the tracer'),
  ...named('software s hardware h', 'events of the processor and the kernel are not there', kernel),
  ...named(
    'usdt U',
    'static probes of user space (USDT) are not there yet',
    'probe the function around it: uprobe:MODULE:FUNCTION',
  ),
  ...named('asyncwatchpoint aw', 'addresses that a function is given cannot be watched', 'watchpoint:0x601040:8:w'),
  ...named('bench test', 'bpftrace’s tests and benchmarks of itself are not there', 'begin'),
])

function named(names: string, because: string, instead: string): [string, ProbeProblem][] {
  const words = names.split(' ')
  return words.map((name) => [name, { problem: `${words[0] ?? name} probes: ${because}`, instead }])
}
