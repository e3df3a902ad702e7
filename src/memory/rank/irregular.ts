/** English forms that no stemmer takes back to their word: common verbs and plurals, the base form first. A table, not a dictionary. */
const FORMS = `
  go went gone goes going, buy bought, see saw seen, eat ate eaten, make made, take took taken, get got gotten, give gave given, find found, think thought,
  meet met, tell told, say said, leave left, feel felt, begin began begun, write wrote written, read, run ran, win won, lose lost, teach taught,
  catch caught, bring brought, fly flew flown, drive drove driven, ride rode ridden, grow grew grown, know knew known, speak spoke spoken, wear wore worn,
  swim swam swum, sing sang sung, sell sold, send sent, spend spent, build built, break broke broken, choose chose chosen, draw drew drawn,
  drink drank drunk, fall fell fallen, forget forgot forgotten, hear heard, hold held, keep kept, lead led, mean meant, pay paid, sit sat, sleep slept,
  stand stood, steal stole stolen, throw threw thrown, understand understood, wake woke woken, fight fought, hide hid hidden, shoot shot, become became,
  come came, child children, person people, man men, woman women, wife wives, life lives, tooth teeth, foot feet, mouse mice`

export const IRREGULAR: ReadonlyMap<string, string> = new Map(
  FORMS.split(",").flatMap((forms) => {
    const [base, ...others] = forms.trim().split(/\s+/)
    return others.map((form): [string, string] => [form, base!])
  }),
)
