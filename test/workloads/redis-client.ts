import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export type Reply = string | number | null

interface Parsed {
  readonly reply: Reply | Error
  readonly rest: string
}

/** Reads one reply (simple string, error, integer or bulk string) off the front of the text, if it is complete. */
function parseReply(text: string): Parsed | undefined {
  const end = text.indexOf('\r\n')
  if (end < 0) return undefined
  const line = text.slice(1, end)
  const rest = text.slice(end + 2)
  switch (text[0]) {
    case '+':
      return { reply: line, rest }
    case '-':
      return { reply: new Error(`redis: ${line}`), rest }
    case ':':
      return { reply: Number(line), rest }
    case '$': {
      const length = Number(line)
      if (length < 0) return { reply: null, rest }
      if (rest.length < length + 2) return undefined
      return { reply: rest.slice(0, length), rest: rest.slice(length + 2) }
    }
    default:
      throw new Error(`redis: a reply that starts with ${JSON.stringify(text.slice(0, 20))}`)
  }
}

interface Waiting {
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: Error) => void
}

/** A small client of its own, so that every reply is looked at. Latin-1 on the wire: one character, one byte. */
export class RedisClient {
  readonly #socket: Socket
  #waiting: Waiting[] = []
  #text = ''

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true).setEncoding('latin1').setTimeout(15_000)
    socket.on('data', (text: string) => this.#take(text))
    socket.on('timeout', () => socket.destroy(new Error('redis: no reply for 15 s')))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('redis: the connection was closed')))
  }

  static async connect(port: number): Promise<RedisClient> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    return new RedisClient(socket)
  }

  #take(text: string): void {
    this.#text += text
    for (;;) {
      const parsed = parseReply(this.#text)
      if (parsed === undefined) return
      this.#text = parsed.rest
      const waiting = this.#waiting.shift()
      if (parsed.reply instanceof Error) waiting?.reject(parsed.reply)
      else waiting?.resolve(parsed.reply)
    }
  }

  #fail(error: Error): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const one of waiting) one.reject(error)
  }

  command(...words: readonly string[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) return reject(new Error('redis: the connection is closed'))
      this.#waiting.push({ resolve, reject })
      const body = words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')
      this.#socket.write(`*${words.length}\r\n${body}`, 'latin1')
    })
  }

  close(): void {
    this.#socket.destroy()
  }
}
