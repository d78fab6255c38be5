import { type Address, pageOf } from '../bytes/address.js'
import { unwindTable } from '../dwarf/unwind-table.js'
import { isRefusal } from '../refusal/refusal.js'
import type { ProcessCode } from '../runs/thread-scene.js'
import type { Frame } from '../stacks/frame.js'
import type { Unwinding } from '../stacks/stack-scene.js'
import type { CodeRange } from '../store/stack-tables.js'
import type { LoadedModule } from '../target/module.js'
import type { Tracer } from './tracer.js'

/** Pages of code in no module that are remembered: a JIT compiler may have many. */
const MAX_PAGES = 4096

/** Of a program without a target. */
export const noCode: ProcessCode = { unwindingAt: () => undefined, settle: (frame) => frame, ranges: () => [] }

interface CodeModule {
  readonly module: LoadedModule
  unwinding: Unwinding | undefined
}

/** How stacks are walked through the modules of a target, those that it maps later too. */
export class TargetCode implements ProcessCode {
  #modules: CodeModule[] = []
  #ranged: readonly CodeModule[] = []
  #ranges: readonly CodeRange[] = []
  readonly #elsewhere = new Set<Address>()
  #last: CodeModule | undefined

  /** `onFound` is told of modules when they are first met. */
  constructor(
    private readonly tracer: Pick<Tracer, 'catalog' | 'installed'>,
    private readonly onFound: () => void,
  ) {}

  settle(frame: Frame): Frame {
    for (const probes of this.tracer.installed) {
      const settled = probes.settle?.(frame)
      if (settled !== undefined) return settled
    }
    return frame
  }

  unwindingAt(pc: Address): Unwinding | undefined {
    const found = this.#moduleAt(pc)
    return found && unwindingOf(found)
  }

  ranges(): readonly CodeRange[] {
    this.#look()
    const [ranged, modules] = [this.#ranged, this.#modules]
    if (ranged.length === modules.length && ranged.every((each, at) => each === modules[at])) return this.#ranges
    if (ranged.length > 0) this.onFound()
    this.#ranged = modules
    this.#ranges = modules.map(rangeOf)
    return this.#ranges
  }

  #moduleAt(pc: Address): CodeModule | undefined {
    if (this.#last === undefined || !covers(this.#last, pc)) this.#last = this.#find(pc)
    return this.#last
  }

  #find(pc: Address): CodeModule | undefined {
    const known = this.#modules.find((module) => covers(module, pc))
    const page = pageOf(pc)
    if (known !== undefined || this.#elsewhere.has(page)) return known
    this.#look()
    const found = this.#modules.find((module) => covers(module, pc))
    if (found !== undefined) this.onFound()
    else this.#remember(page)
    return found
  }

  /** What is mapped now. What is no longer mapped is forgotten: something else may be there. */
  #look(): void {
    const known = new Map(this.#modules.map((each) => [each.module, each]))
    this.#modules = this.tracer.catalog.modules().flatMap((mapped) => {
      const module = this.tracer.catalog.image(mapped)
      return isRefusal(module) ? [] : [known.get(module) ?? { module, unwinding: undefined }]
    })
  }

  #remember(page: Address): void {
    if (this.#elsewhere.size >= MAX_PAGES) this.#elsewhere.clear()
    this.#elsewhere.add(page)
  }
}

function unwindingOf(found: CodeModule): Unwinding {
  const { image, bias } = found.module
  found.unwinding ??= { table: unwindTable(image), bias }
  return found.unwinding
}

function rangeOf(found: CodeModule): CodeRange {
  const { start, end } = found.module
  return { start, end, ...unwindingOf(found) }
}

function covers({ module: { start, end } }: CodeModule, pc: Address): boolean {
  return start <= pc && pc < end
}
