import type { Address } from '../../../bytes/address.js'
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
import type { Machine } from './emission.js'
import { Encoder } from './encoder.js'
import { generateHandler, registersRead } from './generate-handler.js'
import { type CodePart, type HandlerRow, handlerRows } from './stack-rows.js'
import { Support } from './support.js'

/** A handler at one of its sites. */
export interface SiteHandler {
  readonly handler: Handler
  /** What of the hit is the same at every hit of the site, or of the whole process. */
  readonly constant: (input: Input) => bigint | undefined
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

/** The handlers of each site, one after the other. */
export function handlerCode(placed: PlacedProgram): HitCoder {
  return (asm) => new HandlerCode(asm, placed)
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
    const handlers = this.placed.handlersAt(site.address)
    for (const [at, each] of handlers.entries()) {
      const refusal = this.#emitHandler(this.#withoutRead(site, handlers.slice(at + 1)), each)
      if (refusal !== undefined) return refusal
    }
    const { exits, dataAddress } = this.placed
    if (exits.has(site.address)) emitAwaitReader(this.asm, site, dataAddress)
    return undefined
  }

  #emitHandler(site: TrampolineSite, each: SiteHandler): Refusal | undefined {
    const { flagsDead, deadRegisters, redZone } = site
    const stackStart = this.placed.stackStartAt(site.address)
    const request = { ...this.placed, ...each, stackStart, flagsDead, deadRegisters, redZone, stackBelow: 0 }
    const emitted = generateHandler(this.asm, request, this.#support)
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

  /** What later handlers read is not dead yet. */
  #withoutRead(site: TrampolineSite, later: readonly SiteHandler[]): TrampolineSite {
    const stackStart = this.placed.stackStartAt(site.address)
    const read = new Set(later.flatMap((each) => [...registersRead({ ...each, stackStart })]))
    return { ...site, deadRegisters: site.deadRegisters.filter((register) => !read.has(register)) }
  }

  #beginPart(site: TrampolineSite): void {
    const of = this.placed.stackStartAt(site.address)
    if (of !== undefined) this.#parts.push({ position: this.asm.position, of })
  }

  emitRest(): void {
    for (const emit of this.#cold) emit()
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
