import type { Label } from '../assembler.js'
import type { Fixup } from '../hit-code.js'
import type { Encoder } from './encoder.js'

/** Code that the handlers of an area share: what they ask for is emitted once, behind them. */
export class Support {
  /** Of the routines. */
  readonly fixups: Fixup[] = []
  readonly #routines = new Map<string, { readonly label: Label; readonly emit: (code: Encoder) => void }>()

  /** The label of a routine, which `emit` writes when all handlers are there. */
  routine(name: string, emit: (code: Encoder) => void): Label {
    const known = this.#routines.get(name)
    if (known !== undefined) return known.label
    const label: Label = { position: undefined }
    this.#routines.set(name, { label, emit })
    return label
  }

  /** Every routine, and those that these ask for. */
  emit(code: Encoder): void {
    // A Map's iteration sees what is added meanwhile.
    for (const { label, emit } of this.#routines.values()) {
      code.asm.align(16)
      code.asm.stack.begin(code.asm.position)
      code.bind(label)
      emit(code)
    }
  }
}
