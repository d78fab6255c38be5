import type { Address } from '../../bytes/address.js'
import { SIGACTION_SIZE } from '../../codegen/x64/signals/kernel-constants.js'
import type { Memory } from '../memory.js'
import type { RemoteCaller } from '../remote-call.js'

/** struct kernel_sigaction (arch/x86, as rt_sigaction takes it). */
export interface SignalAction {
  readonly handler: bigint
  readonly flags: bigint
  readonly restorer: bigint
  readonly mask: bigint
}

export const defaultAction: SignalAction = { handler: 0n, flags: 0n, restorer: 0n, mask: 0n }
export const ignoreAction: SignalAction = { ...defaultAction, handler: 1n }
const MASK_SIZE = 8

/** Asks for and sets a process's signal actions, through one of its threads. */
export class SignalActions {
  /** `scratch` is dead memory of the target. */
  constructor(
    private readonly caller: RemoteCaller,
    private readonly memory: Memory,
    private readonly scratch: Address,
  ) {
    caller.cover(scratch, Buffer.alloc(SIGACTION_SIZE))
  }

  /** @throws KernelError */
  get(signal: number): SignalAction {
    this.caller.call('rt_sigaction', signal, 0, this.scratch, MASK_SIZE)
    const bytes = this.memory.read(this.scratch, SIGACTION_SIZE)
    const word = (index: number): bigint => bytes.readBigUInt64LE(8 * index)
    return { handler: word(0), flags: word(1), restorer: word(2), mask: word(3) }
  }

  /** @throws KernelError */
  set(signal: number, { handler, flags, restorer, mask }: SignalAction): void {
    const bytes = Buffer.alloc(SIGACTION_SIZE)
    const words = [handler, flags, restorer, mask]
    for (const [index, word] of words.entries()) bytes.writeBigUInt64LE(word, 8 * index)
    this.memory.write(this.scratch, bytes)
    this.caller.call('rt_sigaction', signal, this.scratch, 0, MASK_SIZE)
  }
}

/** Gives the masks of these signals' actions the value that `change` makes of them. @throws KernelError */
export function changeActionMasks(
  actions: SignalActions,
  signals: readonly number[],
  change: (mask: bigint) => bigint,
): void {
  for (const signal of signals) {
    const action = actions.get(signal)
    const mask = change(action.mask)
    if (mask !== action.mask) actions.set(signal, { ...action, mask })
  }
}
