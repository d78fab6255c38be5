import type { Address } from '../../../src/bytes/address.js'
import type { Effect, RunWarning } from '../../../src/codegen/interpreter/effect.js'
import type { HitEnvironment } from '../../../src/codegen/interpreter/hit-environment.js'
import { runHandler } from '../../../src/codegen/interpreter/run-handler.js'
import type { Value } from '../../../src/codegen/interpreter/value.js'
import { splitMix } from '../../../src/codegen/x64/program/sample.js'
import type { Input } from '../../../src/ir/expression.js'
import type { Sample } from '../../../src/ir/statement.js'
import type { MapSnapshot } from '../../../src/store/map-snapshot.js'
import { fixedInput } from './generate-program.js'
import { type CaseHit, fixedClocks, processorUsed, type RunCase, SEED } from './run-cases.js'
import { TableOrder } from './table-order.js'

export interface Interpretation {
  readonly snapshots: readonly MapSnapshot[]
  readonly effects: readonly Effect[]
  readonly warnings: readonly RunWarning[]
}

/** What a case is meant to leave behind. */
export function interpretCase({ program, hits, memory }: RunCase): Interpretation {
  const maps = new TableOrder(program)
  const random = new Random()
  let { tai } = fixedClocks
  const results = hits.flatMap((given) => {
    tai = given.tai ?? tai
    const hit = { ...given, tai }
    const handler = program.handlers[hit.handler]
    return handler === undefined ? [] : [runHandler(program, handler, environmentOf(hit, memory, random), maps)]
  })
  return {
    snapshots: program.maps.map((_, map) => maps.snapshot(map)),
    effects: results.flatMap(({ effects }) => effects),
    warnings: results.flatMap(({ warnings }) => warnings),
  }
}

function environmentOf(hit: Required<CaseHit>, memory: RunCase['memory'], random: Random): HitEnvironment {
  return {
    input: (input) => inputOf(hit, input),
    sample: (source) => (source.kind === 'clock' && source.clock === 'tai' ? hit.tai : sampleOf(source, random)),
    readMemory: (address, length) => readPages(memory, address, length),
    stack: () => [],
  }
}

function inputOf(hit: CaseHit, input: Input): Value {
  const fixed = fixedInput(input)
  if (fixed !== undefined) return fixed
  if (input.kind === 'argument') return BigInt.asUintN(64, hit.arguments[input.index] ?? 0n)
  if (input.kind === 'return-value') return BigInt.asUintN(64, hit.returnValue)
  if (input.kind === 'register' && input.name === 'ax') return BigInt.asUintN(64, hit.returnValue)
  return input.kind === 'comm' ? Buffer.from('handled'.padEnd(16, '\0')) : 0n
}

function sampleOf(source: Sample, random: Random): bigint {
  switch (source.kind) {
    case 'clock':
      return fixedClocks[source.clock]
    case 'elapsed':
      return fixedClocks.boot - fixedClocks.start
    case 'processor':
      return BigInt(processorUsed())
    case 'random':
      return random.next()
    default:
      return 0n
  }
}

class Random {
  #state = SEED

  next(): bigint {
    let value = this.#state
    this.#state = BigInt.asUintN(64, this.#state + splitMix.increment)
    for (const [at, shift] of splitMix.shifts.entries()) {
      value ^= value >> BigInt(shift)
      value = BigInt.asUintN(64, value * (splitMix.factors[at] ?? 1n))
    }
    return value
  }
}

/** Bytes up to the first page that is not there. */
function readPages(memory: RunCase['memory'], address: Address, length: number): Uint8Array {
  const bytes: number[] = []
  for (let at: bigint = address; bytes.length < length; at++) {
    const start = at & ~4095n
    const page = memory.get(start)
    if (page === undefined) break
    bytes.push(page[Number(at - start)] ?? 0)
  }
  return Uint8Array.from(bytes)
}
