/** Line icons, 20 by 20. Decoration: what they mean stands beside them in words. */

const PATHS = {
  overview: "M3 12.5 7 8l3 3 7-7.5M3 17h14",
  requests: "M3 5h14M3 10h14M3 15h9",
  sessions: "M4 4h12v9H9l-3.5 3.2V13H4z",
  clients: "M3 4h14v9H3zM7 17h6M10 13v4",
  memory:
    "M10 3.5c-3.5 0-6 1.2-6 2.8v7.4c0 1.6 2.5 2.8 6 2.8s6-1.2 6-2.8V6.3c0-1.6-2.5-2.8-6-2.8zM4 6.5c0 1.6 2.5 2.8 6 2.8s6-1.2 6-2.8M4 10c0 1.6 2.5 2.8 6 2.8s6-1.2 6-2.8",
  quality: "M10 3l2.1 4.6 5 .6-3.7 3.4 1 4.9L10 14l-4.4 2.5 1-4.9L2.9 8.2l5-.6z",
  keys: "M12.5 3.5a4 4 0 1 1-3.4 6.1L3.5 15.2V17H6v-2h2v-2h1.6",
  settings: "M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4",
  light:
    "M10 6.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6 16 16M16 4l-1.4 1.4M5.4 14.6 4 16",
  dark: "M16.5 12A7 7 0 0 1 8 3.5a7 7 0 1 0 8.5 8.5z",
  system: "M3 4h14v9H3zM7 16.5h6",
  close: "M5 5l10 10M15 5 5 15",
  copy: "M7 7V3.5h9.5V13H13M3.5 7H13v9.5H3.5z",
  up: "M7 9v7.5H3.5V9zM7 9l3-6c1.5 0 2 1 2 2v3h4.2l-1.2 8.5H7",
  down: "M7 11V3.5H3.5V11zM7 11l3 6c1.5 0 2-1 2-2v-3h4.2L15 3.5H7",
  leave: "M8 3.5H4v13h4M8 10h9M13.5 6.5 17 10l-3.5 3.5",
  previous: "M12.5 4 6.5 10l6 6",
  next: "M7.5 4l6 6-6 6",
} as const
export type IconName = keyof typeof PATHS

export const Icon = ({ name }: { name: IconName }) => (
  <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
    <path d={PATHS[name]} />
  </svg>
)
