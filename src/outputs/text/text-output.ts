import { countTable } from '../../record/counts-record.js'
import type { Output } from '../../record/output.js'
import { callText } from './call-text.js'
import { cleanedText } from './cleaned-text.js'
import { countText } from './count-text.js'
import { explanationText } from './explanation-text.js'
import { functionText } from './function-text.js'
import { latencyText } from './latency-text.js'
import { mechanismText } from './mechanism-text.js'
import { mergedCallText } from './merged-call-text.js'
import { programText } from './program-text.js'

/** Tables and sentences for people. */
export const textOutput: Output = {
  name: 'text',
  forPeople: true,
  // What an attach did is a message, not a result: the command line writes it to stderr.
  attached: () => '',
  interimCounts: (now, previous, options) => `${countText(countTable(now, previous, options.all), options)}\n`,
  finalCounts: (counts, options) => countText(countTable(counts, undefined, options.all), options),
  latencies: latencyText,
  calls: callText,
  mergedCalls: mergedCallText,
  functions: (functions, { verbose }) => functionText(functions, verbose),
  explanations: (explanations, { colour }) =>
    explanations.map((explanation) => explanationText(explanation, colour)).join('\n'),
  cleaned: (cleaned) => cleanedText(cleaned),
  program: programText,
  mechanisms: (mechanisms, { colour }) => mechanisms.map((each) => mechanismText(each, colour)).join('\n'),
}
