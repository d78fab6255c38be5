import { attach } from '../../src/ring3.js'

// A user's program whose handler does not return: `stuck-handler.js PID PATTERN`.
const [pid = '', pattern = ''] = process.argv.slice(2)
const session = await attach(Number(pid))
await session.probe(pattern, {
  entry() {
    process.stdout.write('in the handler\n')
    for (;;);
  },
})
process.stdout.write('ready\n')
