import { ByteReader, MalformedInput } from '../bytes/byte-reader.js'
import type { EhFrame, Fde } from './eh-frame.js'
import { readEncodedPointer } from './encoded-pointer.js'
import { cfaExpression, isFramePointer } from './frame-expression.js'
import { emptyState, type FrameState, type SavedRegister } from './frame-state.js'

/** Call frame instructions (DWARF 5, section 7.24), and the two of GNU that occur. */
const DW_CFA = {
  ADVANCE_LOC: 0x40,
  OFFSET: 0x80,
  RESTORE: 0xc0,
  NOP: 0x00,
  SET_LOC: 0x01,
  ADVANCE_LOC1: 0x02,
  ADVANCE_LOC2: 0x03,
  ADVANCE_LOC4: 0x04,
  OFFSET_EXTENDED: 0x05,
  RESTORE_EXTENDED: 0x06,
  UNDEFINED: 0x07,
  SAME_VALUE: 0x08,
  REGISTER: 0x09,
  REMEMBER_STATE: 0x0a,
  RESTORE_STATE: 0x0b,
  DEF_CFA: 0x0c,
  DEF_CFA_REGISTER: 0x0d,
  DEF_CFA_OFFSET: 0x0e,
  DEF_CFA_EXPRESSION: 0x0f,
  EXPRESSION: 0x10,
  OFFSET_EXTENDED_SF: 0x11,
  DEF_CFA_SF: 0x12,
  DEF_CFA_OFFSET_SF: 0x13,
  VAL_OFFSET: 0x14,
  VAL_OFFSET_SF: 0x15,
  VAL_EXPRESSION: 0x16,
  GNU_ARGS_SIZE: 0x2e,
  GNU_NEGATIVE_OFFSET: 0x2f,
} as const

const RBP = 6
/** Nested states; compilers need two. */
const MAX_REMEMBERED = 64

/** Runs the call frame instructions of one FDE: `onRow` gets the state from each address on. */
export class CallFrameProgram {
  #state: FrameState = emptyState
  #initial: FrameState = emptyState
  readonly #remembered: FrameState[] = []
  #address: number

  constructor(
    private readonly frame: EhFrame,
    private readonly fde: Fde,
    private readonly onRow: (address: number, state: FrameState) => void,
  ) {
    this.#address = fde.start
  }

  /** @throws MalformedInput for instructions that cannot be; the rows before it have been given. */
  run(): void {
    const { cie, instructions } = this.fde
    this.#execute(this.#reader(cie.instructions))
    this.#initial = this.#state
    this.#execute(this.#reader(instructions))
    this.onRow(this.#address, this.#state)
  }

  #reader({ start, end }: Fde['instructions']): ByteReader {
    return new ByteReader(this.frame.bytes, start, end)
  }

  #execute(reader: ByteReader): void {
    while (reader.remaining > 0) {
      const byte = reader.u8()
      const operand = byte & 0x3f
      if (byte >= DW_CFA.RESTORE) this.#restore(operand)
      else if (byte >= DW_CFA.OFFSET) this.#save(operand, reader.uleb() * this.fde.cie.dataAlignment)
      else if (byte >= DW_CFA.ADVANCE_LOC) this.#advance(operand)
      else this.#executeExtended(byte, reader)
    }
  }

  #executeExtended(code: number, reader: ByteReader): void {
    switch (code) {
      case DW_CFA.NOP:
        break
      case DW_CFA.SET_LOC:
        this.#setLocation(reader)
        break
      case DW_CFA.ADVANCE_LOC1:
        this.#advance(reader.u8())
        break
      case DW_CFA.ADVANCE_LOC2:
        this.#advance(reader.u16())
        break
      case DW_CFA.ADVANCE_LOC4:
        this.#advance(reader.u32())
        break
      case DW_CFA.REMEMBER_STATE:
        this.#remember()
        break
      case DW_CFA.RESTORE_STATE:
        this.#restoreRemembered()
        break
      case DW_CFA.GNU_ARGS_SIZE:
        reader.uleb()
        break
      default:
        if (!this.#defineCfa(code, reader)) this.#defineRegister(code, reader)
    }
  }

  #defineCfa(code: number, reader: ByteReader): boolean {
    const { dataAlignment } = this.fde.cie
    switch (code) {
      case DW_CFA.DEF_CFA:
        this.#setCfa(reader.uleb(), reader.uleb())
        return true
      case DW_CFA.DEF_CFA_SF:
        this.#setCfa(reader.uleb(), reader.sleb() * dataAlignment)
        return true
      case DW_CFA.DEF_CFA_REGISTER:
        this.#setCfa(reader.uleb(), this.#state.cfaOffset)
        return true
      case DW_CFA.DEF_CFA_OFFSET:
        this.#setCfa(this.#state.cfaRegister, reader.uleb())
        return true
      case DW_CFA.DEF_CFA_OFFSET_SF:
        this.#setCfa(this.#state.cfaRegister, reader.sleb() * dataAlignment)
        return true
      case DW_CFA.DEF_CFA_EXPRESSION:
        this.#state = { ...this.#state, cfaExpression: cfaExpression(block(reader)) ?? null }
        return true
      default:
        return false
    }
  }

  #defineRegister(code: number, reader: ByteReader): void {
    const { dataAlignment } = this.fde.cie
    const register = reader.uleb()
    switch (code) {
      case DW_CFA.OFFSET_EXTENDED:
        this.#save(register, reader.uleb() * dataAlignment)
        break
      case DW_CFA.OFFSET_EXTENDED_SF:
        this.#save(register, reader.sleb() * dataAlignment)
        break
      case DW_CFA.GNU_NEGATIVE_OFFSET:
        this.#save(register, -reader.uleb() * dataAlignment)
        break
      case DW_CFA.RESTORE_EXTENDED:
        this.#restore(register)
        break
      case DW_CFA.UNDEFINED:
        this.#save(register, 'lost')
        break
      case DW_CFA.SAME_VALUE:
        this.#save(register, 'unchanged')
        break
      case DW_CFA.EXPRESSION:
        this.#save(register, isFramePointer(block(reader)) ? 'at-frame-pointer' : 'lost')
        break
      case DW_CFA.VAL_EXPRESSION:
        block(reader)
        this.#save(register, 'lost')
        break
      case DW_CFA.REGISTER:
      case DW_CFA.VAL_OFFSET:
        reader.uleb()
        this.#save(register, 'lost')
        break
      case DW_CFA.VAL_OFFSET_SF:
        reader.sleb()
        this.#save(register, 'lost')
        break
      default:
        throw new MalformedInput(`call frame instruction ${code} at ${reader.offset} is unknown`)
    }
  }

  #advance(delta: number): void {
    this.onRow(this.#address, this.#state)
    this.#address += delta * this.fde.cie.codeAlignment
  }

  #setLocation(reader: ByteReader): void {
    this.onRow(this.#address, this.#state)
    const bases = { readerAddress: this.frame.address }
    this.#address = readEncodedPointer(reader, this.fde.cie.pointerEncoding, bases) ?? 0
  }

  #setCfa(cfaRegister: number, cfaOffset: number): void {
    this.#state = { ...this.#state, cfaRegister, cfaOffset, cfaExpression: undefined }
  }

  #save(register: number, place: SavedRegister): void {
    if (register === RBP) this.#state = { ...this.#state, framePointer: place }
    else if (register === this.fde.cie.returnRegister) this.#state = { ...this.#state, returnAddress: place }
  }

  #restore(register: number): void {
    const { framePointer, returnAddress } = this.#initial
    this.#save(register, register === RBP ? framePointer : returnAddress)
  }

  #remember(): void {
    if (this.#remembered.length >= MAX_REMEMBERED) throw new MalformedInput('too many states are remembered')
    this.#remembered.push(this.#state)
  }

  #restoreRemembered(): void {
    const state = this.#remembered.pop()
    if (state === undefined) throw new MalformedInput('there is no state to restore')
    this.#state = state
  }
}

function block(reader: ByteReader): Uint8Array {
  return reader.slice(reader.uleb())
}
