/** 10,000 times attach and detach on a busy redis: no failed request, no EINTR that the program did not earn. */
import { isCleanRun, runRedisCycles } from './redis-cycles-run.js'
import { writeResult } from './result-file.js'
import { scriptOptions } from './script-options.js'

const report = await runRedisCycles(scriptOptions(10_000).rounds)
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`)
if (!('missing' in report)) {
  writeResult('redis-cycles', report)
  process.exitCode = isCleanRun(report) ? 0 : 1
}
