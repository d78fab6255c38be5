import type { FunctionRecord } from '../../record/function-record.js'
import { printable } from './terminal-text.js'

/**
 * One `module:symbol` a line, so that the list can be searched and fed back as patterns; `verbose` puts file offset and
 * size before the name, and the demangled name and the file behind it.
 */
export function functionText(functions: readonly FunctionRecord[], verbose: boolean): string {
  return functions.map((found) => `${verbose ? verboseLine(found) : site(found)}\n`).join('')
}

function verboseLine(found: FunctionRecord): string {
  const offset = `0x${found.fileOffset.toString(16)}`.padStart(10)
  const demangled = found.demangled === found.symbol ? '' : `  ${printable(found.demangled)}`
  return `${offset}  ${found.size.toString().padStart(7)}  ${site(found)}${demangled}  ${printable(found.module)}`
}

function site({ moduleName, symbol }: FunctionRecord): string {
  return printable(`${moduleName}:${symbol}`)
}
