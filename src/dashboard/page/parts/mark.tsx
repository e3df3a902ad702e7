/** The sign of the program. */

export const Mark = () => (
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
    <rect width="32" height="32" rx="9" />
    <path d="M8 22V11l8 7 8-7v11" />
  </svg>
)
