import { compile } from '../lang/compile.js'
import { diagnosticText } from '../lang/diagnostic.js'
import { followCalls } from '../runs/follow-calls.js'
import type { RunOptions } from './api.js'
import type { CompiledScript } from './begin-run.js'
import { ScriptError } from './script-error.js'

/** @throws ScriptError */
export function compileScript(text: string, options: RunOptions = {}): CompiledScript {
  const { name = 'script', parameters = [], unsafe = false, settings = {}, childPid } = options
  const compiled = compile(name, text, {
    parameters,
    unsafe,
    hasChild: childPid !== undefined,
    settings: new Map(Object.entries(settings)),
  })
  if (compiled.kind === 'rejected') throw new ScriptError(compiled.source, compiled.diagnostics)
  const { program, source, warnings } = compiled
  return { program: followCalls(program), source, warnings: warnings.map((warning) => diagnosticText(source, warning)) }
}
