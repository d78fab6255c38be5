/** SIGTRAP, SIGBUS, SIGSEGV: what ring3's resident handlers take. */
export const residentSignals = [5, 7, 11] as const

/**
 * How the program's use of the resident signals is kept where the kernel keeps it, so that fork, vfork, clone, sigreturn
 * and siglongjmp need nothing: by real-time signals that the program does not use.
 */
export interface VirtualSignals {
  /** `signal + standIn` is blocked when the program believes `signal` to be, and pending where `signal` would be. */
  readonly standIn: number
  /** The kernel's action for `signal + action` is the program's action for `signal`. */
  readonly action: number
  /** Another signal that the program does not use: what the stand-ins' own state is shown to be. */
  readonly witness: number
}

const FIRST_REALTIME = 34
const LAST_SIGNAL = 64
const ALL = 2n ** 64n - 1n

export function bitOf(signal: number): bigint {
  return 1n << BigInt(signal - 1)
}

export function maskOf(signals: readonly number[]): bigint {
  return signals.reduce((mask, signal) => mask | bitOf(signal), 0n)
}

/** The bits of SIGTRAP, SIGBUS and SIGSEGV. */
export const residentMask: bigint = maskOf(residentSignals)

export function shifted(shift: number): number[] {
  return residentSignals.map((signal) => signal + shift)
}

/** Signals that are taken from the program: stand-ins, those that hold actions. */
export function takenSignals({ standIn, action }: VirtualSignals): number[] {
  return [...shifted(standIn), ...shifted(action)]
}

/**
 * Chooses among the real-time signals that are not in `used`, from the middle, which programs use least. `masks` are those
 * of all threads and handlers: in each, a stand-in must be as its witness is.
 */
export function chooseVirtualSignals(used: bigint, masks: readonly bigint[]): VirtualSignals | undefined {
  const shifts = Array.from(
    { length: LAST_SIGNAL - 11 - (FIRST_REALTIME - 5) + 1 },
    (_, index) => FIRST_REALTIME - 5 + index,
  )
  const free = shifts
    .toSorted((a, b) => Math.abs(a - 41) - Math.abs(b - 41))
    .filter((shift) => unused(used, shifted(shift)))
  for (const standIn of free) {
    for (const action of free) {
      const taken = shifted(standIn)
      if (shifted(action).some((signal) => taken.includes(signal))) continue
      const all = [...taken, ...shifted(action)]
      for (let witness = LAST_SIGNAL; witness >= FIRST_REALTIME; witness--) {
        if (all.includes(witness) || !unused(used, [witness]) || !agree(masks, taken, witness)) continue
        return { standIn, action, witness }
      }
    }
  }
  return undefined
}

function unused(used: bigint, signals: readonly number[]): boolean {
  return (used & maskOf(signals)) === 0n
}

function agree(masks: readonly bigint[], taken: readonly number[], witness: number): boolean {
  const stand = maskOf(taken)
  return masks.every((mask) => (mask & stand) === ((mask & bitOf(witness)) === 0n ? 0n : stand))
}

/** A mask as the program means it, as the kernel gets it. */
export function toKernel(mask: bigint, { standIn }: VirtualSignals): bigint {
  const stand = residentMask << BigInt(standIn)
  return (mask & ~(residentMask | stand) & ALL) | ((mask & residentMask) << BigInt(standIn))
}

/** A mask as the kernel has it, as the program is to see it. One that still has resident signals was not taken over yet. */
export function toProgram(mask: bigint, virtual: VirtualSignals): bigint {
  const own = mask & residentMask
  const meant = own !== 0n ? own : (mask >> BigInt(virtual.standIn)) & residentMask
  return withStandInsShown((mask & ~residentMask & ALL) | meant, virtual)
}

/** Stand-ins as their witness is: what they were before they stood in. */
export function withStandInsShown(mask: bigint, { standIn, witness }: VirtualSignals): bigint {
  const stand = residentMask << BigInt(standIn)
  return (mask & bitOf(witness)) === 0n ? mask & ~stand & ALL : mask | stand
}

/**
 * First step of taking a mask over, which changes nothing that matters: afterwards a mask without resident signals means
 * the same before and after the second step, so that it does not matter where a tracer is killed.
 */
export function withoutStandIns(mask: bigint, { standIn }: VirtualSignals): bigint {
  return (mask & residentMask) === 0n ? mask & ~(residentMask << BigInt(standIn)) & ALL : mask
}

/** Second step. */
export function takenOver(mask: bigint, virtual: VirtualSignals): bigint {
  return (mask & residentMask) === 0n ? mask : toKernel(mask, virtual)
}

/** Undoes the second step. */
export function givenBack(mask: bigint, virtual: VirtualSignals): bigint {
  const standsIn = (mask & (residentMask << BigInt(virtual.standIn))) !== 0n
  return standsIn && (mask & residentMask) === 0n ? toProgram(mask, virtual) : mask
}
