import { type Address, address } from '../../bytes/address.js'
import { sampledRegisters } from '../../kernel/perf-event.js'

export type SampledRegister = keyof typeof sampledRegisters

const indexes: ReadonlyMap<string, number> = new Map(
  Object.entries(sampledRegisters)
    .sort(([, a], [, b]) => a - b)
    .map(([name], index) => [name, index]),
)

/** PERF_SAMPLE_REGS_ABI_64. A thread that has left 64-bit mode has no such registers. */
const ABI_64 = 2n

/** The general registers of a thread at a hit. */
export class SampledRegisters {
  constructor(private readonly bytes: Buffer) {}

  get(name: SampledRegister): bigint {
    return this.bytes.readBigUInt64LE((indexes.get(name) ?? 0) * 8)
  }
}

/**
 * A hit, as the kernel wrote it down when it happened. The thread has gone on since: the registers are those of the hit,
 * memory is what it is by now.
 */
export interface HardwareSample {
  /** Which of the breakpoints. */
  readonly breakpoint: number
  readonly tid: number
  /** CLOCK_MONOTONIC, as `process.hrtime` has it. */
  readonly timeNs: bigint
  /** Of an instruction, itself, which has not been executed; of a watched access, the instruction behind the one that made it. */
  readonly ip: Address
  readonly registers: SampledRegisters | undefined
}

/**
 * The body of a PERF_RECORD_SAMPLE as `encodeBreakpoint` asks for it: identifier, ip, pid and tid, time, register ABI,
 * registers (perf_event_open(2)). Undefined for an event that is not in `breakpoints`.
 */
export function decodeSample(body: Buffer, breakpoints: ReadonlyMap<bigint, number>): HardwareSample | undefined {
  const breakpoint = breakpoints.get(body.readBigUInt64LE(0))
  if (breakpoint === undefined) return undefined
  const hasRegisters = body.readBigUInt64LE(32) === ABI_64
  return {
    breakpoint,
    ip: address(body.readBigUInt64LE(8)),
    tid: body.readUInt32LE(20),
    timeNs: body.readBigUInt64LE(24),
    registers: hasRegisters ? new SampledRegisters(body.subarray(40)) : undefined,
  }
}
