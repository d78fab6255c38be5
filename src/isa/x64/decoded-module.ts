import type { FunctionBounds } from '../code-facts.js'
import { decodeFunction, type FunctionCode } from './function-code.js'
import type { ModuleCode } from './module-code.js'

/** A module's code with the functions that had to be decoded whole, each once. */
export interface DecodedModule {
  readonly code: ModuleCode
  readonly decoded: Map<number, FunctionCode>
}

export function decodedFunction({ code, decoded }: DecodedModule, bounds: FunctionBounds): FunctionCode {
  const known = decoded.get(bounds.start)
  if (known !== undefined) return known
  const fresh = decodeFunction(code, bounds)
  decoded.set(bounds.start, fresh)
  return fresh
}
