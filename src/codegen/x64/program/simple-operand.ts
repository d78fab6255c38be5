import { assert } from '../../../bytes/assert.js'
import type { Expression, Input } from '../../../ir/expression.js'
import type { Register } from '../assembler.js'
import { RAX, RCX, RDI, RDX, RSI } from '../assembler.js'
import type { Emission } from './emission.js'
import { fitsInt32 } from './encoder.js'
import { isSameInRegister, wrapped } from './integer-range.js'
import type { RegisterOrPlace } from './operand.js'

/** What an instruction takes as it is: 64 bits in a register or in memory, or a number of 32 bits with a sign. */
export type SimpleOperand =
  | { readonly kind: 'number'; readonly value: bigint }
  | { readonly kind: 'at'; readonly place: RegisterOrPlace }

/** The operand that a scalar expression is without any code; `undefined` if it needs some. */
export function simpleOperand(emission: Emission, expression: Expression): SimpleOperand | undefined {
  const known = constantOf(emission, expression)
  if (known !== undefined) return fitsInt32(known) ? { kind: 'number', value: known } : undefined
  switch (expression.op) {
    case 'local': {
      const place = emission.locals.get(expression.local)
      assert(place !== undefined, 'a local that is read has a place')
      return { kind: 'at', place }
    }
    case 'input': {
      const register = hitRegister(expression.input)
      const isWhole = isSameInRegister({ kind: 'integer', bits: 64, signed: false }, expression.type)
      return register === undefined || !isWhole ? undefined : { kind: 'at', place: emission.hit.register(register) }
    }
    case 'convert':
      return isSameInRegister(expression.value.type, expression.type)
        ? simpleOperand(emission, expression.value)
        : undefined
    default:
      return undefined
  }
}

/** The number without a sign that an expression is at every hit of the site. */
export function constantOf({ request }: Emission, expression: Expression): bigint | undefined {
  return knownValue(request.constant, expression)
}

/** The same for whoever knows inputs of a site. */
export function knownValue(constant: (input: Input) => bigint | undefined, expression: Expression): bigint | undefined {
  if (expression.op === 'constant') return wrapped(expression.type, expression.value)
  if (expression.op !== 'input') return undefined
  const known = constant(expression.input)
  return known === undefined ? undefined : wrapped(expression.type, known)
}

/** System V ABI for x86-64, section 3.2.3. */
const argumentRegisters: readonly Register[] = [RDI, RSI, RDX, RCX, 8, 9]

/** The kernel's names in `struct pt_regs`, without the r of the 64-bit ones. */
const registerNames = 'ax cx dx bx sp bp si di r8 r9 r10 r11 r12 r13 r14 r15'.split(' ')

/** The register in which the hit brings an input along. */
export function hitRegister(input: Input): Register | undefined {
  switch (input.kind) {
    case 'argument':
      return argumentRegisters[input.index]
    case 'return-value':
      return RAX
    case 'register': {
      const number = registerNames.indexOf(input.name)
      return number === -1 || input.name === 'sp' ? undefined : number
    }
    default:
      return undefined
  }
}
