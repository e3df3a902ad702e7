/**
 * What ranking knows of the languages that questions are asked in: the words that every text has, and those by which a question asks for a summary, speaks of the asking itself, or
 * names a date. What is remembered is not looked through for them: that would take longer than to index it.
 * All but `common` are patterns, separated by spaces. None is a common word of another language here: they are looked for in all at once.
 */

export interface Language {
  name: string
  /** words in every text, so that they say nothing; where none are spaces between them the longer before what they begin with */
  common: string
  summary: string
  /** beside that, what is about the asking, as in "what kind of" or "in the order we discussed them" */
  asking: string
  /** twelve, the forms of one separated by strokes */
  months: string
}

/** Written with spaces between words. The first is the default. */
export const SPACED: readonly Language[] = [
  {
    name: "English",
    common: `a about above after again against all also am an and any are aren as at be because been before being below between both but by can
      cannot could couldn d did didn do does doesn doing don down during each ever few for from further had hadn has hasn have haven having he her here hers
      herself him himself his how i if in into is isn it its itself just ll m many me might more most much must my myself no nor not now of off on once one
      only or other our ours ourselves out over own re s same shall she should shouldn so some such t than that the their theirs them themselves then there these
      they this those through to too under until up upon us ve very was wasn we were weren what when where which while who whom whose why will with won would
      wouldn yet you your yours yourself yourselves`,
    summary: "summar(?:y|ies|i[sz]e\\p{L}*) recap\\p{L}* overviews?",
    asking: `kinds? types? sorts? different various aspects? items? list order across throughout according conversations?
      (?:say|said|tell|told|talk|mention|discuss|describe)(?:s|d|ed|ing)?`,
    months: "January February March April May June July August September October November December",
  },
  {
    name: "German",
    common: `aber als am an auch auf aus bei bin bis bist da damit dann das dass dein deine dem den denn der des dich die dir doch du durch ein eine einem einen
      einer eines er es euch für gibt hab habe haben hast hat hatte hatten ich ihm ihn ihr ihre im in ist ja kann kein keine man mein meine meinem meinen meiner mich
      mir mit nach nicht noch nur ob oder schon sein seine sich sie sind so über um und uns unser unsere unter vom von vor war waren warum was weil welche welchem
      welchen welcher welches wem wen wenn wer werden wie wieder wir wird wo wurde wurden zu zum zur`,
    summary: "zusammenfass\\p{L}* fass\\p{L}*\\s.*\\bzusammen überblick",
    asking: `arten? sorten? verschiedene\\p{L}* liste reihenfolge gespräche?n? (?:ge)?sag(?:e|st|t|en|te|ten) gesprochen besprochen erwähnt\\p{L}*
      erzählt\\p{L}* diskutiert\\p{L}* beschrieben`,
    months: "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
  },
  {
    name: "French",
    common: `a ai ait as au aux avec avait avez avions avons c ce ces cet cette comme d dans de des du elle elles en est et eu fait il ils j je l la le les leur
      leurs lui m ma mais me mes moi mon n ne nos notre nous on ont ou où par pas pour pourquoi qu quand que quel quelle quelles quels qui quoi s sa sans se ses si
      son sont sur t ta te tes toi ton tu un une vos votre vous y`,
    summary: "résum\\p{L}* synthèse récapitul\\p{L}*",
    asking: `types? sortes? différente?s? liste ordre conversations? (?:dit|dite?s?) parlé mentionné\\p{L}* discuté\\p{L}* décrit\\p{L}*
      évoqué\\p{L}* raconté\\p{L}*`,
    months: "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
  },
  {
    name: "Spanish",
    common: `a al algo como con cuál cuáles cuando cuándo de del dónde donde e el él ella ellas ellos en era es esa ese eso esta está estaba este esto fue ha había
      habíamos han has hay he hemos la las le les lo los me mi mis muy no nos nosotros o para pero por porque qué que quién quien se ser si sí sin sobre son su sus
      te tengo ti tiene tu tú tus un una unas uno unos y ya yo`,
    summary: "resum(?:en|ir|as|a|id[ao]s?) resúm\\p{L}* síntesis",
    asking: `tipos? clases? diferentes? distint[ao]s? lista orden conversaci(?:ón|ones) dij(?:e|o|iste|imos|eron) dicho hablado hablamos mencion\\p{L}*
      comentad\\p{L}* discuti\\p{L}* descri\\p{L}*`,
    months: "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
  },
  {
    name: "Portuguese",
    common: `a ao aos as até com como da das de dela dele do dos e é ela elas ele eles em era essa esse esta está este eu foi foram há isso isto já lhe mais mas me
      meu meus minha minhas muito na não nas nem no nos nós nossa nosso num numa o onde os ou para pela pelo por porque qual quais quando que quê quem se sem ser
      seu sua são só sobre tem temos tenho tinha tu um uma você vocês`,
    summary: "resum(?:o|os|ir|a|id[ao]s?) síntese",
    asking: `tipos? espécies? diferentes? lista ordem conversas? diss(?:e|emos|eram|este) dito fal(?:ei|ou|amos|ado) mencion\\p{L}* discuti\\p{L}*
      descrev\\p{L}*`,
    months: "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
  },
  {
    name: "Italian",
    common: `a abbiamo ad ai al alla alle anche avevo c che chi ci come con cosa cui da dal dalla degli dei del della delle di do dove e è ed era essere fa fu gli ha
      hai hanno ho i il in io l la le lei li lo loro lui ma me mi mia mie miei mio ne nei nel nella noi non nostra nostro o per perché più qual quale quali quando quello
      questa questo se sei si sia sono sta su sua sue sui sul sulla suo te ti tra tu tua tuo un una uno vi voi`,
    summary: "riassu\\p{L}* riepilog\\p{L}* sintesi",
    asking: `tip[oi] gener[ei] divers[aeio] lista elenco ordine conversazion[ei] detto parlato menzionat\\p{L}* discusso descritt\\p{L}* raccontat\\p{L}*`,
    months: "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
  },
  {
    name: "Russian",
    common: `а без бы был была были было в вам вас вы где да для до его ее если есть еще же за и из или им их к как какая какие какой какую ко когда кто ли меня мне
      мной мои мой мою моя мы на нам нас наш не него нее нет ни но о об он она они от по под после почему при про с со свой себя так такой там тебе тебя то тобой
      тоже только ты у уже что чтобы чем это этой этом этот эту я`,
    summary: "резюм\\p{L}* кратко обзор подытож\\p{L}* итог\\p{L}*",
    asking: `вид\\p{L}{0,2} тип\\p{L}{0,2} разны[ехм] спис\\p{L}* порядке? разговор\\p{L}* сказал\\p{L}* говорил\\p{L}* рассказ\\p{L}* упомин\\p{L}* упомян\\p{L}*
      обсужд\\p{L}* обсуди\\p{L}* описа\\p{L}*`,
    months: `январь/января/январе февраль/февраля/феврале март/марта/марте апрель/апреля/апреле май/мая/мае июнь/июня/июне июль/июля/июле август/августа/августе
      сентябрь/сентября/сентябре октябрь/октября/октябре ноябрь/ноября/ноябре декабрь/декабря/декабре`,
  },
]

/** Written without. Their dates are digits, which are seen as they are. */
export const UNSPACED: readonly Omit<Language, "months">[] = [
  {
    name: "Chinese",
    common: `为什么 什么时候 什么 时候 我们的 你们的 他们的 我们 你们 他们 这个 那个 这些 那些 哪个 哪些 哪里 哪儿 怎么样 怎么 怎样 是否 没有 可以 一个 我的 你的 他的 她的
      是不是 不是 已经 因为 所以 但是 关于 吗 呢`,
    summary: "总结 概括 概述 摘要 归纳",
    asking: "说过 提到 提过 讨论 谈到 聊过 告诉 种类 类型 顺序 列表 对话",
  },
  {
    name: "Japanese",
    common: `ですか ましたか ました でした ますか です ます している していた いつ どこ だれ なに 何 誰 どの この その あの こと から まで より について 私の 私は`,
    summary: "まとめ 要約 概要 総括",
    asking: "言った 言いました 話した 話しました 述べ 言及 議論 種類 順番 一覧 会話",
  },
]

/** All that is no letter, digit or stroke is between words. */
export const [BEGIN, END] = ["(?<![\\p{L}\\p{N}_])", "(?![\\p{L}\\p{N}_])"]

export const alternatives = (lists: readonly string[]) => lists.flatMap((list) => list.trim().split(/\s+/)).join("|")

/** By month from January, its names in all languages. */
export const MONTHS: readonly string[] = Array.from({ length: 12 }, (_, at) =>
  SPACED.map(({ months }) => months.trim().split(/\s+/)[at]!.replaceAll("/", " ")).join(" "),
)

/** The common words of languages without spaces. */
export const COMMON_UNSPACED = new RegExp(alternatives(UNSPACED.map(({ common }) => common)), "gu")

/** Any of them, in all languages. */
export function patternOf(...fields: ("summary" | "asking")[]): RegExp {
  const listed = (languages: readonly Omit<Language, "months">[]) =>
    alternatives(languages.flatMap((one) => fields.map((field) => one[field])))
  return new RegExp(`${BEGIN}(?:${listed(SPACED)})${END}|${listed(UNSPACED)}`, "giu")
}
