import { WebSocket } from 'ws'

export interface Frame {
  readonly text: string
  readonly binary: boolean
}

/** A WebSocket that keeps what it receives until it is asked for. */
export interface PlayedSocket {
  send(data: string, binary: boolean): void
  /** The next frame, or undefined when none comes in time or the socket is closed. */
  receive(timeoutMs: number): Promise<Frame | undefined>
  /** The close code, or undefined when the socket stays open. */
  closed(timeoutMs: number): Promise<number | undefined>
  close(): void
  /** Milliseconds since the last frame sent. */
  sinceSentMs(): number
}

export async function openSocket(url: string): Promise<PlayedSocket> {
  const socket = new WebSocket(url)
  const frames: Frame[] = []
  let code: number | undefined
  let sentAtMs = performance.now()
  let changed = () => {}
  socket.on('message', (data, binary) => {
    frames.push({ text: String(data), binary })
    changed()
  })
  socket.on('close', (closeCode) => {
    code = closeCode
    changed()
  })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  socket.on('error', () => undefined)

  const settle = async (ready: () => boolean, timeoutMs: number) => {
    const deadlineMs = performance.now() + timeoutMs
    while (!ready()) {
      const leftMs = deadlineMs - performance.now()
      if (leftMs <= 0) return
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        changed = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  return {
    send(data, binary) {
      sentAtMs = performance.now()
      socket.send(data, { binary })
    },
    async receive(timeoutMs) {
      await settle(() => frames.length > 0 || code !== undefined, timeoutMs)
      return frames.shift()
    },
    async closed(timeoutMs) {
      await settle(() => code !== undefined, timeoutMs)
      return code
    },
    close: () => socket.close(),
    sinceSentMs: () => performance.now() - sentAtMs,
  }
}
