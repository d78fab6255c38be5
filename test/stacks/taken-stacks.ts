import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Address, address } from '../../src/bytes/address.js'
import { openRealDoor } from '../../src/kernel/real-door.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { attach } from '../../src/ring3.js'
import type { StackScene } from '../../src/stacks/stack-scene.js'
import { walkStack } from '../../src/stacks/walk-stack.js'
import { TargetProcess } from '../../src/target/target-process.js'
import { type PlacedUnwinding, unwindingsOf } from './recorded-scene.js'

/** A stack that machine code has taken in a process, and what it has seen of it. */
export interface TakenStack {
  readonly addresses: readonly bigint[]
  readonly sp: bigint
  readonly fp: bigint
  readonly r10: bigint
  /** From sp on. */
  readonly bytes: Buffer
}

const PART_BYTES = 1024
const PARTS = 8
/** One hit in so many is looked at. */
const SAMPLE = 61

/** Each handler has room for a part of the stack; all of them run at one hit. */
function script(probe: string): string {
  const parts = Array.from(
    { length: PARTS },
    (_, part) =>
      `uprobe:${probe} /@picked[tid] == 1/ { printf("part %lx %rx\\n", reg("sp"), buf(reg("sp") + ${part * PART_BYTES}, ${PART_BYTES})) }`,
  )
  return [
    `config = { max_strlen = ${PART_BYTES + 8}; perf_rb_pages = 1024 }`,
    `uprobe:${probe} { @picked[tid] = rand % ${SAMPLE} == 0 ? 1 : 0 }`,
    `uprobe:${probe} /@picked[tid] == 1/ { printf("stack %lx %lx %lx %s\\n", reg("sp"), reg("bp"), reg("r10"), ustack(raw)) }`,
    ...parts,
  ].join('\n')
}

/** Takes so many stacks at a probe, by jump or signal. */
export async function takeStacks(pid: number, probe: string, wanted: number): Promise<TakenStack[]> {
  await using session = await attach(pid)
  const run = await session.run(script(probe))
  assert.equal(run.attached?.mechanisms['breakpoint'], undefined, JSON.stringify(run.attached?.passedOver))
  const texts: string[] = []
  run.on('printf', (text) => texts.push(text))
  while (texts.length < wanted * (PARTS + 1)) {
    assert.equal(run.over, undefined)
    await sleep(20)
  }
  await run.close()
  return stacksOf(texts).slice(0, wanted)
}

/** A hit that a signal has interrupted between two handlers is left out. */
function stacksOf(texts: readonly string[]): TakenStack[] {
  return texts.flatMap((text, at) => {
    const [kind, sp = '', fp = '', r10 = '', ...addresses] = text.trim().split(/\s+/)
    const parts = texts.slice(at + 1, at + 1 + PARTS).map((part) => part.trim().split(' '))
    if (kind !== 'stack' || parts.length < PARTS || parts.some((part) => part[0] !== 'part' || part[1] !== sp))
      return []
    const bytes = parts.map(([, , hex = '']) => Buffer.from(hex.replaceAll('\\x', ''), 'hex'))
    const known = bytes.findIndex(({ length }) => length < PART_BYTES)
    return [
      {
        addresses: addresses.map((pc) => BigInt(`0x${pc}`)),
        sp: BigInt(`0x${sp}`),
        fp: BigInt(`0x${fp}`),
        r10: BigInt(`0x${r10}`),
        bytes: Buffer.concat(known === -1 ? bytes : bytes.slice(0, known + 1)),
      },
    ]
  })
}

export interface TakenComparison {
  readonly stacks: number
  readonly frames: number
  /** Stacks that src/stacks could follow to the end in what was kept of them. */
  readonly whole: number
  readonly differences: readonly string[]
}

/**
 * The stacks beside those that src/stacks finds in the same bytes. It knows nothing of ring3's own code: from there on, and from
 * where the bytes end, there is nothing to compare.
 */
export function compareTaken(pid: number, stacks: readonly TakenStack[], isEntry: boolean): TakenComparison {
  const target = TargetProcess.open(openRealDoor(), pid)
  if (isRefusal(target)) throw new Error(target.because)
  using opened = target
  const unwindings = unwindingsOf(pid)
  const maps = opened.maps()
  const isCode = (pc: bigint): boolean =>
    maps.some(({ start, end, executable }) => executable && start <= pc && pc < end)
  let [frames, whole] = [0, 0]
  const differences: string[] = []
  for (const stack of stacks) {
    let isCut = false
    const scene = sceneOf(stack, unwindings, (at) => {
      const word = opened.memory.tryRead(at, 8)
      // Of the stack itself, what is there now is something else.
      if (!isCode(at)) isCut = true
      return isCode(at) && word.length === 8 ? word.readBigUInt64LE() : undefined
    })
    const [pc] = stack.addresses
    assert.ok(pc !== undefined)
    const [sp, fp, r10] = [address(stack.sp), address(stack.fp), address(stack.r10)]
    const frame = { pc: address(pc), sp, fp, r10, isInterrupted: true }
    const walked: readonly bigint[] = walkStack(frame, scene, { limit: 127, isEntry })
    const own = walked.findIndex((each) => !isCode(each))
    const comparable = own === -1 ? walked : walked.slice(0, own)
    if (own !== -1) isCut = true
    frames += comparable.length
    const found = isCut ? stack.addresses.slice(0, comparable.length) : stack.addresses
    if (!isCut) whole++
    if (found.join() !== comparable.join()) differences.push(differenceText(stack.addresses, comparable))
  }
  return { stacks: stacks.length, frames, whole, differences }
}

function sceneOf(
  { sp, bytes }: TakenStack,
  unwindings: readonly PlacedUnwinding[],
  readElsewhere: (at: Address) => bigint | undefined,
): StackScene {
  return {
    readWord(at) {
      const offset = at - sp
      const isKept = offset >= 0n && offset + 8n <= BigInt(bytes.length)
      return isKept ? bytes.readBigUInt64LE(Number(offset)) : readElsewhere(at)
    },
    unwindingAt: (pc) => unwindings.find(({ start, end }) => start <= pc && pc < end),
    settle: (frame) => frame,
  }
}

function differenceText(taken: readonly bigint[], walked: readonly bigint[]): string {
  const line = (addresses: readonly bigint[]): string => addresses.map((pc) => pc.toString(16)).join(' ')
  return `in the target ${line(taken)}\nby src/stacks  ${line(walked)}`
}
