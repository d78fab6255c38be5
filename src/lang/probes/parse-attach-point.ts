import type { ProbeRequest } from '../../ir/program.js'
import { didYouMean } from '../did-you-mean.js'
import type { AttachPointNode } from '../syntax/ast.js'
import { begin, end } from './begin-end.js'
import { interval } from './interval.js'
import type { ProbeProblem, ProbeType } from './probe-type.js'
import { self } from './self.js'
import { unavailableProbes } from './unavailable-probes.js'
import { uprobe, uretprobe } from './user-function.js'
import { watchpoint } from './watchpoint.js'

const probeTypes: ReadonlyMap<string, ProbeType> = new Map(
  [begin, end, interval, self, uprobe, uretprobe, watchpoint].flatMap((type) => type.names.map((name) => [name, type])),
)

/** What a probe's name asks for, or why it cannot be had. A label (`name=probe`) means nothing. */
export function parseAttachPoint({ text }: AttachPointNode): ProbeRequest | ProbeProblem {
  const unlabelled = text.replace(/^[A-Za-z_]\w*=/, '')
  const colon = unlabelled.indexOf(':')
  const name = colon === -1 ? unlabelled : unlabelled.slice(0, colon)
  const type = probeTypes.get(name)
  if (type !== undefined) {
    const [fullName = name] = type.names
    const rest = colon === -1 ? '' : unlabelled.slice(colon + 1)
    const isSpecial = fullName === 'begin' || fullName === 'end'
    return type.parse(rest, isSpecial ? unlabelled : `${fullName}:${rest}`)
  }
  return unavailableProbes.get(name) ?? unknownProbe(name)
}

function unknownProbe(name: string): ProbeProblem {
  const known = [...probeTypes.keys(), ...unavailableProbes.keys()].filter((candidate) => candidate.length > 2)
  return {
    problem: `Invalid probe type: ${name}${didYouMean(name, known)}`,
    instead: 'probes look like uprobe:libc:malloc, interval:s:1, BEGIN',
  }
}
