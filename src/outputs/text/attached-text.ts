import type { AttachedRecord, RefusedRecord } from '../../record/attached-record.js'
import { duration, grouped, quantity } from './quantity.js'
import { printable } from './terminal-text.js'

/** `16,950 probes at work: set up in 1.25 s, target stopped for 8.10 ms` */
export function attachedText({ probes, setupNs, stoppedNs }: AttachedRecord): string {
  return `${quantity(probes, 'probe')} at work: set up in ${duration(setupNs)}, target stopped for ${duration(stoppedNs)}`
}

/**
 * `served 16,950 of 17,002 functions by jump; 52 refused: 30 window-too-short, 22 branch-into-window`. Undefined when
 * nothing was refused.
 */
export function refusedSummary({ mechanisms, probes, refused }: AttachedRecord): string | undefined {
  if (refused.length === 0) return undefined
  const reasons = countBy(refused.map((site) => site.code)).map(([code, count]) => `${grouped(count)} ${code}`)
  const wanted = quantity(probes + refused.length, 'function')
  return `served ${grouped(probes)} of ${wanted}${byMechanism(mechanisms)}; ${grouped(refused.length)} refused: ${reasons.join(', ')}`
}

/** One line for each refused site. */
export function refusedLines(refused: readonly RefusedRecord[]): string[] {
  return refused.map(({ site, code, because }) => `${printable(site)}: ${code}: ${printable(because)}`)
}

/**
 * `16,938 probes by jump, 12 by signal`, then a line for each reason: `12 not by jump: window-too-short: f has …`. Nothing where
 * there is no probe.
 */
export function servedLines({ mechanisms, passedOver }: AttachedRecord): string[] {
  const served = Object.entries(mechanisms).map(([name, count], at) =>
    at === 0 ? `${quantity(count, 'probe')} by ${name}` : `${grouped(count)} by ${name}`,
  )
  if (served.length === 0) return []
  const reasons = passedOver.map(
    ({ mechanisms: cheaper, probes, code, because }) =>
      `${grouped(probes)} not by ${cheaper.join(' or ')}: ${code}: ${printable(because)}`,
  )
  return [served.join(', '), ...reasons]
}

function byMechanism(mechanisms: Readonly<Record<string, number>>): string {
  const used = Object.entries(mechanisms).filter(([, count]) => count > 0)
  if (used.length === 0) return ''
  if (used.length === 1) return ` by ${used.map(([name]) => name).join('')}`
  return ` (${used.map(([name, count]) => `${grouped(count)} by ${name}`).join(', ')})`
}

function countBy(names: readonly string[]): [string, number][] {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a)
}
