/** 10,000,000 exceptions through frames whose returns are probed, and node under load with all libuv and V8 functions probed. */
import { writeResult } from './result-file.js'
import { scriptOptions } from './script-options.js'
import { runNodeReturns, runThrows } from './throws-run.js'

const { rounds } = scriptOptions(10_000_000)
const throws = await runThrows(rounds, '*')
process.stdout.write(`${JSON.stringify(throws, null, 1)}\n`)
const node = await runNodeReturns(30)
process.stdout.write(`${JSON.stringify(node, null, 1)}\n`)
writeResult('throws', { throws, node })

const isClean =
  'missing' in throws ||
  (throws.wrong === 0 && throws.returns[0] === throws.returns[1] && throws.differences.length === 0)
const { failures, wrongAnswers } = node.load
process.exitCode = isClean && failures + wrongAnswers + node.problems.length === 0 ? 0 : 1
