/** A mechanism and, where it has several, a way of resuming. */
export interface Way {
  readonly name: string
  /** For the command line. */
  readonly args: readonly string[]
  readonly usesInt3: boolean
  /** Calls that a test can make in the time that one by `jump` takes, as a share. */
  readonly pace: number
}

function breakpoint(resume: string, pace: number): Way {
  return { name: resume, args: ['--via', 'breakpoint', '--resume', resume], usesInt3: true, pace }
}

/** Every way of catching a thread that is not `jump`. */
export const ways: readonly Way[] = [
  { name: 'signal', args: ['--via', 'signal'], usesInt3: true, pace: 0.02 },
  breakpoint('inline', 0.0001),
  breakpoint('out-of-line', 0.001),
  breakpoint('boosted', 0.001),
  breakpoint('emulated', 0.001),
  { name: 'hardware', args: ['--via', 'hardware'], usesInt3: false, pace: 0.005 },
]
