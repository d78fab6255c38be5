import type { CodeFacts, FunctionBounds } from '../code-facts.js'
import { decodeFunction, type FunctionCode } from './function-code.js'
import { type ModuleCode, moduleCode } from './module-code.js'
import { scanRegisterJumps } from './register-jumps.js'
import { upperBound } from './sorted-search.js'

/** A module's code with what had to be decoded or looked for in the whole of it, each once. */
export interface DecodedModule {
  readonly code: ModuleCode
  readonly decoded: Map<number, FunctionCode>
  /** Addresses where a jump through a register may be, sorted, once they are asked for. */
  registerJumps?: Float64Array
}

/** One a module: whoever analyses its code finds what others have decoded. */
const modules = new WeakMap<CodeFacts, DecodedModule>()

export function decodedModule(facts: CodeFacts): DecodedModule {
  const known = modules.get(facts) ?? { code: moduleCode(facts), decoded: new Map() }
  modules.set(facts, known)
  return known
}

export function decodedFunction({ code, decoded }: DecodedModule, bounds: FunctionBounds): FunctionCode {
  const known = decoded.get(bounds.start)
  if (known !== undefined) return known
  const fresh = decodeFunction(code, bounds)
  decoded.set(bounds.start, fresh)
  return fresh
}

/** False only when a function surely holds no near jump through a register. Cheap enough to ask of every function. */
export function mayJumpThroughRegister(module: DecodedModule, { start, end }: FunctionBounds): boolean {
  module.registerJumps ??= scanRegisterJumps(module.code.facts.text)
  const next = module.registerJumps[upperBound(module.registerJumps, start - 1)]
  return next !== undefined && next < end
}
