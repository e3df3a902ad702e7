/** Routes of LiteLLM's and the providers' that are not here, and what to do instead. A table of words: nothing here answers, and what is here needs no row. */

const KEYS =
  "There are no virtual keys: clients use general_settings.master_key, and say whose they are with the header x-memory-user-id or /u/USER in the URL."
const PEOPLE =
  "Nobody is created: a user is whoever a request names. /spend/users lists them, /api/usage?group_by=user,model says what they used."
const REPORTS =
  "/api/usage groups by model, client, user, project, session, key, provider, day and hour; /swagger lists the routes."
const FILE =
  "Models and settings are in the config file: an edit is live within a second, and GET /api/config shows what is in force."
const PROVIDER =
  "A provider's own API is reached through /openai/…, /anthropic/… and /gemini/…, with its key from the config."

const BASE_URL =
  "Clients put a route behind their base URL: give them http://HOST:PORT/v1 (OpenAI style) or http://HOST:PORT (Anthropic, Gemini) alone."
const OLLAMA = "Ollama's API is not spoken here, but OpenAI's is: POST /v1/chat/completions, GET /v1/models."

const ROWS: readonly (readonly [RegExp, string])[] = [
  [/^\/v1(beta)?\/?$/, BASE_URL],
  [/^\/v1\/v1\//, BASE_URL],
  [
    /\/(chat\/completions|messages|responses)\/(v1\/)?(chat\/completions|messages|responses|embeddings|models)$/,
    BASE_URL,
  ],
  [/^\/(v2\/)?key\//, KEYS],
  [/^\/(user|internal_user|team|organization|project|customer|end_user|invitation|sso|tag|budget)\//, PEOPLE],
  [/^\/(spend|global|provider|cost)\//, REPORTS],
  [/^\/(model|config|credentials|callbacks?|router|reload|add|update|get|settings|fallback)(\/|$)/, FILE],
  [
    /^\/(v1\/)?(audio|images|moderations|rerank|files|batches|fine_tuning|assistants|threads|vector_stores|realtime|videos|containers|ocr)(\/|$)/,
    PROVIDER,
  ],
  [/^\/(v1\/)?(responses|chat\/completions|messages\/batches|conversations|skills)(\/|$)/, PROVIDER],
  [/^\/((upload\/)?v1beta\/(cachedContents|files|batches|operations)|v2\/rerank)(\/|$)/, PROVIDER],
  [/^\/api\/(tags|chat|generate|show|version|embed|embeddings|ps)$/, OLLAMA],
]

/** A sentence for people who followed another's documentation; null where nobody has such a path. */
export const hintFor = (path: string): string | null => ROWS.find(([pattern]) => pattern.test(path))?.[1] ?? null
