import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DeadState } from '../../../src/codegen/x64/preserve.js'
import type { Program } from '../../../src/ir/program.js'
import { isRefusal } from '../../../src/refusal/refusal.js'
import { EventRings } from '../../../src/store/event-ring.js'
import { CONTROL, type ProgramLayout } from '../../../src/store/program-layout.js'
import { ProgramReader, type ReadArea } from '../../../src/store/program-reader.js'
import { checkoutRoot } from '../../programs/checkout.js'
import { CODE_AT, generateAll, type Surroundings, usual } from './generate-program.js'

const RETURN = 0xc3

/** Everything known beforehand but who the thread is. */
export const threaded: Surroundings = {
  ...usual,
  shape: { slots: 16, ringBytes: 1 << 16, stackTableBytes: 0, stackParts: 4 },
  ending: RETURN,
  constant: (input) => (input.kind === 'tid' ? undefined : usual.constant(input)),
}

export type Words = ReadonlyMap<number, bigint>

/** How threads hit: see run-hits.c. */
export interface Load {
  readonly threads: number
  readonly calls: number
  readonly keys: number
  readonly microseconds: number
  readonly waves: number
}

export interface ThreadHits {
  readonly tid: number
  readonly name: string
  readonly hits: bigint
}

/** What was hit, and what is in the data area at last. */
export interface LoadOutcome extends AreaReaders {
  readonly threads: readonly ThreadHits[]
  readonly keys: readonly bigint[]
  readonly hits: bigint
}

/** A hit that another one interrupts, and what was before. */
export interface Nesting {
  readonly prepare: number
  readonly outer: readonly [bigint, bigint]
  readonly inner: readonly [bigint, bigint]
  readonly later?: Words
}

/** What reads a data area that lies somewhere. */
export interface AreaReaders {
  readonly reader: ProgramReader
  readonly rings: EventRings
}

/** One program in a process of its own, whose data area is a file. */
export class HitRunner implements Disposable {
  readonly layout: ProgramLayout
  readonly #folder = mkdtempSync(join(tmpdir(), 'ring3-hits-'))
  readonly #lines: string[]
  readonly #entry: string

  constructor(
    readonly program: Program,
    state: DeadState,
    surroundings: Surroundings = threaded,
  ) {
    const made = generateAll(program, state, surroundings)
    assert.ok(!isRefusal(made), isRefusal(made) ? made.because : '')
    this.layout = made.layout
    this.#entry = hex(CODE_AT + BigInt(made.entries[0]?.entry ?? assert.fail()))
    this.#lines = [
      `code ${made.code.toString('hex')}`,
      `data ${hex(made.layout.size)}`,
      ...wordLines('word', new Map([[CONTROL.live, 1n]])),
    ]
    const source = join(checkoutRoot, 'test/codegen/program/run-hits.c')
    const flags = ['-O1', '-Wall', '-Wextra', '-mno-red-zone', '-pthread']
    const built = spawnSync('gcc', [...flags, '-o', join(this.#folder, 'run-hits'), source], { encoding: 'utf8' })
    assert.equal(built.status, 0, built.stderr)
  }

  /** The data area after each nested hit: one for every instruction of the outer one. */
  nest({ prepare, outer, inner, later }: Nesting): AreaReaders[] {
    const numbers = [prepare, ...outer, ...inner].map(hex)
    const lines = [
      ...this.#lines,
      ...wordLines('later', later ?? new Map()),
      `nest ${this.#entry} ${numbers.join(' ')}`,
    ]
    writeFileSync(this.#data, Buffer.alloc(this.layout.size))
    const ran = spawnSync(join(this.#folder, 'run-hits'), [this.#data], {
      input: `${lines.join('\n')}\n`,
      encoding: 'utf8',
      timeout: 60_000,
      maxBuffer: 2 ** 30,
    })
    assert.equal(ran.status, 0, `run-hits: ${ran.signal ?? ran.status}`)
    return ran.stdout
      .trimEnd()
      .split('\n')
      .map((line) => readersOf(this.program, this.layout, areaOf(line, this.layout)))
  }

  /** Runs threads, and `meanwhile` again and again, at last when they have ended. */
  async hammer(load: Load, meanwhile: (area: LiveArea) => void = () => {}): Promise<LoadOutcome> {
    writeFileSync(this.#data, Buffer.alloc(this.layout.size))
    using area = new LiveArea(this.program, this.layout, openSync(this.#data, 'r+'))
    const child = spawn(join(this.#folder, 'run-hits'), [this.#data], { stdio: ['pipe', 'pipe', 'inherit'] })
    const { threads, calls, keys, microseconds, waves } = load
    const numbers = [threads, calls, keys, microseconds, waves].map(hex)
    child.stdin.end(`${[...this.#lines, `threads ${this.#entry} ${numbers.join(' ')}`].join('\n')}\n`)
    const output: string[] = []
    child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text))
    const ending: { how?: number | string | null } = {}
    child.on('close', (code, signal) => {
      ending.how = signal ?? code
    })
    while (ending.how === undefined) {
      meanwhile(area)
      await new Promise((wake) => setTimeout(wake, 1))
    }
    assert.equal(ending.how, 0)
    meanwhile(area)
    const bytes = area.read(0, this.layout.size)
    const read: ReadArea = (offset, length) => bytes.subarray(offset, offset + length)
    return { ...readersOf(this.program, this.layout, read), ...outcomeOf(output.join('')) }
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  get #data(): string {
    return join(this.#folder, 'data')
  }
}

/** A data area that its program may be writing to. */
export class LiveArea implements AreaReaders, Disposable {
  readonly reader: ProgramReader
  readonly rings: EventRings

  constructor(
    program: Program,
    readonly layout: ProgramLayout,
    readonly file: number,
  ) {
    const { reader, rings } = readersOf(program, layout, (offset, length) => this.read(offset, length))
    this.reader = reader
    this.rings = rings
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = Buffer.alloc(length)
    readSync(this.file, bytes, 0, length, offset)
    return bytes
  }

  word(offset: number): bigint {
    return Buffer.from(this.read(offset, 8)).readBigUInt64LE()
  }

  writeWord(offset: number, value: bigint): void {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(value)
    writeSync(this.file, bytes, 0, 8, offset)
  }

  [Symbol.dispose](): void {
    closeSync(this.file)
  }
}

function readersOf(program: Program, layout: ProgramLayout, read: ReadArea): AreaReaders {
  return { reader: new ProgramReader(program, layout, read), rings: new EventRings(program, layout, read) }
}

function areaOf(line: string, layout: ProgramLayout): ReadArea {
  const area = Buffer.alloc(layout.size)
  for (const word of line.split(' ')) {
    const [offset = '', value = ''] = word.split(':')
    area.writeBigUInt64LE(BigInt(`0x${value}`), Number.parseInt(offset, 16))
  }
  return (offset, length) => area.subarray(offset, offset + length)
}

function outcomeOf(output: string): Omit<LoadOutcome, keyof AreaReaders> {
  const lines = output.trimEnd().split('\n')
  const threads = lines.flatMap((line) => {
    const [, tid = '', name = '', hits = ''] = /^tid (\S+) (.*) (\S+)$/.exec(line) ?? []
    return tid === '' ? [] : [{ tid: Number.parseInt(tid, 16), name, hits: BigInt(`0x${hits}`) }]
  })
  const keys = (lines.at(-1) ?? '')
    .split(' ')
    .slice(1)
    .map((count) => BigInt(`0x${count}`))
  return { threads, keys, hits: keys.reduce((sum, count) => sum + count, 0n) }
}

function wordLines(command: string, words: Words): string[] {
  return [...words].map(([offset, value]) => `${command} ${hex(offset)} ${hex(value)}`)
}

function hex(number: number | bigint): string {
  return number.toString(16)
}
