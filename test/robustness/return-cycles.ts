/** 1,000 times return probes planted and taken out under eight busy threads: nothing lost, nothing wrong. */
import { writeResult } from './result-file.js'
import { runReturnCycles } from './return-cycles-run.js'
import { scriptOptions } from './script-options.js'

const report = await runReturnCycles(scriptOptions(1000).rounds)
process.stdout.write(`${JSON.stringify(report, null, 1)}\n`)
if (!('missing' in report)) {
  writeResult('return-cycles', report)
  const isClean = report.wrong === 0 && report.mismatched === 0 && report.differences.length === 0
  process.exitCode = isClean ? 0 : 1
}
