import type { MechanismRecord } from '../../record/mechanism-record.js'
import { styled } from './terminal-text.js'

/** What each mechanism is, a fact a line. */
export function mechanismText(mechanism: MechanismRecord, colour: boolean): string {
  const { name, caughtBy, handlerIn, needs, noticeable, automatic } = mechanism
  const facts = [
    ['caught by', caughtBy],
    ['handler', `in the ${handlerIn}`],
    ['needs', needs],
    ['noticeable', noticeable],
    ['auto', automatic ? 'takes it, where nothing cheaper serves' : 'does not take it'],
  ]
  const lines = facts.map(([label = '', fact]) => `  ${label.padEnd(10)}  ${fact}`)
  return `${[styled('bold', name, colour), ...lines].join('\n')}\n`
}
