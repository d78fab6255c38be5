import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'

/** libuv reaps the stops of its own children: a shell stands between. */
const SHELTER = 'exec 3<&0; "$@" <&3 3<&- & exec 3<&- 0</dev/null; wait'

/** A small process that calls libc's getuid and says what that takes. Ends with this object, or with this process. */
export class CalibrationProcess implements AsyncDisposable {
  private constructor(
    readonly pid: number,
    private readonly commands: Writable,
    private readonly answers: AsyncIterator<string>,
  ) {}

  static async start(): Promise<CalibrationProcess> {
    const program = new URL('./calibration-program.js', import.meta.url).pathname
    const args = ['-c', SHELTER, 'sh', process.execPath, program]
    const { stdin, stdout } = spawn('/bin/sh', args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const answers = createInterface(stdout)[Symbol.asyncIterator]()
    const pid = Number(await nextLine(answers))
    return new CalibrationProcess(pid, stdin, answers)
  }

  /** Nanoseconds. */
  async callCost(): Promise<number> {
    this.commands.write('\n')
    return Number(await nextLine(this.answers))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.commands.end()
    while (!(await this.answers.next()).done);
  }
}

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const next = await lines.next()
  if (next.done === true) throw new Error('the process that is measured has ended')
  return next.value
}
