/** A finding as a line that editors and people can jump to. */
import type { Finding } from "../settings.ts"

export function formatFinding(finding: Finding): string {
  const { file, line, col, path, severity, message } = finding
  return `${file}:${line}:${col}: ${path || "."}: ${severity}: ${message}`
}
