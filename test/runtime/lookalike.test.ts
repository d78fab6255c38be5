import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Address, address, offsetBy, PAGE_SIZE } from '../../src/bytes/address.js'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { cleanProcess } from '../../src/session/clean-process.js'
import { encodeIntent } from '../../src/target/intent.js'
import { encodeEdits, encodeHeader, HEADER_SIZE, type Manifest } from '../../src/target/manifest.js'
import { Memory } from '../../src/target/memory.js'
import { readMaps } from '../../src/target/memory-map.js'
import { findModules, loadModule } from '../../src/target/module.js'
import { codePadding, dataPadding } from '../../src/target/padding.js'
import { buildProgram } from '../programs/build.js'
import { startTarget } from '../programs/start-target.js'

/** Bytes of each piece of memory that the program names. */
const SIZE = 2048
const CODE_SIZE = 768

interface Pieces {
  readonly variables: Address
  readonly code: Address
  readonly page: Address
  readonly stack: Address
  /** The real padding of the executable. */
  readonly codePadding: Address
  readonly dataPadding: Address
}

/** What somebody writes into the program's memory. */
interface Forgery {
  readonly at: Address
  readonly bytes: Buffer
}

const nobody = { ownerPid: 4_194_303, ownerStart: 1n }

function manifest(at: Address, more: Partial<Manifest>): Forgery {
  const whole: Manifest = {
    codeSize: CODE_SIZE,
    dataAddress: address(0),
    dataSize: 8,
    backing: 'padding',
    ...nobody,
    edits: [],
    ...more,
  }
  const bytes = Buffer.alloc(CODE_SIZE, 0xcc)
  encodeHeader(whole, HEADER_SIZE).copy(bytes)
  encodeEdits(whole.edits).copy(bytes, HEADER_SIZE)
  return { at, bytes }
}

/** An edit that would turn what is there into zeros. */
function zeroing(site: Address, now: Buffer): Manifest['edits'][number] {
  return {
    site,
    before: Buffer.alloc(5),
    after: now.subarray(0, 5),
    trampolineStart: 512,
    trampolineEnd: 600,
    points: [],
    exits: [],
  }
}

/** An intent to map a page. */
function intent(at: Address, page: Address): Forgery {
  const owner = { pid: nobody.ownerPid, startTime: nobody.ownerStart }
  const ranges = [{ start: page, size: PAGE_SIZE }]
  return { at, bytes: encodeIntent({ stub: page, covered: Buffer.alloc(9), ranges, owner }) }
}

const mapped = { backing: 'mapped', codeSize: PAGE_SIZE } as const

const forgeries: Readonly<
  Record<string, (pieces: Pieces, read: (at: Address) => Buffer) => Forgery | readonly Forgery[]>
> = {
  'a manifest in padding that names variables as its counters': ({ codePadding, variables }) =>
    manifest(codePadding, { dataAddress: variables, dataSize: SIZE }),
  'a manifest in padding that names counters larger than the padding': ({ codePadding, dataPadding }) =>
    manifest(codePadding, { dataAddress: offsetBy(dataPadding, -64), dataSize: 64 }),
  'a manifest in code': ({ code, dataPadding }) => manifest(code, { dataAddress: dataPadding }),
  'a manifest in a page of the program that wants to be unmapped': ({ page }) => manifest(page, mapped),
  'a manifest in a page of the program with an edit of variables': ({ page, variables }, read) =>
    manifest(page, { ...mapped, edits: [zeroing(variables, read(variables))] }),
  'a manifest in a page of the program with an edit of code': ({ page, code }, read) =>
    manifest(page, { ...mapped, edits: [zeroing(offsetBy(code, 100), read(offsetBy(code, 100)))] }),
  'a manifest in a page of the program with an edit of that page': ({ page }, read) =>
    manifest(page, { ...mapped, edits: [zeroing(offsetBy(page, SIZE), read(offsetBy(page, SIZE)))] }),
  'an intent in the used part of the stack': ({ stack, page }) => intent(stack, page),
  'an intent in the used part of the stack, for a manifest in a page of the program': ({ stack, page }) => [
    intent(stack, page),
    manifest(page, mapped),
  ],
}

for (const [what, forge] of Object.entries(forgeries)) {
  test(`clean leaves alone ${what}`, async (t) => {
    const built = await buildProgram('lookalike')
    if (built.kind === 'missing') return t.skip(built.because)
    await using target = await startTarget(built.path)
    const door = openRealDoor()
    using memory = new Memory(door, target.pid)
    const pieces = piecesOf(target.stdout.all[0] ?? '', memory, target.pid)
    const read = (at: Address): Buffer => memory.read(at, SIZE)
    for (const { at, bytes } of [forge(pieces, read)].flat()) memory.write(at, bytes)
    const contents = (): Buffer[] => rangesOf(pieces).map(([start, size]) => memory.read(start, size))
    const before = contents()
    const cleaned = cleanProcess(door, target.pid)
    assert.ok(!isRefusal(cleaned))
    assert.deepEqual([cleaned.areas, cleaned.interruptedCall], [0, false])
    assert.deepEqual(contents(), before)
    assert.equal(await target.ask('report'), 'made=7')
  })
}

/** What must stay as it is, bytes and all. */
function rangesOf({ variables, code, page, stack, codePadding, dataPadding }: Pieces): [Address, number][] {
  const used = offsetBy(dataPadding, -64)
  return [
    [variables, SIZE],
    [code, CODE_SIZE],
    [page, PAGE_SIZE],
    [stack, SIZE],
    [codePadding, CODE_SIZE],
    [used, 128],
  ]
}

function piecesOf(ready: string, memory: Memory, pid: number): Pieces {
  const piece = (name: string): Address => address(BigInt(new RegExp(` ${name}=(\\w+)`).exec(ready)?.[1] ?? 0))
  const door = openRealDoor()
  const [executable] = findModules(readMaps(door, pid))
  assert.ok(executable !== undefined)
  const module = loadModule(door, memory, executable)
  assert.ok(!isRefusal(module))
  const [inCode, inData] = [codePadding(module)[0], dataPadding(module)[0]]
  assert.ok(inCode !== undefined && inCode.size >= CODE_SIZE && inData !== undefined && inData.size >= 64)
  return {
    variables: piece('variables'),
    code: piece('code'),
    page: piece('page'),
    stack: piece('stack'),
    codePadding: inCode.start,
    dataPadding: inData.start,
  }
}
