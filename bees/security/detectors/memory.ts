/**
 * The numbers that a stream remembers. Every part takes its arrays once, when it is built; the state is their bytes in that
 * order. Most are 32-bit: a part rounds whenever it writes, so that a stream that went through JSON goes on bit for bit.
 */
export interface Memory {
  /** 32-bit numbers, all 0 or `initial`. */
  readonly take: (length: number, initial?: number) => Float32Array
  /** 64-bit numbers, for times and recursions that rounding would derail. */
  readonly takeDouble: (length: number, initial?: number) => Float64Array
  /** Bytes of everything that was taken. */
  readonly byteLength: () => number
  /** All arrays, little-endian, base64. */
  readonly save: () => string
  /** Puts back what `save` gave; the length must be byteLength(). False: a number in it is not finite. */
  readonly load: (bytes: Uint8Array) => boolean
}

export function newMemory(): Memory {
  const arrays: (Float32Array | Float64Array)[] = []
  const byteLength = () => arrays.reduce((sum, array) => sum + array.byteLength, 0)
  const keep = <A extends Float32Array | Float64Array>(array: A): A => {
    arrays.push(array)
    return array
  }
  return {
    take: (length, initial = 0) => keep(new Float32Array(length).fill(initial)),
    takeDouble: (length, initial = 0) => keep(new Float64Array(length).fill(initial)),
    byteLength,
    save: () => {
      const view = new DataView(new ArrayBuffer(byteLength()))
      let offset = 0
      for (const array of arrays) {
        const wide = array instanceof Float64Array
        for (const value of array) {
          if (wide) view.setFloat64(offset, value, true)
          else view.setFloat32(offset, value, true)
          offset += array.BYTES_PER_ELEMENT
        }
      }
      return toBase64(new Uint8Array(view.buffer))
    },
    load: (bytes) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      let offset = 0
      let finite = true
      for (const array of arrays) {
        const wide = array instanceof Float64Array
        for (let index = 0; index < array.length; index++) {
          const value = wide ? view.getFloat64(offset, true) : view.getFloat32(offset, true)
          finite &&= Number.isFinite(value)
          array[index] = value
          offset += array.BYTES_PER_ELEMENT
        }
      }
      return finite
    },
  }
}

function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}
