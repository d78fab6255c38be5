/** The node target: a web server whose answers use the event loop, the thread pool and the optimising compiler. */
import { createHash, pbkdf2 } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { answerTo } from './node-answer.js'

const derive = promisify(pbkdf2)
const compress = promisify(gzip)

async function answer(n: number): Promise<string> {
  if (n % 4 === 1) {
    const key = await derive(String(n), 'salt', 20, 16, 'sha256')
    if (key.length !== 16) return 'a short key'
  }
  if (n % 4 === 2) await compress(Buffer.alloc(4096, n))
  if (n % 4 === 3)
    createHash('sha256')
      .update(await readFile('/proc/self/stat'))
      .digest()
  return answerTo(n)
}

const server = createServer((request, response) => {
  const n = Number(request.url?.slice(1))
  answer(n).then(
    (text) => response.end(text),
    (error) => response.writeHead(500).end(String(error)),
  )
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') process.stdout.write(`ready ${address.port}\n`)
})
