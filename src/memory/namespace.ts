/** Whose memories, and of which project: the one function that decides it. Nothing reaches a store without a `Namespace`. */
import type { Project } from "../exchange.ts"
import { withoutKey } from "./redact.ts"

/** Made by `namespaceOf` alone: no text can stand for one. */
export class Namespace {
  readonly userId: string
  /** null: memories of no project, which are a namespace of their own */
  readonly projectKey: string | null
  /** for people */
  readonly project: string | null
  private constructor(userId: string, project: Project | null) {
    this.userId = withoutKey(userId)
    this.projectKey = project && withoutKey(project.key)
    this.project = project && withoutKey(project.name)
  }
  static of(scope: "user" | "project", userId: string, project: Project | null): Namespace {
    return new Namespace(userId, scope === "project" ? project : null)
  }
}

export const namespaceOf = Namespace.of

/** The key of memories that are seen in all of a user's projects: kept on purpose only. */
export const EVERYWHERE = "*"
