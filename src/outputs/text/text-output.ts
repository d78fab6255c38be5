import { countTable } from '../../record/counts-record.js'
import type { Output } from '../../record/output.js'
import { cleanedText } from './cleaned-text.js'
import { countText } from './count-text.js'
import { explanationText } from './explanation-text.js'
import { functionText } from './function-text.js'

/** Tables and sentences for people. */
export const textOutput: Output = {
  name: 'text',
  forPeople: true,
  // What an attach did is a message, not a result: the command line writes it to stderr.
  attached: () => '',
  interimCounts: (now, previous, { all, colour }) => `${countText(countTable(now, previous, all), colour)}\n`,
  finalCounts: (counts, { all, colour }) => countText(countTable(counts, undefined, all), colour),
  functions: (functions, { verbose }) => functionText(functions, verbose),
  explanations: (explanations, { colour }) =>
    explanations.map((explanation) => explanationText(explanation, colour)).join('\n'),
  cleaned: (cleaned) => cleanedText(cleaned),
}
