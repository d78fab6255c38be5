import { type Address, address, hex, offsetBy } from '../bytes/address.js'
import { assert } from '../bytes/assert.js'
import { EEXIST } from '../kernel/errno.js'
import { tryReadText } from '../kernel/files.js'
import { insist } from '../kernel/insist.js'
import { KernelError } from '../kernel/kernel-error.js'
import { isRefusal, type Refusal, refuse } from '../refusal/refusal.js'
import type { AddedRange, AreaImage } from './installation.js'
import { HEADER_SIZE, headerWithoutEdits } from './manifest.js'
import type { MemoryRange } from './memory.js'
import type { RemoteCaller } from './remote-call.js'
import { type RemoteTarget, withRemoteCalls } from './remote-session.js'
import type { TargetProcess } from './target-process.js'
import { type StoppedTarget, stopTarget } from './threads.js'

const PROT_READ = 1
const PROT_WRITE = 2
const PROT_EXEC = 4
const MAP_PRIVATE = 0x02
const MAP_ANONYMOUS = 0x20
const MAP_NORESERVE = 0x4000
const MAP_FIXED_NOREPLACE = 0x10_0000
const NO_FILE = -1
const PLACE_TRIES = 5
const MADV_NOHUGEPAGE = 15
const MADV_WIPEONFORK = 18

/** The data area: where it goes and what its first bytes are, and some further on. */
export interface DataImage extends AddedRange {
  readonly head: Uint8Array
  readonly tail?: PlacedBytes | undefined
}

export interface PlacedBytes {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** What a change under a stop took. */
export interface Held {
  readonly heldNs: bigint
}

/** Areas that only a stop is needed for. */
export interface PreparedAreas {
  readonly target: TargetProcess
  readonly areas: readonly AreaImage[]
  readonly data: DataImage | undefined
  readonly remote: RemoteTarget
  /** The thread that is to map them. */
  readonly caller: number
  /** The kernel gives every program huge pages. */
  readonly hugePagesForAll: boolean
}

/** Reads what is to be known before the stop. @throws KernelError */
export function prepareAreas(
  target: TargetProcess,
  areas: readonly AreaImage[],
  data: DataImage | undefined,
): PreparedAreas {
  const caller = target.tid
  const remote = remoteTarget(target, caller)
  return { target, areas, data, caller, remote, hugePagesForAll: areHugePagesForAll(target) }
}

/**
 * Adds the areas to the target, filled, in a stop of all threads that was made for the caller. When it refuses or throws, nothing
 * has been added.
 * @throws KernelError
 */
export function addAreas(prepared: PreparedAreas, { threads }: StoppedTarget): Refusal | undefined {
  const { target, areas, data, remote, caller } = prepared
  if (areas.every(({ backing }) => backing === 'padding')) return fillPadding(target, areas)
  const thread = threads.find(({ tid }) => tid === caller)
  if (thread === undefined) return gone(target)
  const codeRanges = areas.map(({ address, bytes }) => ({ start: address, size: bytes.length }))
  const ranges = data === undefined ? codeRanges : [data, ...codeRanges]
  return withRemoteCalls(remote, thread, ranges, (calls) => {
    mapAreas(prepared, calls)
    return undefined
  })
}

function mapAreas(prepared: PreparedAreas, calls: RemoteCaller): void {
  const { target, areas, data } = prepared
  const added: MemoryRange[] = []
  try {
    if (data !== undefined) addData(prepared, calls, added, data)
    for (const area of areas) {
      mapRange(calls, added, { start: area.address, size: area.bytes.length }, PROT_READ | PROT_EXEC, 0)
      fill(target, area)
    }
  } catch (error) {
    for (const { start, size } of added.toReversed()) insist(() => calls.call('munmap', start, size))
    throw error
  }
}

function addData(
  { target, hugePagesForAll }: PreparedAreas,
  caller: RemoteCaller,
  added: MemoryRange[],
  data: DataImage,
): void {
  mapRange(caller, added, data, PROT_READ | PROT_WRITE, MAP_NORESERVE)
  caller.call('madvise', data.start, data.size, MADV_WIPEONFORK)
  // Else a word of a thread costs 2 MiB.
  if (hugePagesForAll) caller.call('madvise', data.start, data.size, MADV_NOHUGEPAGE)
  target.memory.write(data.start, data.head)
  if (data.tail !== undefined) target.memory.write(offsetBy(data.start, data.tail.offset), data.tail.bytes)
}

/** See Documentation/admin-guide/mm/transhuge.rst. */
function areHugePagesForAll({ door }: TargetProcess): boolean {
  return tryReadText(door, '/sys/kernel/mm/transparent_hugepage/enabled')?.includes('[always]') === true
}

function fillPadding(target: TargetProcess, areas: readonly AreaImage[]): undefined {
  const filled: AreaImage[] = []
  try {
    for (const area of areas) {
      filled.push(area)
      fill(target, area)
    }
    return undefined
  } catch (error) {
    for (const { address, bytes } of filled) insist(() => target.memory.write(address, Buffer.alloc(bytes.length)))
    throw error
  }
}

/** A header without edits first, so that what is half filled can be found and removed; the full one last. */
function fill(target: TargetProcess, { address, bytes }: AreaImage): void {
  const header = bytes.subarray(0, HEADER_SIZE)
  target.memory.write(address, headerWithoutEdits(header))
  target.memory.write(offsetBy(address, HEADER_SIZE), bytes.subarray(HEADER_SIZE))
  target.memory.write(address, header)
}

/**
 * Removes what was added. No thread may be in the code, or return into it. The data goes first: a code area that is still
 * there names the rest in its manifest.
 * @throws KernelError
 */
export function removeAreas(target: TargetProcess, ranges: readonly AddedRange[]): Held | Refusal {
  for (const { start, size } of ranges.filter(({ backing }) => backing === 'padding')) {
    insist(() => target.memory.write(start, Buffer.alloc(size)))
  }
  // What is gone is not unmapped again when the rest is tried again: the target may have taken the place.
  const left = ranges.filter(({ backing }) => backing === 'mapped')
  if (left.length === 0) return { heldNs: 0n }
  return insist(() =>
    inOneThread(target, [...left], (caller) => {
      for (let range = left[0]; range !== undefined; range = left[0]) {
        caller.call('munmap', range.start, range.size)
        left.shift()
      }
      return undefined
    }),
  )
}

function mapRange(
  caller: RemoteCaller,
  added: MemoryRange[],
  range: MemoryRange,
  protection: number,
  flags: number,
): void {
  const fixed = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | flags
  const got = caller.call('mmap', range.start, range.size, protection, fixed, NO_FILE, 0)
  const start = address(got)
  added.push({ start, size: range.size })
  assert(start === range.start, `the kernel mapped ${hex(start)} instead of ${hex(range.start)}`)
}

function inOneThread(
  target: TargetProcess,
  ranges: readonly MemoryRange[],
  work: (caller: RemoteCaller) => Refusal | undefined,
): Held | Refusal {
  const { door, pid, tid } = target
  const remote = remoteTarget(target, tid)
  const stop = stopTarget(door, pid, { only: tid })
  if (isRefusal(stop)) return stop
  using held = stop
  const thread = held.threads.find((each) => each.tid === tid)
  if (thread === undefined || !target.hasSameMemory()) return gone(target)
  const result = withRemoteCalls(remote, thread, ranges, work)
  held.release()
  return isRefusal(result) ? result : { heldNs: held.heldNs() }
}

function remoteTarget(target: TargetProcess, tid: number): RemoteTarget {
  const { door, pid, memory, entry } = target
  return { door, pid, memory, entry, maps: target.maps(), filtered: target.isFiltered(tid) }
}

function gone({ pid }: TargetProcess): Refusal {
  return refuse('target-gone', `process ${pid} has ended or called exec`)
}

/**
 * Makes a plan and carries it out, and does so anew while the target has mapped something where an area was to be.
 * @param ready a plan that was made already, for the first try.
 * @throws KernelError
 */
export function untilPlaced<P, T>(
  makePlan: () => P | Refusal,
  carryOut: (plan: P) => T | Refusal,
  ready?: P,
): T | Refusal {
  for (let tries = 1; ; tries++) {
    const plan = tries === 1 && ready !== undefined ? ready : makePlan()
    if (isRefusal(plan)) return plan
    try {
      return carryOut(plan)
    } catch (error) {
      if (!isPlaceTaken(error) || tries === PLACE_TRIES) throw error
    }
  }
}

function isPlaceTaken(error: unknown): boolean {
  return error instanceof KernelError && error.call.name === 'mmap' && error.errno === EEXIST
}

/** A range in words, for messages. */
export function describeRange({ start, size }: { readonly start: Address; readonly size: number }): string {
  return `${hex(start)}–${hex(start + BigInt(size))}`
}
