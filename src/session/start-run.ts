import type { RunOptions } from './api.js'
import { beginRun } from './begin-run.js'
import { compileScript } from './compile-script.js'
import type { ScriptRun } from './script-run.js'
import type { TracerThread } from './tracer-thread.js'

/** Compiles a script and begins it in a tracer thread. @throws ScriptError, RefusedError */
export async function startRun(
  thread: TracerThread,
  text: string,
  options: RunOptions = {},
  onFinished: () => Promise<void> = async () => {},
): Promise<ScriptRun> {
  const { run } = await beginRun(thread, compileScript(text, options), options.childPid, onFinished)
  return run
}
