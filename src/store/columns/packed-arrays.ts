/**
 * Arrays of numbers as bytes, each in the narrowest form that gives every one of its numbers back: most counts fit into a byte or two, and times are whole
 * microseconds. What is half as long is read in half the time.
 */

export type Numbers = Float64Array | Uint32Array | Uint8Array
type Narrow = Uint8Array | Uint16Array | Uint32Array

/** Whole numbers of `1 / scale`. A form's place is what is stored; `FORMS.length` is a Float64Array as it is. */
const FORMS = [
  { type: Uint8Array, scale: 1 },
  { type: Uint16Array, scale: 1 },
  { type: Uint16Array, scale: 1000 },
  { type: Uint32Array, scale: 1 },
  { type: Uint32Array, scale: 1000 },
] as const
type Form = (typeof FORMS)[number]

/** Before each array: how many numbers (4 bytes), their form (1), and whether one of them is NaN (1). As long as the widest number, so that each may begin where it does. */
const HEAD = 8
const bytesOf = (length: number, form: Form | undefined) =>
  HEAD + Math.ceil((length * (form?.type ?? Float64Array).BYTES_PER_ELEMENT) / 8) * 8
/** The largest number of a form stands for NaN where there is one. */
const largest = ({ type }: Form) => 2 ** (type.BYTES_PER_ELEMENT * 8) - 1

export function packArrays(arrays: readonly Numbers[]): Uint8Array {
  const forms = arrays.map(formOf)
  const sizes = arrays.map(({ length }, index) => bytesOf(length, forms[index]!.form))
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0))
  let at = 0
  arrays.forEach((array, index) => {
    const { form, hasNaN } = forms[index]!
    new Uint32Array(bytes.buffer, at, 1)[0] = array.length
    bytes[at + 4] = form ? FORMS.indexOf(form) : FORMS.length
    bytes[at + 5] = Number(hasNaN)
    if (form) narrow(array, form, hasNaN, new form.type(bytes.buffer, at + HEAD, array.length))
    else new Float64Array(bytes.buffer, at + HEAD, array.length).set(array)
    at += sizes[index]!
  })
  return bytes
}

/** Memory for arrays that are looked at one after the other: what is taken under a name holds until it is taken again. New memory is slow where it is touched first. */
export class Room {
  readonly #arrays = new Map<number | string, Numbers>()

  /** Under one name always of one type. */
  take<T extends Numbers>(name: number | string, type: new (length: number) => T, length: number): T {
    let array = this.#arrays.get(name)
    if (array === undefined || array.length < length) this.#arrays.set(name, (array = new type(length + (length >> 2))))
    return array.subarray(0, length) as T
  }
}

/** Gives the arrays by their place: new ones, or taken from a room. */
export function unpackArrays(bytes: Uint8Array) {
  // A view into a larger buffer may begin where no Float64Array can.
  const buffer = (bytes.byteOffset === 0 ? bytes : bytes.slice()).buffer as ArrayBuffer
  const heads: { at: number; length: number; form: Form | undefined }[] = []
  for (let at = 0; at < bytes.length;) {
    const length = new Uint32Array(buffer, at, 1)[0]!
    const form = FORMS[bytes[at + 4]!]
    heads.push({ at, length, form })
    at += bytesOf(length, form)
  }
  return <T extends Numbers>(
    place: number,
    type: new (length: number) => T,
    room: Room | null = null,
    name: number | string = place,
  ): T => {
    const { at, length, form } = heads[place]!
    const array = room?.take(name, type, length) ?? new type(length)
    if (form) widen(new form.type(buffer, at + HEAD, length), form, bytes[at + 5] === 1, array)
    else array.set(new Float64Array(buffer, at + HEAD, length))
    return array
  }
}

function formOf(array: Numbers): { form: Form | undefined; hasNaN: boolean } {
  let most = 0
  let isWhole = true
  let hasNaN = false
  if (!(array instanceof Float64Array))
    for (let index = 0; index < array.length; index++) most = Math.max(most, array[index]!)
  else
    for (let index = 0; index < array.length; index++) {
      const value = array[index]!
      if (value !== value) hasNaN = true
      else if (value < 0 || Math.round(value * 1000) / 1000 !== value) return { form: undefined, hasNaN }
      else {
        if (value > most) most = value
        if (value !== Math.trunc(value)) isWhole = false
      }
    }
  const fits = (form: Form) =>
    isWhole === (form.scale === 1) && Math.round(most * form.scale) <= largest(form) - Number(hasNaN)
  return { form: FORMS.find(fits), hasNaN }
}

function narrow(array: Numbers, form: Form, hasNaN: boolean, into: Narrow): void {
  if (form.scale === 1 && !hasNaN) return into.set(array)
  const nan = largest(form)
  for (let index = 0; index < array.length; index++) {
    const value = array[index]!
    into[index] = value === value ? Math.round(value * form.scale) : nan
  }
}

/** What is other than `set` makes it is a Float64Array: its loops read one type of array alone, others take several times as long. */
function widen(from: Narrow, form: Form, hasNaN: boolean, into: Numbers): void {
  into.set(from)
  if (!(into instanceof Float64Array)) return
  if (hasNaN) replace(into, largest(form), Number.NaN)
  if (form.scale !== 1) divide(into, form.scale)
}

function replace(values: Float64Array, old: number, value: number): void {
  for (let index = 0; index < values.length; index++) if (values[index] === old) values[index] = value
}

function divide(values: Float64Array, divisor: number): void {
  for (let index = 0; index < values.length; index++) values[index]! /= divisor
}
