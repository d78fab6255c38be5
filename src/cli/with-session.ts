import type { Ring3, Session } from '../session/api.js'
import type { CatchOptions } from '../session/catch-options.js'
import { attachOptions } from './attach-options.js'
import { endedEarly } from './ended-early.js'
import { Ending } from './ending.js'
import type { Outcome } from './exit-code.js'
import type { Host, TextSink } from './host.js'
import type { Messages } from './messages.js'
import { ProgressLine } from './progress-line.js'

/** What a command that attaches to a process works with. */
export interface AttachedCommand {
  readonly session: Session
  readonly ending: Ending
  /** To be disposed of when the probes work: nothing more is to be shown of the set-up. */
  readonly progress: Disposable
}

/**
 * Attaches, lets a command do its work, and detaches. The command ends early when its end is wished for before its probes work.
 * `sink`: where its results go; who closes that wants no more.
 */
export async function withSession(
  options: CatchOptions & { readonly pid: number },
  sink: TextSink,
  { engine, host, messages }: { readonly engine: Ring3; readonly host: Host; readonly messages: Messages },
  work: (command: AttachedCommand) => Promise<Outcome>,
): Promise<Outcome> {
  using ending = new Ending(host, sink, () => messages.error('detaching: this cannot be cut short'))
  using progress = new ProgressLine(host.stderr, messages)
  try {
    await using session = await engine.attach(options.pid, attachOptions(options, progress, ending, messages))
    return await work({ session, ending, progress })
  } catch (error) {
    const reason = ending.reasonFor(error)
    progress[Symbol.dispose]()
    return endedEarly(reason, messages)
  }
}
