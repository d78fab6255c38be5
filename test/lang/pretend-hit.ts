import { address } from '../../src/bytes/address.js'
import type { HitEnvironment } from '../../src/codegen/interpreter/hit-environment.js'
import type { Value } from '../../src/codegen/interpreter/value.js'
import type { Input } from '../../src/ir/expression.js'
import type { Sample } from '../../src/ir/statement.js'

/** What a pretended hit has; everything else is 0. */
export interface PretendedHit {
  readonly arguments?: readonly bigint[]
  readonly registers?: Readonly<Record<string, bigint>>
  readonly comm?: string
  readonly returnValue?: bigint
  /** Addresses, innermost first. */
  readonly stack?: readonly bigint[]
  /** The only memory that there is, by its address. */
  readonly memory?: ReadonlyMap<bigint, Uint8Array>
}

/** A hit with pid 10, tid 11, and clocks that go on by one millisecond each time. */
export function pretendHit(hit: PretendedHit): HitEnvironment {
  let clock = 1_000_000_000n
  return {
    input: (input) => inputOf(hit, input),
    sample: (source) => {
      clock += 1_000_000n
      return sampleOf(source, clock)
    },
    readMemory: (from, length) => readPretended(hit.memory ?? new Map(), from, length),
    stack: (limit) => (hit.stack ?? []).slice(0, limit).map(address),
  }
}

function inputOf(hit: PretendedHit, input: Input): Value {
  switch (input.kind) {
    case 'argument':
      return hit.arguments?.[input.index] ?? 0n
    case 'register':
      return hit.registers?.[input.name] ?? 0n
    case 'comm':
      return Buffer.from((hit.comm ?? 'bpftrace').padEnd(16, '\0').slice(0, 16))
    case 'is-named':
      return input.name === (input.what === 'function' ? 'f0' : 'BEGIN') ? 1n : 0n
    case 'return-value':
      return hit.returnValue ?? 0n
    case 'pid':
      return 10n
    case 'tid':
      return 11n
    case 'processors':
      return 2n
    default:
      return 0n
  }
}

function sampleOf({ kind }: Sample, clock: bigint): bigint {
  return kind === 'random' ? 4n : kind === 'processor' ? 1n : clock
}

function readPretended(memory: ReadonlyMap<bigint, Uint8Array>, address: bigint, length: number): Uint8Array {
  for (const [start, bytes] of memory) {
    const offset = Number(address - start)
    if (address >= start && offset < bytes.length) return Uint8Array.from(bytes.subarray(offset, offset + length))
  }
  return new Uint8Array(0)
}
