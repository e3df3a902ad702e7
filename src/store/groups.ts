/** What usage can be grouped by: a column each, or a piece of the calendar. */
export const GROUPS = {
  model: "model",
  client: "client",
  user: "user_id",
  project: "project",
  session: "session_id",
  key: "key_alias",
  provider: "provider",
  day: null,
  hour: null,
} as const

export type Group = keyof typeof GROUPS

export const GROUP_NAMES = Object.keys(GROUPS) as Group[]

export const isCalendar = (group: Group): group is "day" | "hour" => GROUPS[group] === null
