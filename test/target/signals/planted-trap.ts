import assert from 'node:assert/strict'
import { type Address, address, offsetBy } from '../../../src/bytes/address.js'
import { encodeTable } from '../../../src/codegen/x64/signals/resident-code.js'
import { isRefusal } from '../../../src/refusal/refusal.js'
import { addAreas, type DataImage, prepareAreas } from '../../../src/target/area.js'
import { EditSet, type PlacedEdit } from '../../../src/target/edit-set.js'
import { type AreaImage, type Installation, installedArea } from '../../../src/target/installation.js'
import { encodeEdits, encodeHeader, HEADER_SIZE } from '../../../src/target/manifest.js'
import { thisProcess } from '../../../src/target/owner.js'
import { applyPatch, preparePatch } from '../../../src/target/patch.js'
import { placeNear } from '../../../src/target/placement.js'
import type { PublishedTable, ResidentSignals } from '../../../src/target/signals/resident-signals.js'
import type { TargetProcess } from '../../../src/target/target-process.js'
import { moveIntoTrampolines } from '../../../src/target/thread-moves.js'
import { stopTarget } from '../../../src/target/threads.js'
import { uninstall } from '../../../src/target/uninstall.js'

const PUSH_RBP = 0x55
const INT3 = 0xcc
const LOCK_INC_LENGTH = 8
const COUNTER = 4096
const RECORDS = 1024
const TABLE = 2048
const FAULT_TABLE = 3072

/** Machine code that does an int3's work, at `at`, for the site. */
export interface TrapCode {
  readonly make: (at: Address, site: Address, counter: Address) => Buffer
  /** Where the `push %rbp` is in it. */
  readonly push: number
  /** Its first instruction may fault: then its address is looked up in such a table. */
  readonly fault?: 'fixups' | 'origins'
  /** What that table holds for it, from the beginning of the code; the site where nothing is said. */
  readonly landing?: number
}

/** An int3 over a `push %rbp`, which the resident handler sends to code that counts, pushes and goes on. */
export class PlantedTrap {
  private constructor(
    private readonly target: TargetProcess,
    private readonly resident: ResidentSignals,
    private readonly installation: Installation,
    private readonly tables: readonly PublishedTable[],
    private readonly counter: Address,
  ) {}

  /** `code` is what the thread goes on with: by default, what counts and then does what the int3 replaced. */
  static plant(
    target: TargetProcess,
    resident: ResidentSignals,
    site: Address,
    code: TrapCode = countingCode,
  ): PlantedTrap {
    const at = placeNear(target.maps(), { start: site, end: site }, 3 * 4096)
    assert.ok(at !== undefined)
    const data: DataImage = { start: offsetBy(at, 4096), size: 8192, backing: 'mapped', head: Buffer.alloc(8) }
    const counter = offsetBy(data.start, COUNTER)
    const area = trapArea(at, site, counter, data, thisProcess(target.door), code)
    addTo(target, area, data)
    const table = offsetBy(at, TABLE)
    const tables: PublishedTable[] = [{ kind: 'traps', address: table }]
    if (code.fault !== undefined) tables.push({ kind: code.fault, address: offsetBy(at, FAULT_TABLE) })
    resident.publish('traps', table)
    if (code.fault !== undefined) resident.publish(code.fault, offsetBy(at, FAULT_TABLE))
    write(target, area.edits)
    return new PlantedTrap(target, resident, { areas: [installedArea(area)], data }, tables, counter)
  }

  hits(): bigint {
    return this.target.memory.read(this.counter, 8).readBigUInt64LE()
  }

  /** Sentences about what is left; the hits at last. */
  remove(): { readonly remaining: readonly string[]; readonly hits: bigint } {
    let hits = 0n
    const { remaining } = uninstall(
      this.target,
      this.installation,
      () => {
        hits = this.hits()
      },
      this.resident.useOf(...this.tables),
    )
    return { remaining, hits }
  }
}

function addTo(target: TargetProcess, area: AreaImage, data: DataImage): void {
  const prepared = prepareAreas(target, [area], data)
  const stop = stopTarget(target.door, target.pid, { caller: prepared.caller })
  assert.ok(!isRefusal(stop), isRefusal(stop) ? stop.because : '')
  using held = stop
  assert.equal(addAreas(prepared, held), undefined)
}

function write(target: TargetProcess, edits: readonly PlacedEdit[]): void {
  const prepared = preparePatch(target.memory, edits, 'install')
  const stacks = target.stackScanner()
  const stop = stopTarget(target.door, target.pid)
  assert.ok(!isRefusal(stop), isRefusal(stop) ? stop.because : '')
  using held = stop
  const stuck = moveIntoTrampolines(
    { door: target.door, memory: target.memory, stacks },
    held.threads,
    new EditSet(edits, []),
  )
  assert.equal(stuck.length, 0)
  assert.equal(applyPatch(target.memory, prepared).unexpected.length, 0)
}

function trapArea(
  at: Address,
  site: Address,
  counter: Address,
  data: DataImage,
  owner: { readonly pid: number; readonly startTime: bigint },
  code: TrapCode,
): AreaImage {
  const trampoline = offsetBy(at, HEADER_SIZE)
  const edit: PlacedEdit = {
    site,
    before: Uint8Array.of(PUSH_RBP),
    after: Uint8Array.of(INT3),
    trampoline,
    trampolineStart: HEADER_SIZE,
    trampolineEnd: HEADER_SIZE + 64,
    points: [
      { original: 0, relocated: code.push },
      { original: 1, relocated: code.push + 1 },
    ],
    exits: [],
  }
  const bytes = Buffer.alloc(4096)
  const manifest = {
    codeSize: bytes.length,
    dataAddress: data.start,
    dataSize: data.size,
    backing: 'mapped' as const,
    ownerPid: owner.pid,
    ownerStart: owner.startTime,
    edits: [edit],
  }
  encodeHeader(manifest, RECORDS).copy(bytes)
  encodeEdits([edit]).copy(bytes, RECORDS)
  encodeTable([[site, trampoline]]).copy(bytes, TABLE)
  const landing = code.landing === undefined ? site : offsetBy(trampoline, code.landing)
  encodeTable([[trampoline, landing]]).copy(bytes, FAULT_TABLE)
  code.make(trampoline, site, counter).copy(bytes, HEADER_SIZE)
  return { address: at, backing: 'mapped', bytes, edits: [edit] }
}

const countingCode: TrapCode = { make: countAndGoOn, push: LOCK_INC_LENGTH }

/** `lock incq counter(%rip); push %rbp; jmp site + 1` */
function countAndGoOn(at: Address, site: Address, counter: Address): Buffer {
  const code = Buffer.from('f048ff050000000055e900000000', 'hex')
  code.writeInt32LE(Number(counter - offsetBy(at, LOCK_INC_LENGTH)), 4)
  code.writeInt32LE(Number(address(site + 1n) - offsetBy(at, code.length)), 10)
  return code
}

const LOAD_LENGTH = 3

/** `mov (%rdi), %rax` first, which faults for small numbers; what it goes on with then counts. */
export const loadingCode: TrapCode = {
  make: (at, site, counter) =>
    Buffer.concat([Buffer.from('488b07', 'hex'), countAndGoOn(offsetBy(at, LOAD_LENGTH), site, counter)]),
  push: LOAD_LENGTH + LOCK_INC_LENGTH,
  fault: 'fixups',
  landing: LOAD_LENGTH,
}
