/**
 * What cannot be told from its ground on the page that is open: contrast by WCAG 2.2, computed in the browser from the colours that it draws with.
 * https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio · text 1.4.3, controls and graphics 1.4.11
 */
import type { Page } from "playwright-core"

/** One line a pair: `3.91 < 4.5 rgb(…) on rgb(…): "text"`. Disabled controls are exempt (1.4.3). */
export const lowContrast = (page: Page): Promise<string[]> => page.evaluate(measure)

/** Runs in the page, so that everything it needs is inside. */
function measure(): string[] {
  type Colour = [red: number, green: number, blue: number, alpha: number]
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!
  const known = new Map<string, Colour>()
  function read(css: string): Colour {
    if (!known.has(css)) {
      canvas.clearRect(0, 0, 1, 1)
      canvas.fillStyle = css
      canvas.fillRect(0, 0, 1, 1)
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data
      known.set(css, [red!, green!, blue!, alpha! / 255])
    }
    return known.get(css)!
  }
  const over = (top: Colour, below: Colour, opacity: number): Colour => {
    const alpha = top[3] * opacity
    const mix = (channel: 0 | 1 | 2) => top[channel] * alpha + below[channel] * (1 - alpha)
    return [mix(0), mix(1), mix(2), 1]
  }
  const linear = (value: number) =>
    value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4
  const luminance = ([red, green, blue]: Colour) =>
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
  const ratio = (a: Colour, b: Colour) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x)
    return (light! + 0.05) / (dark! + 0.05)
  }
  const chain = (element: Element): Element[] =>
    element.parentElement ? [...chain(element.parentElement), element] : [element]
  const ground = (element: Element): Colour =>
    chain(element).reduce<Colour>(
      (below, one) => over(read(getComputedStyle(one).backgroundColor), below, 1),
      [255, 255, 255, 1],
    )
  const opacity = (element: Element) =>
    chain(element).reduce((all, one) => all * Number(getComputedStyle(one).opacity), 1)

  const found = new Set<string>()
  function compare(css: string, element: Element, on: Colour, least: number, what: string): void {
    const drawn = over(read(css), on, opacity(element))
    const measured = ratio(drawn, on)
    const name = (colour: Colour) => `rgb(${colour.slice(0, 3).map(Math.round).join(" ")})`
    if (measured < least)
      found.add(`${measured.toFixed(2)} < ${least} ${name(drawn)} on ${name(on)}: ${what.trim().slice(0, 40)}`)
  }
  const isDrawn = (element: Element) =>
    element.checkVisibility({ visibilityProperty: true }) && !element.closest(".unseen, :disabled")
  const least = ({ fontSize, fontWeight }: CSSStyleDeclaration) => {
    const size = parseFloat(fontSize)
    return size >= 24 || (size >= 18.66 && Number(fontWeight) >= 700) ? 3 : 4.5
  }

  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement!
    const text = texts.currentNode.textContent ?? ""
    if (text.trim() === "" || element.closest("svg, script") || !isDrawn(element)) continue
    const style = getComputedStyle(element)
    compare(style.color, element, ground(element), least(style), text)
  }
  for (const field of document.querySelectorAll("input, textarea, select")) {
    if (!isDrawn(field)) continue
    const style = getComputedStyle(field)
    const name = field.getAttribute("name") ?? field.id
    compare(style.color, field, ground(field), 4.5, `text of ${name}`)
    compare(getComputedStyle(field, "::placeholder").color, field, ground(field), 4.5, `placeholder of ${name}`)
    compare(style.borderTopColor, field, ground(field.parentElement!), 3, `border of ${name}`)
  }
  for (const shape of document.querySelectorAll("svg :is(rect, path, circle, line)")) {
    if (!isDrawn(shape) || shape.matches(".track")) continue
    const { fill, stroke } = getComputedStyle(shape)
    const on = shape.closest(".mark") ? null : ground(shape.closest("svg")!)
    const colour = fill === "none" ? stroke : fill
    if (on && colour !== "none")
      compare(
        colour,
        shape,
        on,
        3,
        `${shape.closest("svg")!.getAttribute("class")} ${shape.getAttribute("class") ?? ""}`,
      )
  }
  return [...found].sort()
}
