import type { ProbeType } from './probe-type.js'

export const begin: ProbeType = special('begin')
export const end: ProbeType = special('end')

function special(kind: 'begin' | 'end'): ProbeType {
  return {
    names: [kind, kind.toUpperCase()],
    parse: (rest, text) =>
      rest === '' ? { kind, text } : { problem: `${text.split(':')[0]} probes should not have a target` },
  }
}
