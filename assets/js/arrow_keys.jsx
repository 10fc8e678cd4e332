import { createElement } from "react";

/** Up and down walk from the field through the links; Enter in the field follows the first one. */
export function ArrowKeys({ children }) {
  const onKeyDown = (event) => {
    const stops = [...event.currentTarget.querySelectorAll("input, a")];
    const at = stops.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      stops[(at + step + stops.length) % stops.length]?.focus();
    } else if (event.key === "Enter" && stops[at]?.tagName === "INPUT") {
      event.preventDefault();
      stops.find((stop) => stop.tagName === "A")?.click();
    }
  };
  return createElement("div", { onKeyDown, className: "palette-body" }, children);
}
