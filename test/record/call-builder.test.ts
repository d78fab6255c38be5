/** Trees of calls from what threads do at entries, returns and tail jumps: events as text, trees as text. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CallBuilder,
  type CallBuilderOptions,
  type CallEvent,
  type CallFunction,
} from '../../src/record/call-builder.js'
import type { CallRecord } from '../../src/record/call-record.js'

/** `root` begins trees; `tail` may jump to `a` (by its jump 1), or to who knows where (2). */
const functions: readonly CallFunction[] = [
  { site: 'm:root', role: 'root', tailCalls: new Map() },
  { site: 'm:a', role: 'inner', tailCalls: new Map() },
  { site: 'm:b', role: 'inner', tailCalls: new Map() },
  { site: 'm:cut', role: 'cut', tailCalls: new Map() },
  { site: 'm:tail', role: 'inner', tailCalls: new Map([[1, 1]]) },
  { site: 'm:root2', role: 'root', tailCalls: new Map([[1, 1]]) },
]

const names = functions.map(({ site }) => site.slice(2))

/**
 * `+a@90` enters a with its return address at 90, `-a@90` returns, `>tail@90:1` leaves by the jump 1; `2.` before it is the thread
 * (1 if not said), `?` stands for an event that was lost. Time goes on by 10 ns an event.
 */
function eventsOf(text: string): CallEvent[] {
  const numbers = new Map<number, number>()
  return text.split(/\s+/).flatMap((word, at) => {
    const [, thread = '1', sign = '', name = '', place = '0', jump = '0'] =
      /^(?:(\d)\.)?([-+>?])(?:(\w+)@(\d+))?(?::(\d))?$/.exec(word) ?? []
    const tid = Number(thread)
    const number = numbers.get(tid) ?? 65_530
    numbers.set(tid, (number + 1) % 65_536)
    if (sign === '?') return []
    const kind = sign === '+' ? 'entry' : sign === '-' ? 'return' : 'tail-jump'
    const called = names.indexOf(name)
    return [{ kind, function: called, place: Number(place), timeNs: at * 10, tid, number, jump: Number(jump) }]
  })
}

function treesOf(text: string, options: Partial<CallBuilderOptions> = {}): string[] {
  const shown: string[] = []
  const trees = new CallBuilder(functions, { depth: 10, minNs: 0, maxCalls: 100, ...options }, (tree) => {
    const notes = [tree.lost > 0 ? ` lost ${tree.lost}` : '', tree.omitted > 0 ? ` omitted ${tree.omitted}` : '']
    shown.push(`${tree.tid}: ${textOf(tree)}${notes.join('')}`)
  })
  for (const event of eventsOf(text)) trees.take(event)
  trees.finish()
  return shown
}

const marks = { returned: '', 'tail-call': '>', unwound: '!', lost: '?', open: '…' } as const

/** `root 30 {a 10}` */
function textOf({ site, durationNs, end, calls }: CallRecord): string {
  const inner = calls.length === 0 ? '' : ` {${calls.map(textOf).join(', ')}}`
  const took = durationNs === undefined ? '' : ` ${durationNs}`
  return `${site.slice(2)}${took}${marks[end]}${inner}`
}

const cases: readonly (readonly [
  fact: string,
  events: string,
  trees: readonly string[],
  options?: Partial<CallBuilderOptions>,
])[] = [
  ['a call without others', '+root@90 -root@90', ['1: root 10']],
  ['calls inside', '+root@90 +a@80 +b@70 -b@70 -a@80 +b@80 -b@80 -root@90', ['1: root 70 {a 30 {b 10}, b 10}']],
  ['recursion', '+root@90 +a@80 +a@70 +a@60 -a@60 -a@70 -a@80 -root@90', ['1: root 70 {a 50 {a 30 {a 10}}}']],
  ['a root inside of a root is a call like others', '+root@90 +root@80 -root@80 -root@90', ['1: root 30 {root 10}']],
  ['what is outside of roots is no tree', '+a@90 -a@90 -root@90 +root@90 -root@90 -a@99', ['1: root 10']],
  ['calls that had begun before', '-b@70 -a@80 +root@80 +a@70 -a@70 -root@80', ['1: root 30 {a 10}']],
  [
    'threads interleaved',
    '+root@90 2.+root@50 2.+a@40 +b@80 -b@80 2.-a@40 2.-root@50 -root@90',
    ['2: root 50 {a 30}', '1: root 70 {b 10}'],
  ],
  ['longjmp to the root', '+root@90 +a@80 +b@70 +cut@60 -root@90', ['1: root 40 {a! {b!}}']],
  [
    'longjmp into a call',
    '+root@90 +a@80 +b@70 +a@60 +b@70 -b@70 -a@80 -root@90',
    ['1: root 70 {a 50 {b! {a!}, b 10}}'],
  ],
  ['longjmp beyond the root', '+root@90 +a@80 +b@95 -b@95 +root@70 -root@70', ['1: root! {a!}', '1: root 10']],
  ['the same function again, where it was unwound', '+root@90 +a@80 +a@80 -a@80 -root@90', ['1: root 40 {a!, a 10}']],
  ['a root again, where it was unwound', '+root@90 +root@90 -root@90', ['1: root!', '1: root 10']],
  [
    'a tail call is inside of who made it',
    '+root@90 +tail@80 +b@70 -b@70 >tail@80:1 +a@80 -a@80 -root@90',
    ['1: root 70 {tail 50 {b 10, a 10}}'],
  ],
  ['a tail call of a root', '+root2@90 >root2@90:1 +a@90 +b@80 -b@80 -a@90 +b@90 -b@90', ['1: root2 50 {a 30 {b 10}}']],
  [
    'a tail call of nobody knows what',
    '+root@90 +tail@80 >tail@80:2 +b@80 -b@80 -root@90',
    ['1: root 50 {tail 10>, b 10}'],
  ],
  [
    'a tail call that was unwound',
    '+root@90 +tail@80 >tail@80:1 +a@80 +b@80 -b@80 -root@90',
    ['1: root 60 {tail! {a!}, b 10}'],
  ],
  ['a return that two functions share', '+root@90 +a@80 -b@80 -a@80 -root@90', ['1: root 40 {a 20}']],
  [
    'lost events end a tree',
    '+root@90 +a@80 ? -a@80 -root@90 +root@90 -root@90',
    ['1: root? {a?} lost 1', '1: root 10'],
  ],
  ['a lost end and a lost beginning make no call', '+root@90 +a@80 ? ? -a@80 -root@90', ['1: root? {a?} lost 2']],
  ['lost events of another thread', '+root@90 2.+root@50 2.? -root@90 2.-root@50', ['1: root 30', '2: root? lost 1']],
  ['calls that have not ended', '+root@90 +a@80 -a@80 +b@80', ['1: root… {a 10, b…}']],
  [
    'no deeper than wanted',
    '+root@90 +a@80 +b@70 -b@70 -a@80 +b@80 -b@80 -root@90',
    ['1: root 70 {a 30, b 10}'],
    { depth: 2 },
  ],
  [
    'a tail call at the deepest level',
    '+root@90 +tail@80 >tail@80:1 +a@80 -a@80 -root@90',
    ['1: root 50 {tail 30}'],
    { depth: 2 },
  ],
  [
    'no shorter than wanted',
    '+root@90 +a@80 +b@70 -b@70 -a@80 +b@80 -b@80 -root@90 +root@90 -root@90',
    ['1: root 70 {a 30}'],
    { minNs: 20 },
  ],
  [
    'cut calls take along what they call',
    '+root@90 +cut@80 +a@70 +root@60 -root@60 -a@70 -cut@80 +a@80 -a@80 -root@90',
    ['1: root 90 {a 10}'],
  ],
  [
    'no more than there is room for',
    '+root@90 +a@80 +b@70 -b@70 -a@80 +b@80 -b@80 -root@90 +root@90 -root@90',
    ['1: root 70 {a 30} omitted 2', '1: root 10'],
    { maxCalls: 2 },
  ],
  [
    'short calls take no room',
    '+root@90 +b@80 -b@80 +b@80 -b@80 +a@80 +b@70 -b@70 -a@80 -root@90',
    ['1: root 90 {a 30}'],
    { maxCalls: 3, minNs: 20 },
  ],
]

for (const [fact, events, trees, options] of cases) test(fact, () => assert.deepEqual(treesOf(events, options), trees))
