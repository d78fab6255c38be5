import { vaddr } from '../../src/bytes/address.js'
import { assert } from '../../src/bytes/assert.js'
import type { ByteRange, CodeFacts, FunctionBounds } from '../../src/isa/code-facts.js'
import type { WindowLength } from '../../src/isa/site-analysis.js'
import { hexBytes, vectorText } from './vector-file.js'

export interface SiteQuestion {
  readonly site: number
  readonly expected: string
}

/** One block of windows.txt. */
export interface WindowVector {
  readonly name: string
  readonly facts: CodeFacts
  readonly windowLength: WindowLength
  readonly questions: readonly SiteQuestion[]
}

interface Draft {
  readonly code: { address: number; bytes: Uint8Array }[]
  readonly data: ByteRange[]
  readonly functions: FunctionBounds[]
  readonly labels: number[]
  readonly framed: number[]
  readonly preemptible: number[]
  readonly restartable: number[]
  readonly questions: SiteQuestion[]
  windowLength: WindowLength
}

const hexNumber = (text: string | undefined) => Number.parseInt(text ?? '', 16)

/** What each kind of line adds to a block. */
const lineKinds: readonly [pattern: RegExp, add: (draft: Draft, first: string, second: string) => void][] = [
  [
    /^([0-9a-f]+): ([0-9a-f ]+?) *\|/,
    (draft, at, hex) => draft.code.push({ address: hexNumber(at), bytes: hexBytes(hex) }),
  ],
  [
    /^function ([0-9a-f]+)-([0-9a-f]+)$/,
    (draft, start, end) => draft.functions.push({ start: vaddr(hexNumber(start)), end: vaddr(hexNumber(end)) }),
  ],
  [/^label ([0-9a-f]+)$/, (draft, at) => draft.labels.push(hexNumber(at))],
  [/^framed ([0-9a-f]+)-([0-9a-f]+)$/, (draft, start, end) => draft.framed.push(hexNumber(start), hexNumber(end))],
  [
    /^preemptible ([0-9a-f]+)-([0-9a-f]+)$/,
    (draft, start, end) => draft.preemptible.push(hexNumber(start), hexNumber(end)),
  ],
  [
    /^restartable ([0-9a-f]+)-([0-9a-f]+)$/,
    (draft, start, end) => draft.restartable.push(hexNumber(start), hexNumber(end)),
  ],
  [
    /^data ([0-9a-f]+): ([0-9a-f ]+)$/,
    (draft, at, hex) => draft.data.push({ start: vaddr(hexNumber(at)), bytes: hexBytes(hex) }),
  ],
  [
    /^length (1|14)$/,
    (draft, length) => {
      draft.windowLength = length === '14' ? 14 : 1
    },
  ],
  [/^site ([0-9a-f]+) = (.+)$/, (draft, site, expected) => draft.questions.push({ site: hexNumber(site), expected })],
]

export function windowVectors(): WindowVector[] {
  return vectorText('windows.txt').trim().split(/\n\n+/).map(readBlock)
}

function readBlock(block: string): WindowVector {
  const [name = '', ...lines] = block.split('\n')
  const draft: Draft = {
    code: [],
    data: [],
    functions: [],
    labels: [],
    framed: [],
    preemptible: [],
    restartable: [],
    questions: [],
    windowLength: 5,
  }
  for (const line of lines) readLine(draft, line.trim())
  return { name, facts: factsOf(draft), windowLength: draft.windowLength, questions: draft.questions }
}

function readLine(draft: Draft, line: string): void {
  for (const [pattern, add] of lineKinds) {
    const found = pattern.exec(line)
    if (found !== null) {
      add(draft, found[1] ?? '', found[2] ?? '')
      return
    }
  }
  assert(false, `a line that is no fact: ${line}`)
}

function factsOf(draft: Draft): CodeFacts {
  return {
    text: [textOf(draft)],
    data: draft.data,
    functions: draft.functions,
    labels: Float64Array.from(draft.labels).sort(),
    framed: Float64Array.from(draft.framed),
    hasRedZone: true,
    preemptible: Float64Array.from(draft.preemptible),
    restartable: Float64Array.from(draft.restartable),
  }
}

function textOf({ code }: Draft): ByteRange {
  const start = code[0]?.address ?? 0
  const last = code.at(-1)
  const bytes = new Uint8Array((last?.address ?? 0) + (last?.bytes.length ?? 0) - start)
  for (const line of code) bytes.set(line.bytes, line.address - start)
  return { start: vaddr(start), bytes }
}
