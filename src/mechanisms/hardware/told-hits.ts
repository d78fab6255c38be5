import { sampledRegisters } from '../../kernel/perf-event.js'
import { isRegisterName, Registers } from '../../target/registers.js'
import type { HardwareProbes } from './hardware-probes.js'
import type { HardwareSample, SampledRegister } from './sample.js'

/** A hit of one of the breakpoints. `registers` is struct user_regs_struct. */
export interface ToldHit {
  readonly breakpoint: number
  readonly tid: number
  /** Which it is. */
  readonly hit: number
  readonly registers: Uint8Array
  /** CLOCK_MONOTONIC */
  readonly atNs: bigint
}

/** Tells a listener of hits as their samples come out of the kernel, in the order of their times. */
export class ToldHits {
  #told = 0n

  constructor(
    private readonly probes: HardwareProbes,
    private readonly onHit: (hit: ToldHit) => void,
  ) {}

  /** @returns whether there were any. */
  tell(): boolean {
    const samples = this.probes.samples()
    for (const sample of samples) this.#tellOf(sample)
    return samples.length > 0
  }

  /** Hits that nobody was told of. To be asked when the probes have been stopped, and all samples told. */
  missed(): bigint {
    return this.probes.read().reduce((sum, hits) => sum + hits, 0n) - this.#told
  }

  #tellOf(sample: HardwareSample): void {
    const registers = registersOf(sample)
    if (registers === undefined) return
    this.#told++
    const { breakpoint, tid, timeNs: atNs } = sample
    this.onHit({ breakpoint, tid, hit: Number(this.#told), registers, atNs })
  }
}

/** As struct user_regs_struct; what a sample does not have is 0. */
function registersOf({ registers: sampled, ip }: HardwareSample): Uint8Array | undefined {
  if (sampled === undefined) return undefined
  const registers = new Registers()
  registers.bytes.fill(0)
  for (const name of Object.keys(sampledRegisters))
    if (isRegisterName(name) && isSampled(name)) registers.set(name, sampled.get(name))
  registers.set('rip', ip)
  return registers.bytes
}

function isSampled(name: string): name is SampledRegister {
  return name in sampledRegisters
}
