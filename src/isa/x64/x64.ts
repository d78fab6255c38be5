import type { Architecture } from '../site-analysis.js'
import { classifyInstruction } from './classify-instruction.js'
import { disassemble } from './disassemble.js'
import { emulationOf } from './emulate/emulation-of.js'
import { encodeJump } from './encode-jump.js'
import { checkBoundary } from './entry-proof.js'
import { exitFinder } from './function-exits.js'
import { returnFinder } from './function-returns.js'
import { registerNames } from './registers.js'
import { relocate } from './relocate.js'
import { analyseModule } from './site-proof.js'

/** x86-64 as the probes see it: which windows are safe, and how displaced instructions run elsewhere. */
export const x64: Architecture = {
  name: 'x86-64',
  analyseModule,
  checkBoundary,
  returnFinder,
  exitFinder,
  relocate,
  classify: classifyInstruction,
  emulationOf,
  encodeJump,
  trap: Uint8Array.of(0xcc),
  disassemble,
  registerNames,
}
