import type { Assembler, Label } from '../assembler.js'

/** Blocks that stand behind the code. */
export class Literals {
  readonly #labels = new Map<string, { readonly label: Label; readonly bytes: Uint8Array }>()

  /** Where the bytes are going to be. */
  of(bytes: Uint8Array): Label {
    const key = Buffer.from(bytes).toString('latin1')
    const known = this.#labels.get(key)
    if (known !== undefined) return known.label
    const label: Label = { position: undefined }
    this.#labels.set(key, { label, bytes })
    return label
  }

  /** The same of a word. */
  quad(value: bigint): Label {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(value)
    return this.of(bytes)
  }

  emit(asm: Assembler): void {
    for (const { label, bytes } of this.#labels.values()) {
      asm.align(8)
      asm.bind(label)
      asm.append(bytes)
    }
  }
}
