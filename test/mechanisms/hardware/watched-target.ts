import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { type Address, address } from '../../../src/bytes/address.js'
import { isError } from '../../../src/kernel/door.js'
import { EINVAL, errnoName } from '../../../src/kernel/errno.js'
import { ANY_CPU, encodeBreakpoint, tryOpenEvent } from '../../../src/kernel/perf-event.js'
import { openRealDoor } from '../../../src/kernel/real-door.js'
import type { HardwareProbes } from '../../../src/mechanisms/hardware/hardware-probes.js'
import { type Breakpoint, onInstruction } from '../../../src/mechanisms/hardware/plan.js'
import { isRefusal, type Refusal } from '../../../src/refusal/refusal.js'
import { buildProgram } from '../../programs/build.js'
import { type StartOptions, startTarget, type Target } from '../../programs/start-target.js'

export const door = openRealDoor()

/** What `watched` says it did, and where. */
const data = {
  byte: ['byte', 'write', 1],
  half: ['half', 'write', 2],
  word: ['word', 'write', 4],
  quad: ['quad', 'write', 8],
  quad_accesses: ['quad', 'read-write', 8],
} as const

/**
 * Why nothing can be tried on this machine, if so: a breakpoint on this very thread, never reached. That the kernel does
 * not understand it would be a defect.
 */
export function missingHardware(): string | undefined {
  const attr = encodeBreakpoint({ access: 'write', address: address(8), length: 8, sampled: false })
  const fd = tryOpenEvent(door, attr, 0, ANY_CPU)
  assert.notEqual(fd, -EINVAL)
  if (isError(fd)) return `no breakpoints through perf_event_open here: ${errnoName(-fd)}`
  door.invoke({ name: 'close', args: [fd] })
  return undefined
}

/** What `watched` did in a round, by name. */
export type Tally = ReadonlyMap<string, bigint>

/** A running `watched`, with the breakpoints that it can count. */
export class WatchedTarget implements AsyncDisposable {
  private constructor(
    readonly target: Target,
    private readonly addresses: ReadonlyMap<string, Address>,
  ) {}

  /** Skips the test, with the reason, where it cannot be. */
  static async start(
    t: TestContext,
    args: readonly string[],
    options: StartOptions = {},
  ): Promise<WatchedTarget | undefined> {
    const missing = missingHardware()
    if (missing !== undefined) return void t.skip(missing)
    const built = await buildProgram('watched')
    if (built.kind === 'missing') return void t.skip(built.because)
    const target = await startTarget(built.path, args, options)
    const where = await target.ask('where', /^where /)
    const pairs = [...where.matchAll(/(\w+)=(0x[0-9a-f]+)/g)]
    return new WatchedTarget(target, new Map(pairs.map(([, name = '', at = '']) => [name, address(BigInt(at))])))
  }

  get pid(): number {
    return this.target.pid
  }

  addressOf(name: string): Address {
    const at = this.addresses.get(name)
    assert.ok(at !== undefined, `watched has no ${name}`)
    return at
  }

  /** An instruction by its label, or a range with the access. */
  breakpoint(name: string): Breakpoint {
    const entry = Object.entries(data).find(([key]) => key === name)
    if (entry === undefined) return onInstruction(name, this.addressOf(name))
    const [variable, access, length] = entry[1]
    return { key: name, access, length, address: this.addressOf(variable) }
  }

  breakpoints(...names: readonly string[]): Breakpoint[] {
    return names.map((name) => this.breakpoint(name))
  }

  /** One round of work, which must come out right. @returns what it executed and accessed, by name. */
  async work(): Promise<Tally> {
    const line = await this.target.ask('go', /^counted/, 120_000)
    const tally = new Map([...line.matchAll(/(\w+)=(\d+)/g)].map(([, name = '', n = '']) => [name, BigInt(n)]))
    assert.equal(tally.get('wrong'), 0n, line)
    return tally
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.target.stop()
  }
}

/** Fails the test with the refusal's sentence. */
export function installed(result: HardwareProbes | Refusal): HardwareProbes {
  assert.ok(!isRefusal(result), isRefusal(result) ? result.because : '')
  return result
}

/** Counts by name, as `work` gives them. */
export function countsOf(probes: HardwareProbes, breakpoints: readonly Breakpoint[]): Record<string, bigint> {
  const hits = probes.read()
  return Object.fromEntries(breakpoints.map(({ key }, index) => [key, hits[index] ?? -1n]))
}

/** The same from the program's own tallies, added up. */
export function expectedOf(tallies: readonly Tally[], breakpoints: readonly Breakpoint[]): Record<string, bigint> {
  const sum = (key: string): bigint => tallies.reduce((total, tally) => total + (tally.get(key) ?? -1n), 0n)
  return Object.fromEntries(breakpoints.map(({ key }) => [key, sum(key)]))
}
