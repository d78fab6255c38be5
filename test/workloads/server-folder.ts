import { chmod, chown, mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A user without rights that every system has. */
export const nobody = 65534

export const runsAsRoot = process.getuid?.() === 0

/** A TCP port on loopback that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'))
        else resolve(address.port)
      })
    })
  })
}

export interface ServerFolder extends AsyncDisposable {
  readonly path: string
}

/** A temporary folder for a server's data; readable by all, as servers drop their rights. */
export async function makeServerFolder(name: string, uid?: number): Promise<ServerFolder> {
  const path = await mkdtemp(join(tmpdir(), `ring3-${name}-`))
  await chmod(path, 0o755)
  if (uid !== undefined) await chown(path, uid, uid)
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) }
}
