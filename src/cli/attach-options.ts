import type { AttachOptions } from '../session/api.js'
import { type CatchOptions, catching } from '../session/catch-options.js'
import type { Ending } from './ending.js'
import type { Messages } from './messages.js'
import type { ProgressLine } from './progress-line.js'

/** How a command attaches: it shows what it is doing, and gives up when its end is wished for. */
export function attachOptions(
  options: CatchOptions,
  progress: ProgressLine,
  ending: Ending,
  messages: Messages,
): AttachOptions {
  return {
    ...catching(options),
    onProgress: (step) => progress.show(step),
    onWarning: (sentence) => messages.warning(sentence),
    signal: ending.signal,
  }
}
