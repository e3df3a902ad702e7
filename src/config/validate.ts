/** A tree against a schema: what is right comes out as plain values, what is wrong as findings. Nothing here knows a setting by name. */

import type { Static, TSchema } from "typebox"
import type { Json } from "../exchange.ts"
import { didYouMean, nearest } from "./did-you-mean.ts"
import { looksSecret, type Report, type ScalarTree, type Tree } from "./tree.ts"

/** What a schema may say beside JSON Schema. */
export interface Hints {
  /** what `yes`, `no`, `on`, `off`, `true`, `false` stand for where another type is meant */
  booleans?: { true: Json; false: Json }
  /** numbers are as good as text: no warning */
  loose?: boolean
  /** other keys are kept, typed by `additionalProperties` or free */
  open?: boolean
  /** keys we know and do not act on: what is said about them */
  told?: Readonly<Record<string, Told>>
  /** what a pattern wants, in words */
  wants?: string
}

export interface Told {
  severity: "note" | "warning" | "error"
  message: string
}

type Shape = TSchema &
  Hints & {
    type?: string
    properties?: Record<string, Shape>
    required?: readonly string[]
    additionalProperties?: Shape
    items?: Shape
    minLength?: number
    pattern?: string
    minimum?: number
    maximum?: number
    anyOf?: Shape[]
    enum?: Json[]
  }

/**
 * The part of `tree` that fits `schema`: wrong values, and objects that lack a required key, are left out, each with an error
 * finding; unknown keys with a warning. Unset variables count as absent.
 */
export function validate<S extends TSchema>(schema: S, tree: Tree | undefined, report: Report): Static<S> | undefined {
  return tree && (readShape(schema as Shape, tree, report) as Static<S> | undefined)
}

function readShape(shape: Shape, tree: Tree, report: Report): Json | undefined {
  if (tree.kind === "scalar" && tree.broken) return undefined
  if (tree.kind === "scalar" && tree.unset) {
    report("warning", tree, `the environment variable ${tree.variable} is not set`)
    return undefined
  }
  const flag = tree.kind === "scalar" ? asBoolean(tree) : undefined
  if (shape.booleans && flag !== undefined) return shape.booleans[flag ? "true" : "false"]
  if (shape.anyOf) return readShape(branch(shape.anyOf, tree), tree, report)
  if (shape.type === "object") return readObject(shape, tree, report)
  if (shape.type === "array") return readList(shape, tree, report)
  if (shape.type === undefined && !shape.enum) return toJson(tree, report)
  return readLeaf(shape, tree, flag, report)
}

/** Of several types, the one written as this node is. */
function branch(shapes: Shape[], tree: Tree): Shape {
  const type = { scalar: undefined, map: "object", list: "array" }[tree.kind]
  const fits = shapes.find((s) => (type ? s.type === type : s.type !== "object" && s.type !== "array"))
  return fits ?? shapes[0]!
}

function readObject(shape: Shape, tree: Tree, report: Report): Json | undefined {
  if (isBlank(tree)) return undefined
  if (tree.kind !== "map") return refuse(tree, "must be a map of settings", report)
  const properties = shape.properties ?? {}
  const result: Record<string, Json> = {}
  for (const [name, child] of tree.entries) {
    const told = shape.told && Object.hasOwn(shape.told, name) ? shape.told[name] : undefined
    if (told) {
      report(told.severity, child.key ?? child, told.message)
      continue
    }
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (!known && !shape.open) {
      report("warning", child.key ?? child, `unknown key, ignored${unknownHint(name, knownKeys(shape))}`)
      continue
    }
    const value = known ? readShape(known, child, report) : readOther(shape, child, report)
    if (value !== undefined)
      Object.defineProperty(result, name, { value, enumerable: true, writable: true, configurable: true })
  }
  const lacking = (shape.required ?? []).filter((name) => !Object.hasOwn(result, name))
  for (const name of lacking) {
    const written = tree.entries.get(name)
    if (written && !isBlank(written)) continue
    const unknown = [...tree.entries.keys()].filter((key) => !Object.hasOwn(properties, key))
    const misspelt = written ? undefined : nearest(name, unknown)
    const at = written ?? (misspelt === undefined ? undefined : tree.entries.get(misspelt))
    const hint = misspelt === undefined ? "" : `; is \`${misspelt}\` meant to be it?`
    report("error", at?.key ?? tree, `\`${name}\` is required${hint}`)
  }
  return lacking.length > 0 ? undefined : result
}

const readOther = (shape: Shape, child: Tree, report: Report): Json | undefined =>
  typeof shape.additionalProperties === "object"
    ? readShape(shape.additionalProperties, child, report)
    : toJson(child, report)

/** What was perhaps meant. */
export const unknownHint = (name: string, known: string[]): string =>
  name.includes(":") ? "; is a space missing after its `:`?" : didYouMean(name, known)

/** Every key a map may have, those we only talk about included. */
export const knownKeys = (shape: TSchema & Hints & { properties?: object }): string[] => [
  ...Object.keys(shape.properties ?? {}),
  ...Object.keys(shape.told ?? {}),
]

function readList(shape: Shape, tree: Tree, report: Report): Json | undefined {
  if (isBlank(tree)) return undefined
  if (tree.kind !== "list") return refuse(tree, "must be a list", report)
  const items = tree.items.map((item) => readShape(shape.items!, item, report))
  return items.filter((item) => item !== undefined)
}

function readLeaf(shape: Shape, tree: Tree, flag: boolean | undefined, report: Report): Json | undefined {
  if (tree.kind !== "scalar") return refuse(tree, wanted(shape), report)
  if (isBlank(tree)) return undefined
  const value = coerce(shape, tree, flag, report)
  const broken = brokenRule(shape, value)
  if (broken === null) return value
  if (shape.enum && typeof value === "string" && tree.variable === null && !looksSecret(tree.path))
    return refuse(
      tree,
      wanted(shape) +
        didYouMean(
          value,
          shape.enum.filter((e) => typeof e === "string"),
        ),
      report,
      false,
    )
  return refuse(tree, broken === "empty" && !shape.wants ? "must not be empty" : wanted(shape), report)
}

/** What a leaf's value breaks of the keywords that schema.ts uses. (A validator for all of JSON Schema would cost every start 2 ms.) */
function brokenRule(shape: Shape, value: Json): "empty" | "wrong" | null {
  if (shape.enum) return shape.enum.includes(value) ? null : "wrong"
  if (typeof value !== (shape.type === "integer" ? "number" : shape.type)) return "wrong"
  if (typeof value === "string") {
    if (value.length < (shape.minLength ?? 0)) return "empty"
    return shape.pattern === undefined || new RegExp(shape.pattern, "u").test(value) ? null : "wrong"
  }
  if (typeof value !== "number") return null
  if (!Number.isFinite(value) || (shape.type === "integer" && !Number.isInteger(value))) return "wrong"
  return value < (shape.minimum ?? -Infinity) || value > (shape.maximum ?? Infinity) ? "wrong" : null
}

/** YAML 1.1's readings, where the schema wants them: `yes` as true, `"3e-7"` as a number, `2024` as text. */
function coerce(shape: Shape, tree: ScalarTree, flag: boolean | undefined, report: Report): Json {
  if (shape.type === "boolean" && flag !== undefined) return flag
  if ((shape.type === "number" || shape.type === "integer") && typeof tree.value === "string") {
    const text = tree.value.trim().replaceAll("_", "")
    return text !== "" && Number.isFinite(Number(text)) ? Number(text) : tree.value
  }
  if (shape.type === "string" && typeof tree.value === "number") {
    if (!shape.loose) report("warning", tree, "a number is read as text here: quote it")
    return tree.source
  }
  return tree.value
}

const BOOLEANS = new Map([
  ["yes", true],
  ["on", true],
  ["true", true],
  ["no", false],
  ["off", false],
  ["false", false],
])

/** True or false as YAML 1.1 reads it, quoted or not: where a boolean is meant, `"true"` is one too. */
function asBoolean(tree: ScalarTree): boolean | undefined {
  if (typeof tree.value === "boolean") return tree.value
  return typeof tree.value === "string" ? BOOLEANS.get(tree.value.toLowerCase()) : undefined
}

/** A node as it stands, `yes` and `off` without quotes being booleans, unset variables absent. */
function toJson(tree: Tree, report: Report): Json | undefined {
  if (tree.kind === "scalar") {
    if (tree.unset) report("warning", tree, `the environment variable ${tree.variable} is not set`)
    if (tree.unset) return undefined
    return (tree.plain && tree.variable === null ? asBoolean(tree) : undefined) ?? tree.value
  }
  if (tree.kind === "list") return tree.items.map((item) => toJson(item, report)).filter((item) => item !== undefined)
  const entries = [...tree.entries].map(([name, child]) => [name, toJson(child, report)] as const)
  return Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== undefined))
}

const isBlank = (tree: Tree): boolean => tree.kind === "scalar" && tree.value === null && !tree.unset && !tree.broken

/** Strings are not repeated: the place says where they are, and a key may stand in the wrong one. */
function refuse(tree: Tree, message: string, report: Report, got = true): undefined {
  const value = tree.kind === "scalar" ? tree.value : tree.kind
  const shown = typeof value !== "string" && (!looksSecret(tree.path) || tree.path.endsWith("_tokens"))
  const what = shown ? String(value) : `a ${tree.kind === "scalar" ? typeof value : tree.kind}`
  const whence = tree.kind === "scalar" && tree.variable ? ` from the variable ${tree.variable}` : ""
  report("error", tree, got ? `${message}, got ${what}${whence}` : message)
}

function wanted(shape: Shape): string {
  if (shape.wants) return `must be ${shape.wants}`
  if (shape.enum) return `must be one of ${shape.enum.join(", ")}`
  const types: Record<string, string> = {
    string: "text",
    boolean: "true or false",
    number: "a number",
    integer: "a whole number",
  }
  return `must be ${types[shape.type ?? ""] ?? shape.type}`
}
