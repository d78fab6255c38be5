import { assert } from '../bytes/assert.js'
import type { Program } from '../ir/program.js'
import type { IntegerType } from '../ir/value-type.js'
import { eventPayload } from '../store/event-layout.js'
import type { RowsRecord } from './program-record.js'

const FIRST_ROWS = 1024

/** Collects the rows that a program emits. */
export class RowWriter {
  readonly #columns: readonly (readonly Column[] | undefined)[]
  readonly #width: number
  #numbers: Float64Array
  #length = 0

  constructor(program: Pick<Program, 'events'>) {
    this.#columns = program.events.map((event, at) =>
      event.kind === 'row' ? columnsOf(event.types, eventPayload(program, at).offsets) : undefined,
    )
    const widths = new Set(this.#columns.flatMap((columns) => (columns === undefined ? [] : [columns.length])))
    assert(widths.size <= 1, 'all rows of a program have one width')
    this.#width = 1 + Math.max(0, ...widths)
    this.#numbers = new Float64Array(widths.size === 0 ? 0 : FIRST_ROWS * this.#width)
  }

  isRow(event: number): boolean {
    return this.#columns[event] !== undefined
  }

  get isEmpty(): boolean {
    return this.#length === 0
  }

  /** A row from where its values are. */
  add(event: number, from: DataView, at: number): void {
    this.#push(event)
    for (const { offset, bits } of this.#columns[event] ?? []) this.#push(readNumber(from, at + offset, bits))
  }

  addIntegers(event: number, values: readonly (bigint | Uint8Array)[]): void {
    this.#push(event)
    for (const value of values) this.#push(typeof value === 'bigint' ? Number(BigInt.asUintN(64, value)) : 0)
  }

  take(): RowsRecord {
    const numbers = this.#numbers.slice(0, this.#length)
    this.#length = 0
    return { kind: 'rows', numbers, width: this.#width }
  }

  #push(number: number): void {
    if (this.#length === this.#numbers.length) {
      const more = new Float64Array(2 * this.#numbers.length)
      more.set(this.#numbers)
      this.#numbers = more
    }
    this.#numbers[this.#length++] = number
  }
}

interface Column {
  readonly offset: number
  readonly bits: IntegerType['bits']
}

function columnsOf(types: readonly IntegerType[], offsets: readonly number[]): Column[] {
  return types.map(({ bits }, at) => ({ bits, offset: offsets[at] ?? 0 }))
}

function readNumber(from: DataView, at: number, bits: Column['bits']): number {
  if (bits === 64) return from.getUint32(at + 4, true) * 2 ** 32 + from.getUint32(at, true)
  if (bits === 32) return from.getUint32(at, true)
  return bits === 16 ? from.getUint16(at, true) : from.getUint8(at)
}
