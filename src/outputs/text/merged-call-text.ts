import type { MergedCall } from '../../record/merged-calls.js'
import { callDuration, callName, moduleOf } from './call-text.js'
import type { TableStyle } from './count-text.js'

/** Merged calls as `uftrace graph` shows them: how long all took, how many there were. An only callee stands below its caller. */
export function mergedCallText(roots: readonly MergedCall[], style: TableStyle): string {
  if (roots.length === 0) return 'no calls have been seen\n'
  const lines = roots.flatMap((root) => linesOf(root, { module: moduleOf(root.site), style }, ' ', ' '))
  return `# TOTAL TIME   FUNCTION\n${lines.map((line) => `${line.trimEnd()}\n`).join('')}`
}

interface Setting {
  readonly module: string
  readonly style: TableStyle
}

/** `head` stands before the call, `indent` before what it has called. */
function linesOf(call: MergedCall, setting: Setting, head: string, indent: string): string[] {
  const { site, count, totalNs, calls } = call
  const { module, style } = setting
  const name = callName(site, module, style.nameOf).replace(/\(\)$/, '')
  const own = line(totalNs, `${head}(${count}) ${name}`, style)
  const [only, ...others] = calls
  if (only === undefined) return [own]
  if (others.length === 0) return [own, ...linesOf(only, setting, indent, indent)]
  const inner = calls.flatMap((each, at) => {
    const isLast = at === calls.length - 1
    const lines = linesOf(each, setting, `${indent} +-`, `${indent} ${isLast ? ' ' : '|'} `)
    return isLast ? lines : [...lines, line(undefined, `${indent} |`, style)]
  })
  return [own, ...inner]
}

function line(ns: number | undefined, text: string, { colour }: TableStyle): string {
  return ` ${callDuration(ns, colour)} :${text}`
}
