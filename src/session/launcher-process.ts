import { spawn } from 'node:child_process'
import { assert } from '../bytes/assert.js'
import type { LauncherMessage } from './launched-command.js'

// Stands between ring3 and the command that it starts: Node reaps the ptrace stops of its own children.

const [, , command = ''] = process.argv
// It stops itself, so that it can be traced before the command begins.
const child = spawn('/bin/sh', ['-c', `kill -STOP $$; exec ${command}`], { stdio: 'inherit' })
assert(child.pid !== undefined, '/bin/sh starts')
say({ pid: child.pid })

// Ctrl-C is for the command, and for ring3.
process.on('SIGINT', () => {})
// Nobody is left to watch over the command.
process.on('disconnect', () => child.kill('SIGTERM'))
process.on('message', () => child.kill('SIGTERM'))
child.on('exit', (code, signal) => {
  say({ code: code ?? 0, signal })
  process.exitCode = code ?? 0
  if (process.connected) process.disconnect()
})

function say(message: LauncherMessage): void {
  if (process.connected) process.send?.(message)
}
