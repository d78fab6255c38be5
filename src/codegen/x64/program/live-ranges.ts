import type { Handler } from '../../../ir/program.js'
import type { Statement } from '../../../ir/statement.js'
import { contains } from '../../../ir/walk-expression.js'
import { operandsOf } from '../../../ir/walk-statement.js'

/** From the first to the last of a handler's statements, counted in order, at which a local holds something that matters. */
export interface LiveRange {
  readonly local: number
  readonly from: number
  readonly to: number
  /** Whether it may be read before it has been set at a hit. */
  readonly beginsAsZero: boolean
  /** References, those in loops for more. */
  readonly weight: number
}

/** Where a handler looks for its thread's slot: in front of a statement; it keeps it up to another. */
export interface SlotRange {
  readonly foundAt: Statement
  readonly from: number
  readonly to: number
}

export interface HandlerRanges {
  /** Those of locals that anything refers to. */
  readonly locals: readonly LiveRange[]
  readonly slot: SlotRange | undefined
}

interface Reference {
  readonly at: number
  readonly writes: boolean
  /** The lists of statements that it stands in, outermost first. */
  readonly path: readonly Block[]
  /** In each of them, the statement that it belongs to. */
  readonly owners: readonly Owner[]
}

interface Block {
  /** The last statement of the loop whose body this is. */
  loopEnd?: number
}

interface Owner {
  readonly statement: Statement
  readonly at: number
}

const LOOP_WEIGHT = 8

export function handlerRanges({ body }: Handler, usesSlot: (statement: Statement) => boolean): HandlerRanges {
  const walk = new Walk(usesSlot)
  walk.list(body, [{}], [])
  return {
    locals: [...walk.locals].map(([local, all]) => rangeOf(local, all)),
    slot: slotRangeOf(walk.slot),
  }
}

class Walk {
  readonly locals = new Map<number, Reference[]>()
  readonly slot: Reference[] = []
  #at = 0

  constructor(readonly usesSlot: (statement: Statement) => boolean) {}

  list(list: readonly Statement[], path: readonly Block[], outer: readonly Owner[]): void {
    for (const statement of list) {
      const at = ++this.#at
      const owners = [...outer, { statement, at }]
      if (this.usesSlot(statement)) this.slot.push({ at, writes: false, path, owners })
      for (const local of localsRead(statement)) this.#add(local, { at, writes: false, path, owners })
      this.#inside(statement, path, owners, at)
    }
  }

  #inside(statement: Statement, path: readonly Block[], owners: readonly Owner[], at: number): void {
    if (statement.op === 'if') {
      this.list(statement.consequent, [...path, {}], owners)
      this.list(statement.alternative, [...path, {}], owners)
    } else if (statement.op === 'loop') {
      const [body, step]: [Block, Block] = [{}, {}]
      this.list(statement.body, [...path, body], owners)
      this.list(statement.step, [...path, step], owners)
      body.loopEnd = step.loopEnd = ++this.#at
    } else if (statement.op === 'for-each') {
      const body: Block = {}
      this.#add(statement.local, { at, writes: true, path: [...path, body], owners })
      this.list(statement.body, [...path, body], owners)
      body.loopEnd = ++this.#at
    } else if ('local' in statement && statement.local !== undefined)
      this.#add(statement.local, { at, writes: true, path, owners })
  }

  #add(local: number, reference: Reference): void {
    const known = this.locals.get(local)
    if (known === undefined) this.locals.set(local, [reference])
    else known.push(reference)
  }
}

/** It is looked for where everything that needs it follows, as deep inside as possible. */
function slotRangeOf(references: readonly Reference[]): SlotRange | undefined {
  const [first, ...others] = references
  if (first === undefined) return undefined
  const depth = others.reduce(
    (common, { path }) => Math.min(common, first.path.findIndex((block, at) => path[at] !== block) >>> 0),
    first.path.length,
  )
  const owner = first.owners[depth - 1]
  if (owner === undefined) return undefined
  const to = references.reduce((last, reference) => Math.max(last, endOf(reference, depth)), 0)
  return { foundAt: owner.statement, from: owner.at, to }
}

/**
 * A local that is set before everything else that happens to it, in the list of statements that holds all of that, is alive from there
 * on. Any other one may carry its value anywhere, and begins as zero.
 */
function rangeOf(local: number, references: readonly Reference[]): LiveRange {
  const [first] = references
  const home = first?.writes ? first.path : []
  const isSetFirst = first?.writes === true && references.every(({ path }) => isWithin(path, home))
  const depth = isSetFirst ? home.length : 1
  return {
    local,
    from: isSetFirst ? first.at : 0,
    to: references.reduce((last, reference) => Math.max(last, endOf(reference, depth)), 0),
    beginsAsZero: !isSetFirst,
    weight: references.reduce((sum, { path }) => sum + LOOP_WEIGHT ** loopsIn(path), 0),
  }
}

function isWithin(path: readonly Block[], home: readonly Block[]): boolean {
  return home.every((block, at) => path[at] === block)
}

/** A loop inside of the first `depth` lists may come back to the reference. */
function endOf({ at, path }: Reference, depth: number): number {
  return path.slice(depth).reduce((end, { loopEnd }) => Math.max(end, loopEnd ?? 0), at)
}

function loopsIn(path: readonly Block[]): number {
  return Math.min(4, path.filter(({ loopEnd }) => loopEnd !== undefined).length)
}

function localsRead(statement: Statement): Set<number> {
  const found = new Set<number>()
  for (const operand of operandsOf(statement)) {
    contains(operand, (part) => {
      if (part.op === 'local') found.add(part.local)
      return false
    })
  }
  return found
}
