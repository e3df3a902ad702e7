/** How people say that an answer was wrong, or right: words a user turn begins with, in the languages of most traffic. A table, and one reader of it. Heuristic. */

export type Verdict = "corrected" | "thanked" | null

/**
 * Each is matched at the beginning of the turn, as whole words, case and accents as written. Phrases that also begin a new wish ("no problem", "not
 * now", "nope, all good") are listed as exceptions of their group.
 */
const CORRECTIONS = words(`
  no, | no. | no! | nope | no that | no this | no it | no you | no i | no not | wrong | that's wrong | thats wrong | that is wrong | this is wrong |
  incorrect | that's incorrect | that's not | thats not | that is not | this is not what | not what i | not right | not correct | still broken |
  still not working | still doesn't | still does not | still fails | still failing | still wrong | still the same | still getting | still see |
  it's still | it still | that's still | that still | this is still | this still | that isn't | this isn't | it isn't |
  doesn't work | does not work | didn't work | did not work | it doesn't work | it does not work | it didn't work | that doesn't | that didn't | this doesn't work |
  not working | it's not working | undo | revert | roll back | rollback | you broke | you forgot | you missed | you misunderstood | you didn't | you did not |
  i said | i asked | i meant | i told you | i didn't ask | i did not ask | why did you | stop. | stop, | stop! | stop doing | stop changing | try again | again, wrong | actually no |
  nein | falsch | das ist falsch | das stimmt nicht | stimmt nicht | nicht richtig | das war nicht | nicht was ich | immer noch | geht nicht | funktioniert nicht |
  das funktioniert nicht | das geht nicht | rückgängig | mach das rückgängig | du hast vergessen | ich meinte | ich habe gesagt | noch einmal, falsch |
  non | non, | faux | c'est faux | ce n'est pas | pas ce que | toujours pas | ça ne marche pas | ca ne marche pas | ne fonctionne pas | annule | tu as oublié | incorrecte |
  no es | eso no | está mal | esta mal | incorrecto | no funciona | sigue sin | todavía no | deshaz | no era | me refería | equivocado |
  não | nao | está errado | errado | isso não | não funciona | ainda não | desfaz | desfaça |
  no, non | sbagliato | non è | non funziona | ancora non | annulla |
  nee | fout | dat is fout | dat klopt niet | werkt niet | nog steeds niet | maak ongedaan |
  nie | źle | to nie | nie działa | nadal nie | cofnij |
  нет | неправильно | неверно | это не | не то | не работает | всё ещё не | все еще не | отмени | верни |
  ні | неправильно | не працює |
  hayır | yanlış | çalışmıyor | hala | geri al |
  不对 | 不是 | 错了 | 錯了 | 还是不行 | 還是不行 | 不行 | 不正确 | 撤销 | 撤回 | 你忘了 | 没有用 | 不要这样 |
  違う | 違います | 間違 | ちがう | そうじゃない | まだ動かない | 動きません | 元に戻して | 直ってない |
  아니 | 아니요 | 틀렸 | 잘못 | 여전히 | 안 돼 | 안돼 | 되돌려 |
  لا | خطأ | غلط | नहीं | गलत
`)

const THANKS = words(`
  thanks | thank you | thx | ty | perfect | great | awesome | excellent | amazing | nice | lovely | brilliant | that works | that worked | it works | works now | works! |
  works great | works perfectly | looks good | lgtm | well done | good job | exactly | yes, that | yes that | yep, that | cool | good, now | good. now | all good | sounds good |
  danke | vielen dank | perfekt | super | klasse | toll | prima | sehr gut | passt | funktioniert jetzt | jetzt geht | genau |
  merci | parfait | génial | genial | super | très bien | ça marche | ca marche | gracias | perfecto | genial | excelente | muy bien | funciona | obrigado | obrigada | perfeito | ótimo |
  grazie | perfetto | ottimo | bene | bedankt | dank je | perfect | prima | dzięki | dziękuję | świetnie | спасибо | отлично | супер | идеально | работает | дякую | чудово |
  teşekkür | harika | mükemmel | 谢谢 | 謝謝 | 太好了 | 很好 | 完美 | 不错 | 可以了 | ありがとう | 完璧 | いいね | 助かり | 감사 | 고마워 | 완벽 | 좋아 | شكرا | धन्यवाद
`)

/** Beginnings that look like one of the above and are not. */
const NEITHER = words(`
  no problem | no worries | no need | no rush | no thanks | no, thanks | no thank you | no, all good | no more | non mais | not now | nee hoor | nein danke | nein, danke | no idea | 不是问题 |
  great, but | nice, but | thanks, but | thanks but | thank you, but | danke, aber | danke aber | merci mais | merci, mais | gracias, pero | perfect, but | looks good, but | looks good but | cool, but |
  nice to | great question | cool down | super wäre | still getting started | it still works | nie mehr | nie wieder | exactly why | exactly how | exactly what
`)

/** A turn as long is a new task, whatever its first word. */
const MOST_CHARS = 1_000

/** What a person's next turn says of the answer before it. "Thanks, but …" says neither; `/undo` and `/rewind` of some agents are corrections. */
export function verdictOf(turn: string): Verdict {
  const text = turn
    .slice(0, MOST_CHARS + 1)
    .trimStart()
    .replace(/^[\s"'“”‘’«»([*_-]+/, "")
    .replaceAll("’", "'")
    .toLowerCase()
  if (text.length > MOST_CHARS) return null
  if (/^(\/(undo|rewind|revert)\b|no[\s.!?]*$)/.test(text)) return "corrected"
  if (beginsWith(text, NEITHER)) return null
  if (beginsWith(text, CORRECTIONS)) return "corrected"
  return beginsWith(text, THANKS) ? "thanked" : null
}

function words(table: string): readonly string[] {
  return [...new Set(table.split("|").map((entry) => entry.trim().replace(/\s+/g, " ")))].filter(
    (entry) => entry !== "",
  )
}

/** Whole words: what follows is no letter. Scripts without spaces between words have no such end. */
function beginsWith(text: string, entries: readonly string[]): boolean {
  return entries.some((entry) => {
    if (!text.startsWith(entry)) return false
    const next = text.codePointAt(entry.length)
    if (next === undefined || /[^\p{L}\p{N}_]$/u.test(entry) || /[\u2e80-\ud7af]/.test(entry)) return true
    return !/[\p{L}\p{N}_'-]/u.test(String.fromCodePoint(next))
  })
}
