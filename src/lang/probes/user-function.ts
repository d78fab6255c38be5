import { parsePattern } from '../../probe/pattern.js'
import { isRefusal } from '../../refusal/refusal.js'
import type { ProbeType } from './probe-type.js'

export const uprobe: ProbeType = userFunction('uprobe', ['uprobe', 'u'])
export const uretprobe: ProbeType = userFunction('uretprobe', ['uretprobe', 'ur'])

/** `uprobe:MODULE:SYMBOL[+OFFSET]`, with globs; `cpp:` before the symbol asks for C++ names, which are matched anyway. */
function userFunction(kind: 'uprobe' | 'uretprobe', names: readonly string[]): ProbeType {
  return {
    names,
    parse(rest, text) {
      const pattern = `uprobe:${rest.replace(/^((?:"[^"]*"|[^":])*):cpp:/, '$1:')}`
      const parsed = parsePattern(pattern)
      if (isRefusal(parsed)) return { problem: parsed.because, instead: `${kind}:libc:malloc` }
      const inside = parsed.kind === 'file-offset' || parsed.offset !== 0
      if (kind === 'uretprobe' && inside)
        return {
          problem: 'uretprobes can not be attached at an offset',
          instead: `uretprobe:${parsed.module}:FUNCTION`,
        }
      return { kind, text, pattern }
    },
  }
}
