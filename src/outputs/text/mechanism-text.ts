import type { MechanismCost, MechanismRecord } from '../../record/mechanism-record.js'
import { grouped } from './quantity.js'
import { styled } from './terminal-text.js'

/** What each mechanism is, a fact a line. */
export function mechanismText(mechanism: MechanismRecord, colour: boolean): string {
  const { name, caughtBy, handlerIn, needs, noticeable, automatic, cost } = mechanism
  const facts = [
    ['caught by', caughtBy],
    ['handler', `in the ${handlerIn}`],
    ['needs', needs],
    ['noticeable', noticeable],
    ['auto', automatic ? 'takes it, where nothing cheaper serves' : 'does not take it'],
    ...(cost === undefined ? [] : [['cost', costText(cost)]]),
  ]
  const lines = facts.map(([label = '', fact]) => `  ${label.padEnd(10)}  ${fact}`)
  return `${[styled('bold', name, colour), ...lines].join('\n')}\n`
}

/** Below, the figure is that of the calls around it. */
const RESOLUTION_NS = 10

function costText(cost: MechanismCost): string {
  if ('because' in cost) return `not to be had here: ${cost.because}`
  if (cost.addedNs < RESOLUTION_NS) return `less than ${RESOLUTION_NS} ns a hit on this machine`
  return `${grouped(Number(cost.addedNs.toPrecision(2)))} ns a hit on this machine`
}
