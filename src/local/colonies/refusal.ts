/** A call that the server refuses. Becomes an error envelope with this status; the text is for people only. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  /** The literal HTTP body, where it is not one error envelope. */
  readonly body: string | undefined

  constructor(status: number, message: string, body?: string) {
    super(message)
    this.status = status
    this.body = body
  }
}

/** The original crashes on some inputs (a JSON `null` as message) and then answers 500 with a body of zero length. */
export class EmptyCrash extends Error {
  override readonly name = 'EmptyCrash'
}

export const malformed = (what: string): Refusal => new Refusal(400, what)
export const forbidden = (what: string): Refusal => new Refusal(403, what)
export const missing = (what: string): Refusal => new Refusal(404, what)
export const broken = (what: string): Refusal => new Refusal(500, what)
