/** Adds a JUnit report and the steps of `.ci/run` up to one closing line: `bun .ci/count.ts REPORT TEST_EXIT PASSED FAILED`. */
const [report = "", testExit, stepsPassed, stepsFailed] = process.argv.slice(2)

const file = Bun.file(report)
const head = (await file.exists()) ? (/<testsuites [^>]*>/.exec(await file.text())?.[0] ?? "") : ""
const attribute = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(head)?.[1] ?? 0)

const skipped = attribute("skipped")
const testsFailed = attribute("failures")
const passed = attribute("tests") - testsFailed - skipped + Number(stepsPassed)
// a file that does not load, or a run that ends early, is in the exit code but not in the report
const unreported = (Number(testExit) !== 0 && testsFailed === 0) || attribute("tests") === 0 ? 1 : 0
const failed = testsFailed + unreported + Number(stepsFailed)

if (unreported) console.log(`bun test exited with ${testExit} and ${attribute("tests")} tests in its report`)
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed ? 1 : 0)
