/** Where functions return, and how windows over returns begin earlier: by hand, and as objdump sees real programs. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { vaddr } from '../../src/bytes/address.js'
import type { CodeFacts } from '../../src/isa/code-facts.js'
import type { CallEnds } from '../../src/isa/function-returns.js'
import { x64 } from '../../src/isa/x64/x64.js'
import { isRefusal } from '../../src/refusal/refusal.js'
import { buildProgram, missingTools } from '../programs/build.js'
import { factsOf, loadModule } from '../symbols/loaded-module.js'
import { hexBytes } from './vector-file.js'

const START = 0x10_0000

/** Code of functions that lie one behind the other: each begins at the offset that is its key. */
function factsFor(functions: Readonly<Record<number, string>>, base = START): CodeFacts {
  const starts = Object.keys(functions).map(Number)
  const bytes = Object.values(functions).flatMap((hex) => [...hexBytes(hex)])
  const bounds = starts.map((start, at) => ({
    start: vaddr(base + start),
    end: vaddr(base + (starts[at + 1] ?? bytes.length)),
  }))
  return {
    text: [{ start: vaddr(base), bytes: Uint8Array.from(bytes) }],
    data: [],
    functions: bounds,
    labels: new Float64Array(),
    framed: Float64Array.from(bounds.flatMap(({ start, end }) => [start, end])),
    hasRedZone: true,
    preemptible: new Float64Array(),
    restartable: new Float64Array(),
  }
}

/** Returns and tail jumps; then the same of each function that is followed: `2 5→, 8: 9`. */
function returnsIn(facts: CodeFacts, base = START): string {
  const found = x64.returnFinder(facts)(vaddr(base))
  if (isRefusal(found)) return found.code
  const ends = ({ at, tailJumps }: CallEnds): string =>
    [...at.map((each) => `${each - base}`), ...tailJumps.map((each) => `${each - base}→`)].join(' ')
  return [ends(found), ...found.followed.map((other) => `${other.begin - base}: ${ends(other)}`)].join(', ')
}

function returnsAt(functions: Readonly<Record<number, string>>): string {
  return returnsIn(factsFor(functions))
}

/** A jump to what begins 8 bytes behind. */
const ON = 'eb 06 cc cc cc cc cc cc'

const cases: readonly (readonly [fact: string, functions: Record<number, string>, expected: string])[] = [
  ['a return', { 0: '90 c3' }, '1'],
  ['every return, with a prefix or an operand', { 0: '75 02 f3 c3 f2 c3 c2 08 00' }, '2 4 6'],
  ['a jump to another function', { 0: '75 01 c3 e9 00 00 00 00', 8: 'c3' }, '2 3→, 8: 8'],
  ['nothing but a jump to another function', { 0: ON, 8: 'c3' }, '0→, 8: 8'],
  ['two jumps to it', { 0: '75 03 90 eb 03 eb 01 cc', 8: 'c3' }, '3→ 5→, 8: 8'],
  ['another function that jumps to a third', { 0: ON, 8: ON, 16: 'c3' }, '0→, 8: 8→, 16: 16'],
  ['a loop of others', { 0: ON, 8: ON, 16: '75 02 eb f4 c3' }, '0→, 8: 8→, 16: 20 18→'],
  ['a loop behind the beginning of another', { 0: ON, 8: '90 75 fe c3' }, '0→, 8: 11'],
  ['a loop that leads back to the beginning', { 0: ON, 8: '75 02 eb f4 c3' }, 'tail-call'],
  ['a loop to the beginning of another', { 0: ON, 8: '75 fe c3' }, 'tail-call'],
  [
    'a part of another that leads to its beginning',
    { 0: ON, 8: '74 06 90 c3 cc cc cc cc', 16: '75 f8 eb f4' },
    'tail-call',
  ],
  ['another one by a condition', { 0: '74 06 c3 cc cc cc cc cc', 8: 'c3' }, 'tail-call'],
  ['another one that jumps by a condition', { 0: ON, 8: '74 06 c3 cc cc cc cc cc', 16: 'c3' }, 'tail-call'],
  ['another one that jumps through a pointer', { 0: ON, 8: 'ff e7' }, 'tail-call'],
  [
    'another one that never returns',
    { 0: '75 01 c3 eb 03 cc cc cc', 8: '75 fe eb 04 cc cc cc cc', 16: '0f 0b' },
    'tail-call',
  ],
  ['the middle of another one', { 0: 'eb 07 cc cc cc cc cc cc', 8: '90 c3' }, 'tail-call'],
  ['what is no function', { 0: 'eb 07 cc cc cc cc cc cc' }, 'tail-call'],
  ['another one that runs on into what is behind it', { 0: ON, 8: '75 01 c3 90', 12: 'c3' }, 'tail-call'],
  ['another one, and what is behind it, into which it runs on', { 0: '75 02 eb 04 90 90 90 90', 8: 'c3' }, 'tail-call'],
  ['sixteen others', chainOf(16), `0→, ${linksTo(16)}`],
  ['seventeen others', chainOf(17), 'tail-call'],
  ['a jump through a pointer that was handed over', { 0: '75 01 c3 ff e7' }, 'tail-call'],
  ['a jump through memory', { 0: 'ff 25 00 00 00 00' }, 'tail-call'],
  ['a part elsewhere that jumps back and returns', { 0: '75 02 90 c3', 4: '90 75 fb c3' }, '3 7'],
  ['a part elsewhere that never returns', { 0: '75 02 90 c3', 4: '0f 0b' }, '3'],
  ['nothing that returns', { 0: '0f 0b' }, 'no-return'],
  ['a far return', { 0: '75 01 c3 cb' }, 'not-probeable'],
  ['bytes that are no instruction', { 0: '06 c3' }, 'unknown-boundaries'],
]

function chainOf(others: number): Record<number, string> {
  const jumps = Array.from({ length: others }, (_, at) => [8 * at, ON])
  return { ...Object.fromEntries(jumps), [8 * others]: 'c3' }
}

function linksTo(others: number): string {
  return Array.from(
    { length: others },
    (_, at) => `${8 * (at + 1)}: ${8 * (at + 1)}${at + 1 < others ? '→' : ''}`,
  ).join(', ')
}

test('returns: another one inside of one that is followed, which can be come to without a jump that is known', () => {
  const facts = factsFor({ 0: '75 02 eb 04 eb 0a cc cc', 8: ON, 16: 'c3' })
  assert.equal(returnsIn(facts), '2→ 4→, 8: 8→, 16: 16')
  const functions = facts.functions.map((each) =>
    each.start === START + 8 ? { ...each, end: vaddr(START + 17) } : each,
  )
  assert.equal(returnsIn({ ...facts, functions }), 'tail-call')
})

for (const [fact, functions, expected] of cases)
  test(`returns: ${fact}`, () => assert.equal(returnsAt(functions), expected))

/** Where no code runs as it was linked: its words are no addresses. */
const MOVABLE = 0x1000

/** Returns, and tail jumps with where they go: `2 5→8 9→?`. */
function exitsAt(functions: Readonly<Record<number, string>>, labels: readonly number[] = []): string {
  const facts = { ...factsFor(functions, MOVABLE), labels: Float64Array.from(labels, (label) => MOVABLE + label) }
  const found = x64.exitFinder(facts)(vaddr(MOVABLE))
  if (isRefusal(found)) return found.code
  const returns = found.returns.map((at) => String(at - MOVABLE))
  const jumps = found.tailJumps.map(({ at, to }) => `${at - MOVABLE}→${to === undefined ? '?' : to - MOVABLE}`)
  return [...returns, ...jumps].join(' ')
}

const exits: readonly (readonly [
  fact: string,
  functions: Record<number, string>,
  expected: string,
  labels?: readonly number[],
])[] = [
  ['returns', { 0: '75 02 f3 c3 c3' }, '2 4'],
  ['a jump to another function', { 0: '75 01 c3 e9 00 00 00 00', 8: 'c3' }, '2 3→8'],
  ['nothing but a jump to another function', { 0: '90 e9 02 00 00 00 cc cc', 8: 'c3' }, '1→8'],
  ['a jump to another function, by a condition', { 0: '0f 84 02 00 00 00 c3 cc', 8: 'c3' }, 'tail-call'],
  ['a jump through a pointer that was handed over', { 0: '75 01 c3 ff e7' }, '2 3→?'],
  ['a jump through memory', { 0: 'ff 25 00 00 00 00' }, '0→?'],
  ['a jump through a pointer, in a function with a label', { 0: '75 01 c3 ff e7' }, 'tail-call', [2]],
  ['a jump through a pointer that may be a label of the function', { 0: '48 8d 3d 02 00 00 00 ff e7 c3' }, 'tail-call'],
  ['a part elsewhere that jumps to another function', { 0: '75 02 90 c3', 4: '90 75 fb eb 00', 9: 'c3' }, '3 7→9'],
  ['nothing that ends it', { 0: '0f 0b' }, 'no-return'],
]

test('exits: in code at a fixed address, pointers may be labels', () => {
  const found = x64.exitFinder(factsFor({ 0: '75 01 c3 ff e7' }))(vaddr(START))
  assert.ok(isRefusal(found) && found.code === 'tail-call')
})

for (const [fact, functions, expected, labels] of exits)
  test(`exits: ${fact}`, () => assert.equal(exitsAt(functions, labels), expected))

test('no function begins inside of another', () => {
  const found = x64.returnFinder(factsFor({ 0: '90 c3' }))(vaddr(START + 1))
  assert.ok(isRefusal(found) && found.code === 'unknown-boundaries')
})

/** What windows over the return at an offset begin how far before it, and the first of them that nothing speaks against. */
function windowsOver(functions: Readonly<Record<number, string>>, at: number): string {
  const site = vaddr(START + at)
  const analysis = x64.analyseModule(factsFor(functions), [site], 5, new Set([site]))
  const proven = analysis.leadsTo(site).map((lead) => analysis.analyse(site, lead))
  return proven.map((each) => (isRefusal(each) ? each.code : `${each.lead}/${each.displacedLength}`)).join(' ')
}

const windows: readonly (readonly [fact: string, functions: Record<number, string>, at: number, expected: string])[] = [
  ['padding behind is enough', { 0: '53 c3 90 90 90 90' }, 1, '0/1 1/2'],
  ['as far back as it takes', { 0: '48 89 d8 5b c3', 5: '53 c3' }, 4, 'window-too-short window-too-short 4/5'],
  ['beyond the bytes of the jump', { 0: 'b8 01 00 00 00 c3', 6: '53 c3' }, 5, 'window-too-short 5/6'],
  ['not over a branch', { 0: '85 c0 75 00 5b c3', 6: '53 c3' }, 5, 'window-too-short window-too-short'],
  [
    'not where a branch leads to the return, even behind the jump',
    { 0: '85 c0 75 05 b8 01 00 00 00 c3', 10: '53 c3' },
    9,
    'window-too-short branch-into-window',
  ],
]

for (const [fact, functions, at, expected] of windows)
  test(`a window over a return: ${fact}`, () => assert.equal(windowsOver(functions, at), expected))

for (const name of ['returns', 'calls', 'throws'] as const) {
  test(`the returns of ${name} are those that objdump shows`, async (t) => {
    const built = await buildProgram(name)
    const missing = built.kind === 'missing' ? built.because : missingTools('objdump')
    if (built.kind === 'missing' || missing !== undefined) return t.skip(missing)
    const shown = returnsShown(built.path)
    const facts = factsOf(await loadModule(built.path))
    const find = x64.returnFinder(facts)
    let checked = 0
    for (const { start, end } of facts.functions) {
      const found = find(start)
      if (isRefusal(found)) continue
      const inside = found.at.filter((at) => at >= start && at < end)
      assert.deepEqual(
        inside,
        shown.filter((at) => at >= start && at < end),
        start.toString(16),
      )
      for (const at of found.at) assert.ok(shown.includes(at), at.toString(16))
      checked++
    }
    assert.ok(checked > 8, `${checked} functions`)
  })
}

function returnsShown(path: string): number[] {
  const text = execFileSync('objdump', ['-d', '--no-show-raw-insn', path], { encoding: 'utf8', maxBuffer: 2 ** 28 })
  return [...text.matchAll(/^\s*([0-9a-f]+):\s+(?:repz |bnd )?retq?\b/gm)].map(([, at = '']) => Number.parseInt(at, 16))
}
