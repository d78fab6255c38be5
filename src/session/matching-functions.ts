import { compileGlob, isLiteralGlob } from '../symbols/glob.js'
import type { FunctionSymbol, ModuleSymbols } from '../symbols/module-symbols.js'

/** A function with the name under which a pattern found it. */
export interface NamedFunction {
  readonly name: string
  readonly symbol: FunctionSymbol
}

/** The functions that a symbol pattern names: by symbol, or by demangled name where the pattern is written like one. */
export function matchingFunctions(symbols: ModuleSymbols, pattern: string): NamedFunction[] {
  if (isLiteralGlob(pattern)) {
    const found = symbols.find(pattern).map((symbol) => ({ name: pattern, symbol }))
    if (found.length > 0) return found
  } else {
    const found = symbols.match(pattern).map((symbol) => named(symbol, compileGlob(pattern)))
    if (found.length > 0) return found
  }
  return /[:<( ]/.test(pattern) ? matchingDemangled(symbols, pattern) : []
}

function named(symbol: FunctionSymbol, matches: (name: string) => boolean): NamedFunction {
  if (matches(symbol.name)) return { name: symbol.name, symbol }
  return { name: symbol.aliases.find(matches) ?? symbol.name, symbol }
}

/** `Foo::bar` stands for every overload of it: the argument list may be left out. */
function matchingDemangled(symbols: ModuleSymbols, pattern: string): NamedFunction[] {
  const whole = compileGlob(pattern)
  return symbols.functions.flatMap((symbol) => {
    const demangled = symbols.demangle(symbol.name)
    if (demangled === symbol.name) return []
    const withoutArguments = demangled.replace(/\(.*$/, '')
    return whole(demangled) || whole(withoutArguments) ? [{ name: symbol.name, symbol }] : []
  })
}
