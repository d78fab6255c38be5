import type { Address } from '../../../bytes/address.js'
import { assert } from '../../../bytes/assert.js'
import type { Input } from '../../../ir/expression.js'
import type { Handler, Program } from '../../../ir/program.js'
import { isRefusal, type Refusal, refuse } from '../../../refusal/refusal.js'
import type { StackStart } from '../../../stacks/stack-start.js'
import type { ProgramLayout } from '../../../store/program-layout.js'
import type { Assembler } from '../assembler.js'
import type { Fixup, HitCode, HitCoder } from '../hit-code.js'
import { NOT_REWOUND } from '../rewind.js'
import type { TrampolineSite } from '../trampolines.js'
import { emitAwaitReader } from './await-reader.js'
import { type HandlerRequest, type Machine, newLabel } from './emission.js'
import { Encoder } from './encoder.js'
import { type EmittedHandler, generateGuard, generateHandler, noHandler, registersRead } from './generate-handler.js'
import { type SitePart, siteParts } from './guarded-handlers.js'
import { type CodePart, type HandlerRow, handlerRows } from './stack-rows.js'
import { Support } from './support.js'

/** A handler at one of its sites. */
export interface SiteHandler {
  readonly handler: Handler
  /** What of the hit is the same at every hit of the site, or of the whole process. */
  readonly constant: (input: Input) => bigint | undefined
  /** Its probe’s function is followed into others. */
  readonly isFollowed?: boolean
}

/** A program whose handlers are to run in a target. */
export interface PlacedProgram {
  readonly program: Program
  readonly layout: ProgramLayout
  readonly dataAddress: Address
  readonly machine: Machine
  /** Those of a site, in their order. */
  readonly handlersAt: (site: Address) => readonly SiteHandler[]
  /** Where stacks begin that are taken at a site; undefined if the program takes none. */
  readonly stackStartAt: (site: Address) => StackStart | undefined
  /** Sites at which the process ends. */
  readonly exits: ReadonlySet<Address>
}

/** Below the red zone: two strings of the usual length. Threads may have stacks of their own making, such as those for signals. */
const MAX_STACK_BYTES = 2560

/** What looks whether handlers of followed functions have anything to do. */
const guarding: SiteHandler = { handler: noHandler, constant: () => undefined, isFollowed: true }

/** The handlers of each site, one after the other. */
export function handlerCode(placed: PlacedProgram): HitCoder {
  return (asm) => new HandlerCode(asm, placed)
}

interface HandledSite extends TrampolineSite {
  readonly handlers: readonly SiteHandler[]
  /** Registers that the handlers from each one on read. */
  readonly readFrom: readonly ReadonlySet<number>[]
}

class HandlerCode implements HitCode {
  readonly #fixups: Fixup[] = []
  readonly #support = new Support()
  readonly #cold: (() => void)[] = []
  readonly #parts: CodePart[] = []

  constructor(
    private readonly asm: Assembler,
    private readonly placed: PlacedProgram,
  ) {}

  get fixups(): readonly Fixup[] {
    return [...this.#fixups, ...this.#support.fixups]
  }

  /** A handler has effects that nobody can take back. */
  emitHit(site: TrampolineSite): Refusal | undefined {
    this.#beginPart(site)
    this.asm.stack.begin(this.asm.position)
    this.asm.emit(NOT_REWOUND)
    const handled = this.#handlersOf(site)
    const refusal = this.#emitParts(handled, siteParts(handled.handlers))
    if (refusal !== undefined) return refusal
    const { exits, dataAddress } = this.placed
    if (exits.has(site.address)) emitAwaitReader(this.asm, site, dataAddress)
    return undefined
  }

  #emitParts(site: HandledSite, parts: readonly SitePart[]): Refusal | undefined {
    for (const part of parts) {
      const refusal = part.kind === 'handler' ? this.#emitHandler(site, part.at) : this.#emitGuarded(site, part)
      if (refusal !== undefined) return refusal
    }
    return undefined
  }

  #emitHandler(site: HandledSite, at: number): Refusal | undefined {
    const handler = site.handlers[at]
    assert(handler !== undefined, 'a part is one of the handlers')
    return this.#keep(site, generateHandler(this.asm, this.#requestFor(site, handler, at + 1), this.#support))
  }

  #emitGuarded(site: HandledSite, { points, parts }: SitePart & { kind: 'guarded' }): Refusal | undefined {
    const otherwise = newLabel()
    const request = this.#requestFor(site, guarding, 0)
    const guard = generateGuard(this.asm, request, this.#support, { points, otherwise })
    const refusal = this.#keep(site, guard) ?? this.#emitParts(site, parts)
    this.asm.bind(otherwise)
    return refusal
  }

  /** `next`: the handler that runs after this one. What those from there on read is not dead yet. */
  #requestFor({ readFrom, ...site }: HandledSite, handler: SiteHandler, next: number): HandlerRequest {
    const { address, flagsDead, redZone } = site
    const deadRegisters = site.deadRegisters.filter((register) => readFrom[next]?.has(register) !== true)
    const stackStart = this.placed.stackStartAt(address)
    return { ...this.placed, ...handler, stackStart, flagsDead, deadRegisters, redZone, stackBelow: 0 }
  }

  #keep(site: TrampolineSite, emitted: EmittedHandler | Refusal): Refusal | undefined {
    if (isRefusal(emitted)) return emitted
    this.#cold.push(() => {
      this.#beginPart(site)
      this.asm.stack.leave(this.asm.position)
      emitted.emitCold()
    })
    this.#fixups.push(...emitted.fixups)
    return emitted.stackBytes <= MAX_STACK_BYTES ? undefined : tooMuchStack(emitted.stackBytes)
  }

  get rows(): readonly HandlerRow[] {
    return handlerRows(this.#parts, this.asm.stack.rows)
  }

  #handlersOf(site: TrampolineSite): HandledSite {
    const handlers = this.placed.handlersAt(site.address)
    const stackStart = this.placed.stackStartAt(site.address)
    const readFrom: Set<number>[] = []
    let read = new Set<number>()
    for (const handler of handlers.toReversed()) {
      read = new Set([...read, ...registersRead({ ...handler, stackStart })])
      readFrom.unshift(read)
    }
    return { ...site, handlers, readFrom }
  }

  #beginPart(site: TrampolineSite): void {
    const of = this.placed.stackStartAt(site.address)
    if (of === undefined) return
    this.asm.stack.keepRows(this.asm.position)
    this.#parts.push({ position: this.asm.position, of })
  }

  emitCold(): void {
    for (const emit of this.#cold.splice(0)) emit()
  }

  emitRest(): void {
    this.emitCold()
    this.#parts.push({ position: this.asm.position, of: 'routines' })
    this.#support.emit(new Encoder(this.asm))
  }
}

function tooMuchStack(bytes: number): Refusal {
  return refuse(
    'not-compiled',
    `A handler takes ${bytes} bytes of stack, and a thread may not have more than ${MAX_STACK_BYTES} to spare.`,
  )
}
