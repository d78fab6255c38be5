export type Compiler = 'gcc' | 'g++' | 'musl-gcc' | 'go' | 'rustc'

export interface ProgramSpec {
  readonly source: string
  readonly compiler: Compiler
  readonly flags: readonly string[]
  /** Runs after the compiler, with the binary's path appended. */
  readonly afterwards?: readonly string[]
}

const c = ['-O2', '-g', '-Wall', '-Wextra', '-pthread']

function fromC(source: string, ...flags: readonly string[]): ProgramSpec {
  return { source: `${source}.c`, compiler: 'gcc', flags: [...c, ...flags] }
}

/** Every target program. The name is the file name of the binary, and so its module name in patterns. */
export const programs = {
  calls: fromC('calls'),
  stacks: fromC('stacks', '-fomit-frame-pointer'),
  'stacks-framed': fromC('stacks', '-fno-omit-frame-pointer', '-fno-asynchronous-unwind-tables'),
  'call-chain': fromC('call-chain', '-fomit-frame-pointer'),
  'call-chain-framed': fromC('call-chain', '-fno-omit-frame-pointer'),
  'calls-nonpie': fromC('calls', '-no-pie'),
  'calls-static': fromC('calls', '-static'),
  'calls-static-pie': fromC('calls', '-static-pie'),
  'calls-stripped': { ...fromC('calls'), afterwards: ['strip', '--strip-all'] },
  'calls-musl': { source: 'calls.c', compiler: 'musl-gcc', flags: [...c, '-static'] },
  'busy-threads': fromC('busy-threads'),
  verifier: fromC('verifier'),
  vforker: fromC('vforker'),
  'seccomp-strict': fromC('seccomp-strict'),
  'shares-memory': fromC('shares-memory'),
  'zombie-maker': fromC('zombie-maker'),
  ends: fromC('ends'),
  leaver: fromC('leaver'),
  'leaver-nonpie': fromC('leaver', '-no-pie'),
  // Bound at once: the dynamic linker's own need for stack would hide a small excess of ours.
  signals: fromC('signals', '-Wl,-z,now'),
  'signal-witness': fromC('signal-witness'),
  'signal-witness-static': fromC('signal-witness', '-static'),
  'signal-witness-musl': { source: 'signal-witness.c', compiler: 'musl-gcc', flags: [...c, '-static'] },
  'trap-victim': fromC('trap-victim'),
  scripted: fromC('scripted'),
  // pthread_exit loads libgcc otherwise, and the mappings would change.
  returns: fromC('returns', '-Wl,--no-as-needed', '-lgcc_s'),
  tails: { source: 'tails.cpp', compiler: 'g++', flags: ['-O2', '-g', '-Wall', '-pthread'] },
  graph: fromC('graph'),
  'graph-pg': fromC('graph', '-pg'),
  waiter: fromC('waiter'),
  'child-maker': fromC('child-maker'),
  crowd: fromC('crowd'),
  'paced-calls': fromC('paced-calls'),
  'ignored-signals': fromC('ignored-signals'),
  'self-rewriter': fromC('self-rewriter'),
  'sqlite-work': fromC('sqlite-work', '-Wl,--no-as-needed', '-l:libsqlite3.so.0'),
  'step-counter': fromC('step-counter'),
  tracer: fromC('tracer'),
  loader: fromC('loader'),
  lookalike: fromC('lookalike'),
  restartable: fromC('restartable'),
  'restartable-nonpie': fromC('restartable', '-no-pie'),
  'eintr-witness.so': fromC('eintr-witness', '-shared', '-fPIC'),
  'call-cost': fromC('call-cost'),
  'call-cost-pg': fromC('call-cost', '-pg'),
  'call-cost-lttng': fromC('call-cost', '-DWITH_LTTNG', '-I.', '-Wl,--no-as-needed', '-llttng-ust'),
  'uprobe-counter': fromC('uprobe-counter'),
  'instruction-runner': fromC('instruction-runner', '-fno-stack-protector', '-mno-red-zone'),
  'libtwin.so': fromC('libtwin', '-shared', '-fPIC'),
  'thirty-two-bit': { source: 'thirty-two-bit.S', compiler: 'gcc', flags: ['-m32', '-nostdlib', '-static'] },
  trapping: fromC('trapping'),
  faulter: fromC('faulter'),
  // At a fixed address, so that it is known before exec where things will be.
  watched: fromC('watched', '-no-pie'),
  throws: { source: 'throws.cpp', compiler: 'g++', flags: ['-O2', '-g', '-Wall', '-pthread'] },
  'go-calls': { source: 'go-calls.go', compiler: 'go', flags: [] },
  'go-calls-stripped': { source: 'go-calls.go', compiler: 'go', flags: ['-ldflags=-s -w'] },
  'rust-calls': { source: 'rust-calls.rs', compiler: 'rustc', flags: ['-O', '-g', '--edition=2021'] },
} as const satisfies Record<string, ProgramSpec>

export type ProgramName = keyof typeof programs
