import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { address, offsetBy } from '../../src/bytes/address.js'
import { EditSet, type PlacedEdit } from '../../src/target/edit-set.js'

const TEXT = address(0x40_1000n)
const AREA = address(0x30_0000n)
const AREA_SIZE = 0x1000

/** `push; mov; sub`, of which the third begins behind a jump of 5 bytes; relocated one longer, 20 bytes into the trampoline. */
function edit(site: number, trampoline: number, windowLength = 5): PlacedEdit {
  return {
    site: offsetBy(TEXT, site),
    before: new Uint8Array(windowLength),
    after: new Uint8Array(windowLength).fill(0xe9),
    trampoline: offsetBy(AREA, trampoline),
    trampolineStart: trampoline,
    trampolineEnd: trampoline + 48,
    points: [
      { original: 0, relocated: 20 },
      { original: 1, relocated: 21 },
      { original: 4, relocated: 25 },
      { original: 8, relocated: 29 },
    ],
    exits: [
      { original: 4, relocated: 27, stackDelta: 8 },
      { original: -12, relocated: 28, stackDelta: 136, restored: { register: 6, from: 'stack', offset: 0 } },
    ],
  }
}

/** Not in order of address, and the trampolines in another order than the sites. */
const set = new EditSet(
  [edit(0x200, 0x100), edit(0x100, 0x140), edit(0x180, 0x180, 14)],
  [{ start: AREA, end: offsetBy(AREA, AREA_SIZE) }],
)
const inText = (offset: number) => offsetBy(TEXT, offset)
const inArea = (offset: number) => offsetBy(AREA, offset)

test('a thread before an instruction inside the window goes to the same instruction in the trampoline', () => {
  assert.equal(set.intoTrampoline(inText(0x101)), inArea(0x140 + 21))
  assert.equal(set.intoTrampoline(inText(0x104)), inArea(0x140 + 25))
  assert.equal(set.intoTrampoline(inText(0x201)), inArea(0x100 + 21))
})

test('a thread at the site stays: it is about to take the jump, and be counted', () => {
  for (const site of [0x100, 0x180, 0x200]) assert.equal(set.intoTrampoline(inText(site)), undefined)
})

test('a thread behind what the jump overwrites stays, even where a displaced instruction ends there', () => {
  assert.equal(set.intoTrampoline(inText(0x108)), undefined)
  assert.equal(set.intoTrampoline(inText(0x188)), inArea(0x180 + 29))
})

test('a thread in the middle of an instruction has nowhere to go, and is seen to be in the window', () => {
  for (const offset of [0x102, 0x103, 0x18d]) {
    assert.equal(set.intoTrampoline(inText(offset)), undefined)
    assert.equal(set.inWindow(inText(offset)), true)
  }
})

test('a window reaches from behind its site to the end of its jump', () => {
  const inside = [0xff, 0x100, 0x101, 0x104, 0x105, 0x180, 0x18d, 0x18e].map((offset) => set.inWindow(inText(offset)))
  assert.deepEqual(inside, [false, false, true, true, false, false, true, false])
})

test('a thread before anything was counted goes back to the site', () => {
  for (const [trampoline, site] of [
    [0x100, 0x200],
    [0x140, 0x100],
    [0x180, 0x180],
  ] as const) {
    assert.equal(set.outOfTrampoline(inArea(trampoline)), inText(site))
  }
})

test('a thread at a relocated instruction goes back to the original one, the end of them included', () => {
  assert.equal(set.outOfTrampoline(inArea(0x140 + 20)), inText(0x100))
  assert.equal(set.outOfTrampoline(inArea(0x140 + 25)), inText(0x104))
  assert.equal(set.outOfTrampoline(inArea(0x140 + 29)), inText(0x108))
})

test('a thread in the counting part, or inside a relocated instruction, has to run on', () => {
  for (const offset of [1, 10, 19, 22, 26, 30, 47]) assert.equal(set.outOfTrampoline(inArea(0x140 + offset)), undefined)
})

test('a thread in the middle of a moved instruction has an exit where there is one', () => {
  const found = set.exitAt(inArea(0x140 + 27))
  assert.deepEqual(found, { site: inText(0x100), exit: { original: 4, relocated: 27, stackDelta: 8 } })
  assert.equal(set.exitAt(inArea(0x180 + 28))?.exit.original, -12)
  for (const offset of [0, 20, 25, 26, 29]) assert.equal(set.exitAt(inArea(0x140 + offset)), undefined)
})

test('addresses before the first trampoline belong to none', () => {
  assert.equal(set.outOfTrampoline(inArea(0xff)), undefined)
  assert.equal(set.intoTrampoline(inText(0xff)), undefined)
})

test('an area reaches from its start to before its end', () => {
  const inside = [-1, 0, AREA_SIZE - 1, AREA_SIZE].map((offset) => set.inArea(inArea(offset)))
  assert.deepEqual(inside, [false, true, true, false])
})

test('an empty set sends nobody anywhere', () => {
  const empty = new EditSet([], [])
  assert.equal(empty.intoTrampoline(TEXT), undefined)
  assert.equal(empty.outOfTrampoline(AREA), undefined)
  assert.equal(empty.inArea(AREA), false)
})

test('whoever goes into a trampoline comes out where it was, however many edits there are', () => {
  const order = fc.shuffledSubarray(Array.from({ length: 40 }, (_, index) => index))
  fc.assert(
    fc.property(order, (indexes) => {
      const edits = indexes.map((index) => edit(index * 32, 0x100 + index * 64))
      const many = new EditSet(edits, [])
      for (let offset = 0; offset < 40 * 32; offset++) {
        const to = many.intoTrampoline(inText(offset))
        const expected = indexes.includes(Math.floor(offset / 32)) && [1, 4].includes(offset % 32)
        assert.equal(to !== undefined, expected, `offset ${offset}`)
        if (to !== undefined) assert.equal(many.outOfTrampoline(to), inText(offset))
      }
    }),
    { numRuns: 30 },
  )
})

test('a handler that comes first begins with the trampoline, and runs before the site', () => {
  for (const offset of [0, 1, 19])
    assert.deepEqual(set.inHandler(inArea(0x140 + offset)), { start: inArea(0x140), instruction: inText(0x100) })
  for (const offset of [20, 21, 40]) assert.equal(set.inHandler(inArea(0x140 + offset)), undefined)
})

test('a handler amid displaced instructions lies between the two places of the one that it runs before', () => {
  const points = [
    { original: 0, relocated: 0 },
    { original: 3, relocated: 3 },
    { original: 4, relocated: 4 },
    { original: 4, relocated: 30 },
  ]
  const amid = new EditSet([{ ...edit(0x100, 0x140), points, exits: [] }], set.areas)
  for (const offset of [4, 5, 29])
    assert.deepEqual(amid.inHandler(inArea(0x140 + offset)), { start: inArea(0x144), instruction: inText(0x104) })
  for (const offset of [0, 3, 30, 31]) assert.equal(amid.inHandler(inArea(0x140 + offset)), undefined)
  assert.equal(amid.intoTrampoline(inText(0x104)), inArea(0x144), 'to the handler')
  for (const offset of [4, 30]) assert.equal(amid.outOfTrampoline(inArea(0x140 + offset)), inText(0x104))
})
